// Package messages knows with which servers each message of the protocol has been seen.
//
// It guarantees that none is only believed in: its tests let real servers and clients
// send all that is not inside CopyData, for which test/replication does the same, and
// what can't be provoked is named with the reason. It must not know how pgpi decodes,
// only what it says.
//
// Start reading at seen.go, which docs/messages.md is made from, then at line_test.go.
package messages
