// Package pgtls holds the TLS rules of both legs: the certificate that pgpi presents to clients, libpq's
// rules for sslmode and sslrootcert towards the server, key logs, and certificates and failures in words.
//
// It guarantees that a server is accepted or refused as libpq would accept or refuse it, but for the differences
// that docs/certificates.md names, that no failed key log breaks a connection, and that every refusal names its reason
// and what the user can change.
//
// It must not know sockets, messages or the log: it makes a [crypto/tls.Config], and the proxy does the
// handshake with it. The only thing of the rest of pgpi that it knows is the names of the command-line
// options, because a remedy that names no option is none.
//
// Start reading at [ClientConfig] for the client leg and at [ServerPolicy] for the server leg, whose certificates
// chain.go verifies.
package pgtls
