// Package certificates compares pgpi with libpq: which servers each of them takes, for every sslmode.
//
// It guarantees that pgpi takes and refuses the servers that libpq does, for the same reason, but for the differences
// that a server of the table names; that a difference which is gone is struck out; and that docs/certificates.md, which
// has every outcome, is current (go test ./test/certificates -update rewrites it). It must not know how pgpi is made
// inside: it runs the program and libpq, and servers with OpenSSL's TLS, whose certificates openssl has made.
//
// The judges are Debian's libpq for files of root certificates, and the newest libpq that there is for those of the
// system; both by OpenSSL's security level 2. What kind of reason libpq has it does not say: openssl s_client does.
//
// Start reading at outcomes_test.go, which runs the table; its servers are in chains_test.go, signatures_test.go,
// names_test.go and protocols_test.go.
package certificates
