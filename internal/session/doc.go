// Package session is one connection's memory: from the bytes of both parties it
// makes messages, each rightly named.
//
// It guarantees that cutting a stream differently changes nothing but where the
// pieces end: the sequence of messages, with their fields and context, is the
// same. Its memory is bounded. It never fails: bytes that make no sense put their
// direction out of sync, which is said once, and are passed on undecoded.
//
// It must not know sockets, clocks or sinks; it does no I/O and starts no
// goroutine. A Tracker is not safe for concurrent use: whoever reads both
// directions holds a lock.
//
// Start reading at [Tracker.Scan], and at [Framer.Scan] for what it shares with a relay that
// only wants to know where messages end. leg.go has what decides the name of a message
// whose bytes alone don't tell, and copy.go what decides it for CopyData.
package session
