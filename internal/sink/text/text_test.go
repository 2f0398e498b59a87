package text

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/transcript"
)

// maxValue is the limit for a column in tests, the same as pgpi's without --log-max-value.
const maxValue = 1024

// writes records each write, and fails one of them.
type writes struct {
	all []string
	err error
}

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), w.err
}

func TestOneWriteForABatch(t *testing.T) {
	w := new(writes)
	sink := New(w, Options{})
	if err := sink.Write(exampleSession()); err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(nil); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if want := render(t, Options{}, exampleSession()); len(w.all) != 1 || w.all[0] != want {
		t.Errorf("a batch took %d writes: %q", len(w.all), w.all)
	}
}

// TestWritesOfLargeBatches checks that memory stays bounded, and that no write ends in the middle
// of an event.
func TestWritesOfLargeBatches(t *testing.T) {
	s := new(transcript.Transcript)
	row := message(wire.DataRow, "\x00\x01\x00\x00\x03\xe8"+strings.Repeat("x", 1000))
	for range 300 {
		s.Server(row, row)
	}
	w := new(writes)
	sink := New(w, Options{})
	if err := sink.Write(s.Events); err != nil {
		t.Fatal(err)
	}
	if joined := strings.Join(w.all, ""); joined != render(t, Options{}, s.Events) {
		t.Error("the writes together are another log")
	}
	if len(w.all) < 2 {
		t.Errorf("one write of %d bytes", len(w.all[0]))
	}
	for _, text := range w.all {
		lines := strings.Split(text, "\n")
		if last := lines[len(lines)-2]; len(text) > flushSize+5000 || !strings.HasPrefix(last, "#1  ^^ ") {
			t.Errorf("a write of %d bytes ends with the line %q", len(text), last)
		}
	}
}

func TestLargeMessagesGiveTheirMemoryBack(t *testing.T) {
	s := new(transcript.Transcript)
	s.Client(message(wire.Query, strings.Repeat("\x01", 1<<20)+"\x00"))
	s.Server(message(wire.ParameterDescription, "\xff\xff"+strings.Repeat("\x00\x00\x00\x17", 65535)))
	sink := New(io.Discard, Options{})
	if err := sink.Write(s.Events); err != nil {
		t.Fatal(err)
	}
	if sink.page.text != nil || sink.page.reader.Fields != nil {
		t.Errorf("the sink keeps %d bytes of text and %d fields", cap(sink.page.text), cap(sink.page.reader.Fields))
	}
}

func TestWriteError(t *testing.T) {
	w := &writes{err: io.ErrClosedPipe}
	sink := New(w, Options{})
	err := sink.Write(exampleSession())
	if !errors.Is(err, io.ErrClosedPipe) || err.Error() != "write log: "+io.ErrClosedPipe.Error() {
		t.Errorf("the error is %v", err)
	}
	if err := sink.Close(); err != nil || len(w.all) != 1 {
		t.Errorf("what could not be written is written again in %d writes, with the error %v", len(w.all)-1, err)
	}
}

// TestEventsStayAsTheyWere: other sinks read the same events.
func TestEventsStayAsTheyWere(t *testing.T) {
	s := new(transcript.Transcript)
	s.Client(redacted(message(wire.Query, "ALTER ROLE a PASSWORD 'x1' 'x1'\x00"), "x1"))
	m := &s.Events[0].Messages[0]
	spans, data := append([]event.Span(nil), m.Redacted...), bytes.Clone(m.Bytes)
	for _, mode := range []Mode{Annotated, Raw} {
		render(t, Options{Mode: mode}, s.Events)
	}
	if !bytes.Equal(m.Bytes, data) || len(m.Redacted) != len(spans) || m.Redacted[0] != spans[0] {
		t.Errorf("the event has become %v", s.Events[0])
	}
}

// commonEvent is a row of four small columns.
func commonEvent() []event.Event {
	s := new(transcript.Transcript)
	s.Server(message(wire.DataRow, "\x00\x04\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x05Alice\x00\x00\x00\x04\x00\x00\x24\x60\xff\xff\xff\xff"))
	s.Events[0].Messages[0].Context = &event.Context{Columns: []event.Column{
		{Name: "id", TypeOID: 23, Binary: true}, {Name: "name", TypeOID: 25}, {Name: "born", TypeOID: 1082, Binary: true}, {Name: "note", TypeOID: 25},
	}}
	return s.Events
}

func BenchmarkDataRow(b *testing.B) {
	for name, mode := range map[string]Mode{"annotated": Annotated, "raw": Raw} {
		b.Run(name, func(b *testing.B) {
			events := commonEvent()
			sink := New(io.Discard, Options{Mode: mode, MaxValue: maxValue})
			b.ReportAllocs()
			for b.Loop() {
				if err := sink.Write(events); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
