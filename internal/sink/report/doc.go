// Package report writes what exchanges add up to: as text that is SQL but for its comments, so that
// it can be pasted into a mail or into psql, or as JSON.
//
// It guarantees that equal events make equal reports; that a file is written whole and then renamed,
// so that nobody reads half of one; that a report says what was not seen; and that in text every
// line is a comment that is not the SQL of a SELECT. It computes from events alone: no clock, socket
// or process is asked.
//
// It must not know where events come from, other sinks but for the text of statements, nor how sums
// are made, which is in package stats.
//
// Start reading at [Sink], then text.go for the page from above.
package report
