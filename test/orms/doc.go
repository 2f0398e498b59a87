// Package orms runs object-relational mappers, unmodified, under pgpi run, and checks what pgpi says
// of them.
//
// Every ORM has a program that reads 30 authors and their 60 books in the way that its first argument
// names: the books of each author by themselves, or all of them at once, over one connection or over
// many. The programs know nothing of pgpi.
//
// It guarantees that a program has read all books, that its traffic went through pgpi, and that pgpi
// reports what the list of ways says, and nothing else. The table in docs/orms.md is true. (`go test
// ./test/orms -update` writes it.) No test skips silently: it names what is not installed, and fails
// if CI=true.
//
// It must not know pgpi's packages, except localpg, which starts the servers: pgpi is a program here.
//
// Start reading at orms_test.go, the list of ORMs. ways_test.go says what each way must show,
// matrix_test.go how a program is run and judged. `make orms` runs all of them with all versions of
// PostgreSQL, `go test` with one.
package orms
