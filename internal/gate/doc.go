// Package gate judges a run by criteria such as n+1, warning or statements=200, for programs that
// decide whether a change is taken.
//
// It guarantees:
//
//   - What depends on how fast a machine is fails a run only by a bound that the user has named.
//   - What the user has accepted never fails a run.
//   - A run in which nothing was seen does not pass. What was not judged is said.
//   - Equal events make equal verdicts, in the same words.
//
// Less formally: when it says that nothing fails, it has looked.
//
// It must not know where events come from, where acceptances are kept, or how reports are compared.
//
// Start reading at criteria.go, which has the words that a user can give. judge.go takes events, and
// verdict.go has the result.
package gate
