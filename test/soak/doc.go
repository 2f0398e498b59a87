// Package soak runs pgpi under mixed load for a while: pgbench, COPY, LISTEN and NOTIFY, cancels,
// pipelines, random queries, connections that come and go, and some that are killed.
//
// It guarantees that every conversation that was not killed got what it would have got without
// pgpi. After the load, pgpi has no more descriptors and goroutines than before it. It has no data
// race, and decodes everything. It must not know how pgpi works inside: it reads its log, its
// standard error and /proc. Nothing in it asserts how fast something is.
//
// PGPI_SOAK is how long to run, such as 30m. PGPI_SOAK_RACE=no builds pgpi without the race
// detector, to measure its memory:
//
//	PGPI_SOAK=30m go test ./test/soak -v -timeout 1h
//	PGPI_SOAK=20m PGPI_SOAK_RACE=no go test ./test/soak -v -timeout 1h
//
// Start reading at soak_test.go. work_test.go has the load, and what each conversation must get.
package soak
