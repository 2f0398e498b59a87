package pgtls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// minRSABits is the minimum length of RSA keys at OpenSSL's security level 2. That is the default
// of Debian, and of OpenSSL itself since 3.2. (OpenSSL rounds, and accepts some that are a little
// shorter.)
const minRSABits = 2048

// refusesWeak is why short keys matter.
const refusesWeak = "OpenSSL refuses such keys at security level 2, the usual default"

// Weakness returns which key among an accepted server's certificates is too short, why that matters
// and what to do, or "" if none is. Such servers are not refused. Whether libpq refuses them
// depends on the security level of its OpenSSL, and on whether it verifies at all.
func (p *ServerPolicy) Weakness(state tls.ConnectionState) string {
	chain := state.PeerCertificates[:1]
	if p.roots != nil {
		// An error means that it has expired since the handshake.
		if verified, err := p.chain(state.PeerCertificates); err == nil {
			chain = verified
		}
	}
	why := weakness(chain)
	if why == "" {
		return ""
	}
	return why + ": " + refusesWeak + ", and so does libpq where it verifies: give the server a certificate with longer keys"
}

// weakness describes the first RSA key that is too short.
func weakness(chain []*x509.Certificate) string {
	for _, cert := range chain {
		if key := readRSAKey(cert); key.PublicKey != nil && key.N.BitLen() < minRSABits {
			return fmt.Sprintf("the RSA key of %q has %d bits, fewer than %d", cert.Subject, key.N.BitLen(), minRSABits)
		}
	}
	return ""
}
