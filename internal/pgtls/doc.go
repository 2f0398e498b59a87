// Package pgtls has the TLS rules of both legs: the certificate that pgpi presents to clients,
// libpq's rules for sslmode and sslrootcert towards the server, key logs, and the wording of
// certificates and failures.
//
// It guarantees:
//
//   - A server is accepted or refused as libpq would do, except for the differences listed in
//     docs/certificates.md.
//   - A key log that fails breaks no connection.
//   - Every refusal says why, and what the user can change.
//
// Less formally: pgpi connects where psql would. Where it does not, one sentence says why and what
// helps.
//
// It must not know sockets, messages or the log. It makes a [crypto/tls.Config], and the proxy does
// the handshake with it. The only part of pgpi that it knows is the names of command-line options,
// because a remedy without one would help nobody.
//
// Start reading at [ClientConfig] for the client leg and at [ServerPolicy] for the server leg.
// chain.go verifies the server's certificates.
package pgtls
