// Package acceptance reads and extends the file in which a project says which findings it accepts,
// and why.
//
// It guarantees:
//
//   - A file does nothing but accept. What it can't mean is refused, with the line.
//   - What is added to a file changes nothing of what is there: not its order, not a comment.
//   - Whether an acceptance has ended depends on a day that the caller names.
//
// Less formally: such a file comes with a project that somebody has cloned, so it is not trusted.
//
// It must not know where the file is, what day it is, or what a finding is about.
//
// Start reading at [Parse].
package acceptance
