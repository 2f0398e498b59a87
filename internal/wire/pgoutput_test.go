package wire_test

import (
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// logical is an XLogData with a message of pgoutput.
func logical(body string) string { return typed('d', walHeader+body) }

const (
	someLSN   = "\x00\x00\x00\x00\x01\xa2\xb3\xc4"
	someTime  = "\x00\x02\xdf\x0a\x5d\x7e\x39\x40"
	someXID   = "\x00\x00\x02\xee"
	someTable = "\x00\x00\x40\x01"
)

var streamed, parallel = wire.State{Streamed: true}, wire.State{Parallel: true}

// logicalExamples are messages of pgoutput.
var logicalExamples = []example{
	{typ: wire.LogicalBegin, bytes: logical("B" + someLSN + someTime + someXID)},
	{typ: wire.LogicalCommit, bytes: logical("C\x00" + someLSN + someLSN + someTime)},
	{typ: wire.LogicalOrigin, bytes: logical("O" + someLSN + "origin\x00")},
	{typ: wire.LogicalRelation, bytes: logical("R" + someTable + "public\x00orders\x00d\x00\x02" +
		"\x01id\x00\x00\x00\x00\x17\xff\xff\xff\xff\x00total\x00\x00\x00\x06\xa4\x00\x0a\x00\x06")},
	{what: "streamed", typ: wire.LogicalRelation, state: streamed, bytes: logical("R" + someXID + someTable + "\x00pg_class\x00n\x00\x00")},
	{typ: wire.LogicalTypeName, bytes: logical("Y\x00\x00\x40\x07public\x00mood\x00")},
	{typ: wire.LogicalInsert, bytes: logical("I" + someTable + "N\x00\x03t\x00\x00\x00\x011b\x00\x00\x00\x04\x00\x00\x00\x2an")},
	{what: "streamed", typ: wire.LogicalInsert, state: streamed, bytes: logical("I" + someXID + someTable + "N\x00\x00")},
	{typ: wire.LogicalUpdate, bytes: logical("U" + someTable + "N\x00\x02u" + "t\x00\x00\x00\x00")},
	{what: "old key", typ: wire.LogicalUpdate, bytes: logical("U" + someTable + "K\x00\x02t\x00\x00\x00\x011nN\x00\x02t\x00\x00\x00\x012u")},
	{what: "old row", typ: wire.LogicalUpdate, bytes: logical("U" + someTable + "O\x00\x01t\x00\x00\x00\x011N\x00\x01n")},
	{typ: wire.LogicalDelete, bytes: logical("D" + someTable + "K\x00\x01t\x00\x00\x00\x011")},
	{typ: wire.LogicalTruncate, bytes: logical("T\x00\x00\x00\x02\x03" + someTable + someTable)},
	{typ: wire.LogicalMessage, bytes: logical("M\x01" + someLSN + "pgpi\x00\x00\x00\x00\x02hi")},
	{what: "streamed", typ: wire.LogicalMessage, state: streamed, bytes: logical("M" + someXID + "\x01" + someLSN + "pgpi\x00\x00\x00\x00\x00")},
	{typ: wire.LogicalStreamStart, bytes: logical("S" + someXID + "\x01")},
	{typ: wire.LogicalStreamStop, bytes: logical("E")},
	{typ: wire.LogicalStreamCommit, bytes: logical("c" + someXID + "\x00" + someLSN + someLSN + someTime)},
	{typ: wire.LogicalStreamAbort, bytes: logical("A" + someXID + someXID)},
	{what: "parallel", typ: wire.LogicalStreamAbort, state: parallel, bytes: logical("A" + someXID + someXID + someLSN + someTime)},
	{typ: wire.LogicalBeginPrepare, bytes: logical("b" + someLSN + someLSN + someTime + someXID + "gid\x00")},
	{typ: wire.LogicalPrepare, bytes: logical("P\x00" + someLSN + someLSN + someTime + someXID + "gid\x00")},
	{typ: wire.LogicalCommitPrepared, bytes: logical("K\x00" + someLSN + someLSN + someTime + someXID + "gid\x00")},
	{typ: wire.LogicalRollbackPrepared, bytes: logical("r\x00" + someLSN + someLSN + someTime + someTime + someXID + "gid\x00")},
	{typ: wire.LogicalStreamPrepare, bytes: logical("p\x00" + someLSN + someLSN + someTime + someXID + "gid\x00")},

	{what: "another letter", typ: wire.LogicalInsert, bytes: logical("U" + someTable)},
	{what: "a tuple of another kind", typ: wire.LogicalDelete, bytes: logical("D" + someTable + "N\x00\x00")},
	{what: "a value of another kind", typ: wire.LogicalInsert, bytes: logical("I" + someTable + "N\x00\x02x\x00")},
	{what: "length -1", typ: wire.LogicalInsert, bytes: logical("I" + someTable + "N\x00\x01t\xff\xff\xff\xff\x00")},
}

// Every letter of pgoutput names one message, and no other letter does.
func TestIdentifyLogical(t *testing.T) {
	t.Parallel()
	letters := ""
	for _, typ := range wire.Types() {
		if letter := typ.LogicalLetter(); letter != 0 {
			letters += string(rune(letter))
			if got := wire.IdentifyLogical([]byte(logical(string(rune(letter))))); got != typ {
				t.Errorf("%q is %s, want %s", letter, got, typ)
			}
			if !strings.HasPrefix(typ.String(), "XLogData/") {
				t.Errorf("%q is %s", letter, typ)
			}
		}
	}
	if want := "BCORYIUDTMSEcAbPKrp"; letters != want {
		t.Errorf("letters are %s, want %s", letters, want)
	}
	for _, body := range []string{"", "x", "\x00", "table public"} {
		if got := wire.IdentifyLogical([]byte(logical(body))); got != wire.XLogData {
			t.Errorf("%q is %s", body, got)
		}
	}
}
