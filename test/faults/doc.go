// Package faults breaks things on purpose: hostile and broken peers, servers and clients that die,
// networks that hang, logs that nobody reads.
//
// It guarantees that a client sees the same of a fault through pgpi as without it, unless the test
// says what pgpi does itself and why. pgpi serves the next connection. docs/faults.md is current;
// it has each fault with both views and the log (go test ./test/faults -update rewrites it). It
// must not know how pgpi works inside: it starts the program, real servers and real clients, and
// scripted ones where real ones can't misbehave. No test asserts how long something takes.
//
// Start reading at fault_test.go, which plays a fault twice and compares. hostile_client_test.go
// and hostile_server_test.go have the peers that break the protocol, the other files what breaks on
// the way.
package faults
