// Package formats compares what pgpi writes about real sessions with what other programs read from
// it.
//
// It guarantees that the commands in docs/jsonl.md answer the questions beside them, and that
// tshark and pgpi read the same from a recording, field by field. It must not know how a format is
// written: tests beside each sink do that. Start reading at jsonl_test.go and tshark_test.go.
package formats
