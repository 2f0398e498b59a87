package text

import (
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// TestRowsReadAlike writes rows as columnText does, and as field does: with color, which
// is then taken away.
func TestRowsReadAlike(t *testing.T) {
	columns := []event.Column{{Name: "id", TypeOID: 23}, {Name: "a \x1b\"ü", TypeOID: 25}, {Name: "b", TypeOID: 23, Binary: true}, {Name: "c"}}
	rows := []string{
		"\x00\x04\x00\x00\x00\x0242\x00\x00\x00\x06\"#{ü\n\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x02\x00\x01",
		"\x00\x04\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x01x",
		"\x00\x05\x00\x00\x00\x011\x00\x00\x00\x02\xe9\x01\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x02ab\x00\x00\x00\x01x",
		"\x00\x02\x00\x00\x00\x011\x00\x00\x00\x10" + strings.Repeat("long", 4), "\x00\x01\x00\x00\x00\x011trailing",
		"\x00\x02\x00\x00\x00\x011\x00\x00\x00\x09cut", "\x00\x02\x00\x00\x00\x011\xff\xff", "\x00\x00", "\x00\x01\x80\x00\x00\x00x",
	}
	s := new(transcript)
	for _, context := range []*event.Context{nil, {Columns: columns}, {Columns: columns[:1]}} {
		for _, encoding := range []string{"UTF8", "LATIN1"} {
			for _, body := range rows {
				m := message(wire.DataRow, body)
				m.Context, m.Settings = context, &event.Settings{ClientEncoding: encoding}
				s.server(m)
				m.Redacted = []event.Span{{Start: 11, End: 12}}
				s.server(m)
				m.Redacted, m.Size = nil, m.Size+3
				s.server(m)
			}
		}
	}
	for _, o := range []Options{{}, {MaxValue: 8}, {Time: ISO}, {Time: Relative}} {
		quick := render(t, o, s.events)
		o.Color = true
		slow := render(t, o, s.events)
		for _, color := range []string{yellow, blue, magenta, cyan, reset} {
			slow = strings.ReplaceAll(slow, color, "")
		}
		if quick != slow {
			t.Errorf("%+v: the log is\n%s\ninstead of\n%s", o, quick, slow)
		}
	}
}
