// Package stats adds up exchanges: by shape, or by who sent them, with their times, rows, bytes,
// errors and samples. It also adds up findings by their signatures, what was seen of connections, and
// what was not.
//
// It guarantees:
//
//   - Its memory is bounded, however many shapes and connections there are.
//   - What it does not keep apart is in [Stats.Misc], so that all groups and Misc together are
//     always everything.
//   - Equal events make equal sums. Times are those of the events: nothing here reads a clock.
//
// Less formally: the total is always right, even if there is not enough memory to say what it
// consists of.
//
// It must not know where events come from, or how sums are shown.
//
// Start reading at [Stats.Take], then [Sums].
package stats
