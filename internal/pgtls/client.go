package pgtls

import (
	"crypto/tls"
	"errors"
	"io"
	"slices"
)

// alpn is the one protocol name of PostgreSQL: documentation, "Frontend/Backend Protocol", "ALPN"
// (PG_ALPN_PROTOCOL in src/include/libpq/pqcomm.h).
const alpn = "postgresql"

// errNoALPN is the refusal of a direct TLS connection without ALPN, in the words of PostgreSQL's
// ProcessSSLStartup.
var errNoALPN = errors.New("received direct SSL connection request without ALPN protocol negotiation extension")

// ClientConfig returns the rules of the client leg, by which pgpi is the TLS server. They are those of a
// PostgreSQL server: TLS 1.2 or later, no session tickets, and ALPN: a list without "postgresql" is refused
// always, no list at all only where direct says that TLS began without an SSLRequest.
//
// identity is called in each handshake: pass a [sync.OnceValues], so that a certificate is made on first use.
// keyLog may be nil. One config serves any number of connections. What the client asked for is in the
// [tls.ConnectionState] after the handshake: ServerName is empty where the client sent no SNI, as it does for IP
// addresses.
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

// requireALPN refuses a ClientHello without a list of protocols. crypto/tls does not, and the alert that it sends
// for an error here is internal_error: so the right one is written ahead of it, which is in order, because nothing
// was sent on this connection before and nothing is encrypted yet. It never returns a config, so that the one that
// called it stays in force.
func requireALPN(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if len(hello.SupportedProtos) > 0 {
		return nil, nil //nolint:nilnil // "use the config that you have", see tls.Config.GetConfigForClient
	}
	noApplicationProtocol := []byte{21, 3, 3, 0, 2, 2, 120} // a TLS record: alert, two bytes: fatal, no_application_protocol
	if _, err := hello.Conn.Write(noApplicationProtocol); err != nil {
		return nil, errors.Join(errNoALPN, err)
	}
	return nil, errNoALPN
}

// cipherSuites returns the TLS 1.2 suites of both legs: Go's own defaults, and those without forward secrecy
// or with CBC that OpenSSL enables and Go does not, so that pgpi does not fail where the two parties without it
// would connect. (TLS 1.3 suites can't be chosen in Go.) crypto/tls prefers the better ones by itself.
func cipherSuites() []uint16 {
	var ids []uint16
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if _, ok := openSSLNames[suite.ID]; ok {
			ids = append(ids, suite.ID)
		}
	}
	return ids
}
