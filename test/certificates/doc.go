// Package certificates compares pgpi with libpq: which servers each of them accepts, with every
// sslmode.
//
// It guarantees that pgpi accepts and refuses the same servers as libpq, for the same reason. The
// table names the exceptions, and an exception that no longer exists fails the test.
// docs/certificates.md, which has every outcome, is current (go test ./test/certificates -update
// rewrites it). It must not know how pgpi works inside: it runs the program, libpq, and servers
// with OpenSSL's TLS, whose certificates openssl has made.
//
// The judges are Debian's libpq for root certificates in files, and the newest libpq for those of
// the system; both at OpenSSL's security level 2. libpq does not say what kind of reason it has,
// but openssl s_client does.
//
// Start reading at outcomes_test.go, which runs the table. Its servers are in chains_test.go,
// signatures_test.go, names_test.go and protocols_test.go.
package certificates
