// Package faults breaks things on purpose: hostile and broken peers, servers and clients that die, networks
// that hang, logs that nobody reads.
//
// It guarantees that what a client sees of a fault is the same through pgpi as without it, except where the
// test says what pgpi does itself and why; that pgpi serves the next connection; and that docs/faults.md, which
// has each fault with both sights and the log of it, is current (go test ./test/faults -update rewrites it).
// It must not know how pgpi is made inside: it starts the program, real servers and real clients, and scripted
// ones where those can't misbehave. No test asserts how long something takes.
//
// Start reading at fault_test.go, which plays a fault twice and compares; hostile_client_test.go and
// hostile_server_test.go have the peers that break the protocol, the other files what breaks under way.
package faults
