// Package soak runs pgpi under mixed load for a while: pgbench, COPY, LISTEN and NOTIFY, cancels, pipelines, random
// queries, connections that come and go, and some that are killed.
//
// It guarantees that every conversation that was not killed got what it would have got without pgpi, that pgpi is as
// small after the load as before it, in descriptors and goroutines, and that it neither races nor fails to decode
// anything. It must not know how pgpi is made inside: it reads its log, its standard error and /proc. Nothing in it
// asserts how fast something is.
//
// PGPI_SOAK is for how long, such as 30m; PGPI_SOAK_RACE=no builds pgpi without the race detector, for its memory:
//
//	PGPI_SOAK=30m go test ./test/soak -v -timeout 1h
//	PGPI_SOAK=20m PGPI_SOAK_RACE=no go test ./test/soak -v -timeout 1h
//
// Start reading at soak_test.go; work_test.go has the load, and what each conversation has to get.
package soak
