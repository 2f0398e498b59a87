package pgtls

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// ExplainServer describes in one sentence an error of a TLS handshake with the server, or of a read
// soon after it: what failed, why, and what the user can change. (In TLS 1.3 a server refuses a
// client certificate only after the handshake.) If libpq would have connected and Go's TLS is the
// reason for the failure, it says so. For direct, see [ServerPolicy.Config].
func ExplainServer(err error, direct bool) string {
	if isEnd(err) && direct {
		return plain(err) + ": the server ended the connection at the beginning of TLS, as servers older than 17 do to " +
			"direct TLS: use --server-sslnegotiation postgres"
	}
	return explain(err, serverFailures, "the server ended the connection in the TLS handshake: its log may say why")
}

// ExplainClient does the same for the client leg.
func ExplainClient(err error) string {
	return explain(err, clientFailures, "the client ended the connection in the TLS handshake: "+distrust)
}

// failure is the remedy for errors of crypto/tls whose text contains one of texts. (They have no
// types.)
type failure struct {
	texts  []string
	remedy string
}

func explain(err error, failures []failure, ended string) string {
	text := err.Error()
	if _, ok := errors.AsType[*VerifyError](err); ok {
		return text
	}
	for _, f := range failures {
		for _, part := range f.texts {
			if strings.Contains(text, part) {
				return text + ": " + f.remedy
			}
		}
	}
	if isEnd(err) {
		return plain(err) + ": " + ended
	}
	return text
}

// isEnd reports whether err means that the peer is gone.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// plain returns the text of an error without the addresses that the system adds.
func plain(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

// IsAlert reports whether err is an alert by which the peer refused something, rather than a
// connection that ended without a reason.
func IsAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error" // crypto/tls marks every alert like this
}

const (
	oldVersions = "TLS 1.2 is the oldest version that pgpi speaks, as for libpq by default: "
	distrust    = "it may not accept the certificate that pgpi presents: use sslmode=require or weaker on the client, or give pgpi one that it trusts with --client-ssl-cert and --client-ssl-key"
)

// serverFailures are in order: the first match counts.
var serverFailures = []failure{
	{
		[]string{"remote error: tls: protocol version not supported", "server selected unsupported protocol version"},
		oldVersions + "raise ssl_max_protocol_version on the server, or its version of OpenSSL",
	},
	{
		[]string{"remote error: tls: handshake failure", "remote error: tls: insufficient security level"},
		"the server shares no cipher suite, curve or signature with pgpi, or wants a client certificate (--server-sslcert): Go's TLS has no DHE suites, no brainpool curves or X448, " +
			"and no certificates with Ed448, RSASSA-PSS keys, SHA-224, SHA-3 or MD5, which libpq has: allow ECDHE in ssl_ciphers and X25519 or prime256v1 in ssl_groups (ssl_ecdh_curve before 18) on the server, " +
			"and give it a certificate with an RSA or ECDSA key that is signed with SHA-256",
	},
	{
		[]string{"unsupported group", "unconfigured cipher suite", "selected unsupported curve"},
		"the server insists on something that Go's TLS does not have: change ssl_ciphers or ssl_groups (ssl_ecdh_curve before 18) on the server",
	},
	{
		[]string{"x509: negative serial number"},
		"Go's TLS does not accept a certificate with a negative serial number, but libpq does: replace the server's certificate",
	},
	{
		[]string{"x509: unsupported elliptic curve", "x509: invalid ECDSA parameters", "unsupported type of public key", "x509: unknown public key algorithm"},
		"Go's TLS accepts certificates with RSA, ECDSA (P-256, P-384, P-521) and Ed25519 keys; libpq also accepts others, such as Ed448 and brainpool curves: replace the server's certificate",
	},
	{
		[]string{"keys are insecure", "RSA key larger than"},
		"Go's TLS accepts RSA keys of 1024 to 8192 bits; libpq also accepts others: replace the server's certificate",
	},
	{
		[]string{"failed to parse certificate from server"},
		"Go's TLS cannot read the server's certificate, but libpq may: replace it with one that follows RFC 5280",
	},
	{
		[]string{"remote error: tls: no application protocol"},
		"the server refuses the ALPN protocol " + alpn + ": it is not a PostgreSQL server, or there is a proxy in front of it",
	},
	{
		[]string{errALPNNotChosen.Error(), "unadvertised ALPN protocol"},
		"the server does not speak direct TLS as PostgreSQL 17 does: use --server-sslnegotiation postgres",
	},
	{
		[]string{"remote error: tls: unrecognized name"},
		"the server does not know the name that pgpi sent as SNI: check --server-host and --server-delete-suffix",
	},
	{
		[]string{"remote error: tls: missing extension"},
		"the server wants a server name, which pgpi does not send for an address (SNI; ssl_sni from PostgreSQL 19 on): name it with --server-host",
	},
	{
		[]string{"remote error: tls: certificate required"},
		"the server wants a client certificate: give one with --server-sslcert and --server-sslkey",
	},
	{
		[]string{
			"remote error: tls: bad certificate", "remote error: tls: unsupported certificate", "remote error: tls: revoked certificate",
			"remote error: tls: expired certificate", "remote error: tls: unknown certificate",
		},
		"the server does not accept the client certificate: give one that its ssl_ca_file has issued with --server-sslcert and --server-sslkey",
	},
	{
		[]string{"first record does not look like a TLS handshake"},
		"what the server sent is not TLS: check the server's host and port, and --server-sslnegotiation",
	},
}

var clientFailures = []failure{
	{
		[]string{"client offered only unsupported versions", "remote error: tls: protocol version not supported"},
		oldVersions + "raise ssl_max_protocol_version on the client, or its TLS library",
	},
	{
		[]string{"no cipher suite supported by both", "remote error: tls: handshake failure", "remote error: tls: insufficient security level"},
		"client and pgpi share no cipher suite: Go's TLS has no DHE suites; with --client-cert-sig rsa or ecdsa, whichever is not in use, pgpi can use others",
	},
	{
		[]string{"no key exchanges supported by both", "no ECDHE curve supported by both"},
		"client and pgpi share no curve: Go's TLS has X25519, P-256, P-384 and P-521",
	},
	{
		[]string{"doesn't support any of the certificate's signature algorithms"},
		"the client can't verify a certificate of this kind: use the other --client-cert-sig, or another --client-ssl-cert",
	},
	{
		[]string{errNoALPN.Error(), "unsupported application protocols"},
		"direct TLS needs the ALPN protocol " + alpn + ", and no other one is taken after an SSLRequest: use a PostgreSQL client",
	},
	{
		[]string{
			"remote error: tls: unknown certificate", "remote error: tls: bad certificate", "remote error: tls: unsupported certificate",
			"remote error: tls: expired certificate", "remote error: tls: revoked certificate", "remote error: tls: access denied",
		},
		distrust,
	},
	{
		// A client that refuses the certificate of a TLS 1.3 server with OpenSSL sends its alert in
		// plaintext. crypto/tls takes it for a record that can't be decrypted.
		[]string{"local error: tls: bad record MAC"},
		"the client broke TLS off with an alert that Go's TLS cannot read: " + distrust,
	},
	{
		[]string{"first record does not look like a TLS handshake"},
		"what the client sent is not TLS",
	},
}
