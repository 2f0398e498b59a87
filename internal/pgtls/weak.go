package pgtls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// minRSABits is the length of RSA keys at OpenSSL's security level 2, the default of Debian, and of OpenSSL itself since
// 3.2. (It rounds, and takes some that are a little shorter.)
const minRSABits = 2048

// refusesWeak is why short keys matter.
const refusesWeak = "OpenSSL refuses such keys at security level 2, the usual default"

// Weakness says which key of an accepted server's certificates is too short, why that matters and what to do; "" where
// none is. Such servers are not refused: whether libpq refuses them, which it does only where it verifies, depends on
// the security level of its OpenSSL.
func (p *ServerPolicy) Weakness(state tls.ConnectionState) string {
	chain := state.PeerCertificates[:1]
	if p.roots != nil {
		if verified, err := p.chain(state.PeerCertificates); err == nil { // else it has expired since the handshake
			chain = verified
		}
	}
	why := weakness(chain)
	if why == "" {
		return ""
	}
	return why + ": " + refusesWeak + ", and so does libpq where it verifies: give the server a certificate with longer keys"
}

// weakness names the first RSA key that is too short.
func weakness(chain []*x509.Certificate) string {
	for _, cert := range chain {
		if key := readRSAKey(cert); key.PublicKey != nil && key.N.BitLen() < minRSABits {
			return fmt.Sprintf("the RSA key of %q has %d bits, fewer than %d", cert.Subject, key.N.BitLen(), minRSABits)
		}
	}
	return ""
}
