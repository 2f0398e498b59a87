// Package stats adds up exchanges: by shape, or by who has asked, with their times, rows, bytes,
// errors and samples, and with what was seen of connections and what was not.
//
// It guarantees that its memory is bounded, however many shapes and connections there are; that
// what it does not keep apart is in [Stats.Misc], so that the groups with it are always all there
// is; and that equal events make equal sums. Times are those of the events: nothing here reads a
// clock.
//
// It must not know where events come from, nor how sums are shown.
//
// Start reading at [Stats.Take], then [Sums].
package stats
