//go:build !race

package reading_test

import (
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// TestNoAllocations can't be built with the race detector, under which sync.Pool forgets at
// random.
func TestNoAllocations(t *testing.T) {
	berlin := &event.Settings{TimeZone: "Europe/Berlin", ClientEncoding: "LATIN1"}
	messages := []event.Message{
		bind("\x00\x01\x00\x01"), message(wire.DataRow, values), redacted(message(wire.Query, "select 1\x00"), 7, 9),
		message(wire.LogicalInsert, wal+"I\x00\x00\x00\x07N\x00\x03b\x00\x00\x00\x01anu"),
	}
	var r reading.Reader
	var text []byte
	if n := testing.AllocsPerRun(100, func() {
		for i := range messages {
			messages[i].Context, messages[i].Settings = known, berlin
			r.Read(&messages[i])
			for i := range r.Fields {
				v := r.Value(i)
				if !v.Kind.IsValue() || v.Binary { // bytes that don't fit their type make an error
					continue
				}
				text, _ = r.AppendText(text[:0], &v)
			}
			for part := range reading.Parts(r.Message, 0, len(r.Message.Bytes)) {
				text = append(text, part...)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations for %d messages", n, len(messages))
	}
}
