// Package formats holds what pgpi writes about real sessions to what other programs make of it.
//
// It guarantees that the commands of docs/jsonl.md answer what they say they do. It must not know how a format is
// written: that is tested beside each sink. Start reading at jsonl_test.go.
package formats
