package text

import (
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/transcript"
)

// repetition returns messages that differ only in what is not in their bytes, over and over.
func repetition() []event.Event {
	one, other := &event.Context{SQL: "SELECT 1"}, &event.Context{SQL: "SELECT 2", Columns: []event.Column{{Name: "ä"}}}
	latin := &event.Settings{ClientEncoding: "LATIN1"}
	execute := message(wire.Execute, "\x00\x00\x00\x00\x00")
	describe := message(wire.RowDescription, "\x00\x01\xe9\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00")
	s := new(transcript.Transcript)
	for range 3 {
		for _, beside := range []event.Message{
			{}, {Context: one}, {Context: other}, {Context: other, Settings: latin}, {Context: one, Settings: latin}, {Settings: latin},
		} {
			for _, m := range []event.Message{execute, message(wire.ReadyForQuery, "I"), describe, message(wire.ReadyForQuery, "T")} {
				m.Context, m.Settings = beside.Context, beside.Settings
				d := event.ServerToClient
				if m.Type == wire.Execute {
					d = event.ClientToServer
				}
				for _, conn := range []uint32{0, 1, repeatSlots + 1} { // the last two have the same slot
					s.Pass(d, m).Conn = conn
				}
				s.Pass(event.ServerToScript, m)
			}
		}
	}
	redacted := message(wire.CommandComplete, "SELECT 1\x00")
	s.Server(redacted)
	redacted.Redacted = []event.Span{{Start: 5, End: 13}}
	s.Server(redacted)
	cut := message(wire.CommandComplete, "SELECT 1\x00")
	cut.Size += 5
	s.Server(cut)
	return s.Events
}

// TestRepeatsReadAlike writes messages with a memory, and each without one.
func TestRepeatsReadAlike(t *testing.T) {
	for _, o := range []Options{{}, {Color: true}, {Time: Relative}, {Time: ISO}, {Time: NoTime}, {Mode: Raw}, {Mode: None}} {
		events := repetition()
		var want strings.Builder
		for _, e := range events {
			want.WriteString(render(t, o, []event.Event{e}))
		}
		if got := render(t, o, events); got != want.String() {
			t.Errorf("%+v: with a memory the log is\n%s\ninstead of\n%s", o, got, want.String())
		}
	}
}

func TestFewMessagesAreRemembered(t *testing.T) {
	long := message(wire.Execute, "\x00\x00\x00\x00\x00")
	long.Context = &event.Context{SQL: strings.Repeat("x", maxRepeatSQL+1)}
	s := new(transcript.Transcript)
	s.Client(long, message(wire.Query, "SELECT 1\x00"))
	s.Server(message(wire.DataRow, "\x00\x00"), message(wire.RowDescription, "\x00\x01"+strings.Repeat("x", maxRepeat)))
	sink := New(new(strings.Builder), Options{})
	if err := sink.Write(s.Events); err != nil {
		t.Fatal(err)
	}
	for _, r := range sink.page.repeats.slots {
		if r.bytes != nil {
			t.Errorf("%v is remembered, with %d bytes", r.of, len(r.bytes))
		}
	}
}
