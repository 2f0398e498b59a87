package exchange

import (
	"encoding/binary"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// dataRow returns a DataRow.
func dataRow(values ...string) []byte {
	b := []byte{'D', 0, 0, 0, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return b
}

func TestWidths(t *testing.T) {
	context := &event.Context{Columns: []event.Column{{Name: "id"}, {Name: "body"}, {Name: "note"}}}
	null := []byte("D\x00\x00\x00\x12\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
	long := dataRow("1", strings.Repeat("x", 1000), "n")
	for _, c := range []struct {
		name  string
		bytes []byte
		want  int64
	}{
		{"one row", dataRow("12", "words", "n"), 5},
		{"a run", append(append(dataRow("12", "words", "n"), null...), dataRow("3", "more words", "")...), 15},
		{"no values", null, 0},
		{"a value of which only the beginning was kept", long[:100], 1000},
		{"cut in a length", long[:14], 1},
		{"empty", nil, 0},
		{"a length that is none", []byte("D\x00\x00\x00\x00\x00\x01"), 0},
	} {
		var w widths
		w.add(&event.Message{Message: wire.Message{Type: wire.DataRow, Bytes: c.bytes}, Context: context}, smallResult)
		name, bytes := w.widest()
		if bytes != c.want || bytes > 1 && name != "body" {
			t.Errorf("%s: %d bytes of %s, not %d", c.name, bytes, name, c.want)
		}
	}
	var w widths
	w.add(&event.Message{Message: wire.Message{Type: wire.DataRow, Bytes: dataRow("1")}}, smallResult)
	if name, bytes := w.widest(); name != "" || bytes != 0 {
		t.Errorf("without columns: %d bytes of %q", bytes, name)
	}
}
