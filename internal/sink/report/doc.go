// Package report writes what exchanges and findings add up to, as text or JSON, or for programs that
// read JUnit and SARIF. The text is SQL except for its comments, so that it can be pasted into a mail
// or into psql.
//
// It guarantees:
//
//   - Equal events make equal reports. It computes from events alone, and uses no clock, socket or
//     process.
//   - A file is written whole and then renamed, so that nobody reads half a report.
//   - A report says what was not seen.
//   - In text, every line is a comment unless it is part of a SELECT.
//
// Less formally: pasted into psql, a report at most selects, and it admits what it does not know.
//
// It must not know where events come from, other sinks except for the text of statements, how sums
// are made, which package stats does, or how reports are compared, which package compare does.
//
// Start reading at [Sink], then read text.go for the page from top to bottom.
package report
