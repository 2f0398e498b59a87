package pgtls

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// ServerOptions are the options of the server leg. The zero value is sslmode=prefer without root
// certificates.
type ServerOptions struct {
	SSLMode  string           // "" if the user set none: see ServerPolicy.Mode
	RootCert string           // a file, a directory, "system" or ""
	Identity IdentityFiles    // the client certificate, if any
	Direct   bool             // --server-sslnegotiation direct was given
	KeyLog   io.Writer        // may be nil
	Time     func() time.Time // the clock for checking certificates; nil for time.Now
}

// ServerPolicy decides how pgpi speaks TLS to servers, and which servers it accepts, by libpq's
// rules (src/interfaces/libpq/fe-connect.c and fe-secure-openssl.c). It is immutable, and serves
// any number of connections at once.
type ServerPolicy struct {
	mode     SSLMode
	roots    *rootSet
	identity *tls.Certificate
	keyLog   io.Writer
	time     func() time.Time
}

// OptionError is a mistake in the options themselves, whatever the files contain.
type OptionError struct{ text string }

func (e *OptionError) Error() string { return e.text }

func optionError(format string, args ...any) error { return &OptionError{fmt.Sprintf(format, args...)} }

// CheckOptions finds options that contradict each other, whatever files they name and whatever is
// added to them. An error is an [*OptionError].
func CheckOptions(options ServerOptions) error {
	_, err := checkMode(options)
	return err
}

func checkMode(options ServerOptions) (SSLMode, error) {
	mode, err := parseMode(options.SSLMode, options.RootCert)
	if err == nil && options.Direct && options.SSLMode != "" && mode < Require {
		err = optionError("weak sslmode %q may not be used with --server-sslnegotiation direct: use --server-sslmode require, verify-ca or verify-full", mode)
	}
	return mode, err
}

// NewServerPolicy checks the options and reads their files, once. An error is one sentence for the
// user. It is an [*OptionError] if options contradict each other.
func NewServerPolicy(options ServerOptions) (*ServerPolicy, error) {
	mode, err := checkMode(options)
	if err != nil {
		return nil, err
	}
	policy := &ServerPolicy{mode: mode, keyLog: options.KeyLog, time: options.Time}
	switch {
	case options.RootCert != "":
		if policy.roots, err = loadRoots(options.RootCert); err != nil {
			return nil, err
		}
	case mode >= VerifyCA:
		return nil, optionError("sslmode %s needs root certificates to verify with: give their file with --server-sslrootcert, or the system's with --server-sslrootcert system", mode)
	}
	if options.Identity.Cert != "" || options.Identity.Key != "" {
		identity, err := LoadIdentity(options.Identity)
		if err != nil {
			return nil, err
		}
		policy.identity = &identity
	}
	return policy, nil
}

// Mode returns the mode in force, which can be stronger than the one asked for:
//
//   - Without any it is prefer, or verify-full with the system's roots.
//   - With root certificates, require becomes verify-ca.
//   - A direct connection, mimicked or not, has at least require, unless TLS is disabled.
//
// With root certificates, prefer and allow verify too. If that fails, or anything else in the
// handshake does, prefer continues without TLS on a new connection; allow has no other way left.
func (p *ServerPolicy) Mode(direct bool) SSLMode {
	mode := p.mode
	if direct && (mode == Allow || mode == Prefer) {
		mode = Require
	}
	if mode == Require && p.roots != nil {
		mode = VerifyCA
	}
	return mode
}

// Config returns the TLS config of one connection to the server that the user calls host. If direct
// is set, TLS begins without an SSLRequest, and the server must choose the ALPN protocol
// "postgresql".
//
// If the server is refused, the handshake fails with a [*VerifyError]. certWanted, which may be
// nil, is called during the handshake if the server asks for a client certificate and none was set.
// The server may continue without one, or end the connection by an alert or an error message.
func (p *ServerPolicy) Config(host string, direct bool, certWanted func()) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		CipherSuites:           cipherSuites(),
		NextProtos:             []string{alpn},
		ServerName:             sniName(host),
		SessionTicketsDisabled: true,
		KeyLogWriter:           p.keyLog,
		Time:                   p.time,
		// crypto/tls has neither libpq's modes nor its rules for names. VerifyConnection has both.
		InsecureSkipVerify: true, //nolint:gosec // see above
		VerifyConnection: func(state tls.ConnectionState) error {
			if direct && state.NegotiatedProtocol != alpn {
				return errALPNNotChosen
			}
			return p.verify(state.PeerCertificates, host)
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if p.identity != nil {
				return p.identity, nil // as in libpq, whatever authorities the server names
			}
			if certWanted != nil {
				certWanted()
			}
			return &tls.Certificate{}, nil
		},
	}
}

// errALPNNotChosen is in the words of libpq's open_client_SSL.
var errALPNNotChosen = errors.New("direct SSL connection was established without ALPN protocol negotiation extension")

// sniName returns the name that libpq sends as SNI for host: none for IP addresses (initialize_SSL
// in fe-secure-openssl.c).
func sniName(host string) string {
	if strings.Trim(host, "0123456789.") == "" || strings.Contains(host, ":") {
		return ""
	}
	return host
}
