// Package drivers runs real client libraries against real servers, directly and through pgpi, and compares.
//
// Every driver has a folder with one program, and all programs do the same script (testdata/transcript.txt),
// each in the words of its driver: simple and prepared queries, values in binary format, a batch or pipeline,
// COPY, LISTEN and NOTIFY, a cancel, a failed transaction, a large value, encodings and a wrong password. They
// print one line a step and end with exit code 3, so that a lost exit code shows.
//
// It guarantees that what a program prints and how it ends is the same directly and through pgpi, that its
// traffic did go through pgpi, with TLS where that is claimed, and that pgpi could read all of it. It also
// guarantees that the table in docs/drivers tells the truth: what the table says is to be set is needed, and
// enough. Run `go test ./test/drivers -update` to write the table. No test skips silently: what is not
// installed is named, and fails where CI=true.
//
// It must not know pgpi's packages other than localpg, which starts the servers: pgpi is a program here.
//
// Start reading at drivers_test.go, the list of drivers; ways_test.go says how each is run, matrix_test.go what
// must be equal.
package drivers
