package pgtls

import (
	"crypto/tls"
	"errors"
	"io"
	"slices"
)

// alpn is PostgreSQL's only protocol name: documentation, "Frontend/Backend Protocol", "ALPN"
// (PG_ALPN_PROTOCOL in src/include/libpq/pqcomm.h).
const alpn = "postgresql"

// errNoALPN refuses a direct TLS connection without ALPN, in the words of PostgreSQL's
// ProcessSSLStartup.
var errNoALPN = errors.New("received direct SSL connection request without ALPN protocol negotiation extension")

// ClientConfig returns the rules for the client leg, on which pgpi is the TLS server. They are
// those of a PostgreSQL server: TLS 1.2 or later, no session tickets, and ALPN. A list of protocols
// without "postgresql" is always refused. A missing list is refused only if direct is set, that is,
// if TLS began without an SSLRequest.
//
// identity is called in each handshake: pass a [sync.OnceValues], so that a certificate is made on
// first use. keyLog may be nil. One config serves any number of connections. What the client asked
// for is in the [tls.ConnectionState] after the handshake. ServerName is empty if the client sent
// no SNI, which is always so for IP addresses.
func ClientConfig(identity func() (tls.Certificate, error), direct bool, keyLog io.Writer) *tls.Config {
	config := &tls.Config{
		MinVersion:             tls.VersionTLS12,
		CipherSuites:           cipherSuites(),
		NextProtos:             []string{alpn},
		SessionTicketsDisabled: true,
		KeyLogWriter:           keyLog,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			cert, err := identity()
			return &cert, err
		},
	}
	if direct {
		config.GetConfigForClient = requireALPN
	}
	return config
}

// requireALPN refuses a ClientHello without a list of protocols, which crypto/tls accepts. For an
// error returned here, crypto/tls would send the alert internal_error. So we write the right alert
// before it. That is in order: nothing was sent on this connection yet, and nothing is encrypted.
// It never returns a config, so the current one stays in force.
func requireALPN(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if len(hello.SupportedProtos) > 0 {
		return nil, nil //nolint:nilnil // "use the config that you have", see tls.Config.GetConfigForClient
	}
	// A TLS record: alert, two bytes: fatal, no_application_protocol.
	noApplicationProtocol := []byte{21, 3, 3, 0, 2, 2, 120}
	if _, err := hello.Conn.Write(noApplicationProtocol); err != nil {
		return nil, errors.Join(errNoALPN, err)
	}
	return nil, errNoALPN
}

// cipherSuites returns the TLS 1.2 suites of both legs. They are Go's defaults, and those without
// forward secrecy or with CBC that OpenSSL enables and Go does not: pgpi should not fail where the
// two parties would connect without it. (TLS 1.3 suites can't be chosen in Go.) crypto/tls prefers
// the better ones by itself.
func cipherSuites() []uint16 {
	var ids []uint16
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if _, ok := openSSLNames[suite.ID]; ok {
			ids = append(ids, suite.ID)
		}
	}
	return ids
}
