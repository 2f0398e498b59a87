// Package compare finds what differs between two reports in JSON: shapes that are new or gone,
// shapes with other numbers, and findings.
//
// It guarantees:
//
//   - Equal documents make equal differences, in the same order.
//   - Times are compared only where that is asked for. Nothing else in a difference depends on how
//     fast a machine is.
//   - A document that can't be compared is refused, with what helps.
//   - What a report has not looked for is not gone.
//
// Less formally: what it says of two runs can decide whether a change is taken.
//
// It must not know where a document comes from, how the difference is shown, or how shapes are made.
//
// Start reading at [Reports]. A [Criterion] judges what it returns.
package compare
