// Package formats holds what pgpi writes about real sessions to what other programs make of it.
//
// It guarantees that the commands of docs/jsonl.md answer what they say they do, and that tshark reads in a recording
// what pgpi reads in it, field by field. It must not know how a format is written: that is tested beside each sink.
// Start reading at jsonl_test.go and tshark_test.go.
package formats
