package text

import (
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/transcript"
)

// TestRowsReadAlike compares rows written by columnText and copyText with rows written by field:
// those have colors, which are then removed.
func TestRowsReadAlike(t *testing.T) {
	columns := []event.Column{{Name: "id", TypeOID: 23}, {Name: "a \x1b\"ü", TypeOID: 25}, {Name: "b", TypeOID: 23, Binary: true}, {Name: "c"}}
	rows := []string{
		"\x00\x04\x00\x00\x00\x0242\x00\x00\x00\x06\"#{ü\n\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x02\x00\x01",
		"\x00\x04\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x01x",
		"\x00\x05\x00\x00\x00\x011\x00\x00\x00\x02\xe9\x01\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x02ab\x00\x00\x00\x01x",
		"\x00\x02\x00\x00\x00\x011\x00\x00\x00\x10" + strings.Repeat("long", 4), "\x00\x01\x00\x00\x00\x011trailing",
		"\x00\x02\x00\x00\x00\x011\x00\x00\x00\x09cut", "\x00\x02\x00\x00\x00\x011\xff\xff", "\x00\x00", "\x00\x01\x80\x00\x00\x00x",
	}
	s := new(transcript.Transcript)
	for _, context := range []*event.Context{nil, {Columns: columns}, {Columns: columns[:1]}} {
		for _, encoding := range []string{"UTF8", "LATIN1"} {
			for _, body := range rows {
				m := message(wire.DataRow, body)
				m.Context, m.Settings = context, &event.Settings{ClientEncoding: encoding}
				s.Server(m)
				m.Redacted = []event.Span{{Start: 11, End: 12}}
				s.Server(m)
				m.Redacted, m.Size = nil, m.Size+3
				s.Server(m)
			}
		}
	}
	lines := []string{
		"1\tone\n", "\\N\t\"#{ü\n", "\t\n", "\n", "", "1", "1\t" + strings.Repeat("long", 4) + "\r\n", "\xe9\t\x01\t3\t4\t5\n2\t",
		"part\tof \\\n it\n\\.\n\\.", "1,\"two, \"\"\n\",three\n", "\\.\nignored", "\r1\r",
	}
	for _, context := range []*event.Context{nil, {Relation: "t", Columns: columns}, {Columns: columns[:1]}} {
		for _, typ := range []wire.Type{wire.CopyText, wire.CopyCSV} {
			for _, state := range []wire.Copy{{Null: `\N`}, {NoNull: true, Headings: 1, Delimiter: '1'}, {EndMark: true, HasDefault: true, Default: "1"}} {
				for _, body := range lines {
					m := message(typ, body)
					m.State.Copy, m.Context = state, context
					s.Server(m)
					m.Redacted = []event.Span{{Start: 5, End: 6}}
					s.Client(m)
					m.Redacted, m.Size = nil, m.Size+3
					s.Client(m)
				}
			}
		}
	}
	for _, o := range []Options{{}, {MaxValue: 8}, {Time: ISO}, {Time: Relative}} {
		quick := render(t, o, s.Events)
		o.Color = true
		slow := render(t, o, s.Events)
		for _, color := range []string{yellow, blue, magenta, cyan, reset} {
			slow = strings.ReplaceAll(slow, color, "")
		}
		if quick != slow {
			t.Errorf("%+v: the log is\n%s\ninstead of\n%s", o, quick, slow)
		}
	}
}
