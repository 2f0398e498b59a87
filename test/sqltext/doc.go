// Package sqltext compares how internal/sqltext cuts SQL with PostgreSQL's own scanner, which
// pg_query_go contains as C.
//
// It is a module of its own, so that neither the product nor its other tests depend on a C library:
// go test ./... at the root of the repository leaves it out, and make test runs it.
//
// It guarantees that the kinds and the ends of all tokens are those of PostgreSQL 17 with
// standard_conforming_strings on, up to where its scanner gives up. It also guarantees that the
// traits of statements are those of their parse trees, but for errors on the side where sqltext says
// that it may err. It must not know how sqltext finds them. Start reading at TestScanner.
package sqltext
