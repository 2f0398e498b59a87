// Package recordings checks that recordings of earlier versions of pgpi stay readable.
//
// It guarantees that pgpi read shows the log of each of them as pgpi showed it at the time, in each
// format, with the same exit code and complaints. What has been mended since is a difference in the
// golden files that a commit names. The recordings in testdata are kept as they are. They are not
// made again, because a newer version would record in a newer form. All of them are of version
// 0.1.0-dev as of November 2026, before a packet had a second comment.
//
// It must not know what is in a recording or how it is read: pgpi is a program here.
//
// Start reading at the table in table_test.go, which says what each recording is, and which
// function made it. A pgpi of the right version can make it again:
//
//	go test ./test/recordings -run '^TestRecordings$/^plain$' -pgpi PATH -make -update
//
// for which servers must be installed (test/install servers).
package recordings
