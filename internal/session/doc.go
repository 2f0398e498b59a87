// Package session is a connection's memory. From the bytes of both parties it makes messages, each
// with its right name.
//
// It guarantees:
//
//   - However a stream is cut, its messages, with their fields and context, are the same. Only the
//     ends of pieces differ.
//   - Its memory is bounded.
//   - It never fails. Bytes that make no sense put their direction out of sync, which is reported
//     once. They are passed on undecoded.
//
// Less formally: it remembers what was asked, so that it can say what was answered, and would
// rather say nothing than something wrong.
//
// It must not know sockets, clocks or sinks. It does no I/O and starts no goroutine. A Tracker is
// not safe for concurrent use: whoever reads both directions must hold a lock.
//
// Start reading at [Tracker.Scan]. [Framer.Scan] is what it shares with a relay that only needs to
// know where messages end. leg.go names messages whose bytes alone don't say what they are, and
// copy.go does so for CopyData.
package session
