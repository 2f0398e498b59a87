// Package drivers runs real client libraries against real servers, directly and through pgpi, and
// compares.
//
// Every driver has a folder with one program. All programs do the same script
// (testdata/transcript.txt), each in the way of its driver: simple and prepared queries, values in
// binary format, a batch or pipeline, COPY, LISTEN and NOTIFY, a cancel, a failed transaction, a
// large value, encodings and a wrong password. They print one line for each step and end with exit
// code 3, so that a lost exit code would show.
//
// It guarantees that a program prints the same and ends in the same way directly and through pgpi.
// Its traffic does go through pgpi, with TLS where that is claimed, and pgpi can read all of it.
// The table in docs/drivers is true: the settings in it are needed, and they are enough. (`go test
// ./test/drivers -update` writes the table.) No test skips silently: it names what is not
// installed, and fails if CI=true.
//
// It must not know pgpi's packages, except localpg, which starts the servers: pgpi is a program
// here.
//
// Start reading at drivers_test.go, the list of drivers. ways_test.go says how each is run,
// matrix_test.go what must be equal.
package drivers
