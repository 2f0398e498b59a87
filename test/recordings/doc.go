// Package recordings holds that recordings of earlier versions of pgpi stay readable.
//
// It guarantees that pgpi read makes of each of them the log that it made when it was recorded, in each
// format, with the same exit code and complaints; what has been mended since is a difference in the golden
// files that a commit names. The recordings in testdata are kept as they are and not made again, because a
// newer version would record in a newer form. All of them are of version 0.1.0-dev as of November 2026, before
// a packet had a second comment.
//
// It must not know what is in a recording or how it is read: pgpi is a program here.
//
// Start reading at the table in table_test.go, which says what each recording is, and with which function it
// was made. With a pgpi of the version that is wanted, that is done again by
//
//	go test ./test/recordings -run '^TestRecordings$/^plain$' -pgpi PATH -make -update
//
// for which servers must be installed (test/install servers).
package recordings
