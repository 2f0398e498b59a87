// Package messages records with which servers each message of the protocol has been seen.
//
// It guarantees that no message is taken on faith. Its tests make real servers and clients send
// everything that is not inside CopyData; test/replication does the same for that. A message that
// can't be provoked is listed with the reason. It must not know how pgpi decodes, only what it
// says.
//
// Start reading at seen.go, from which docs/messages.md is made, then at line_test.go.
package messages
