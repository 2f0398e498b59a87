package jsonl

import (
	"errors"
	"io"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// writes records each write, and fails one of them.
type writes struct {
	all []string
	err error
}

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), w.err
}

func someSession() []event.Event {
	s := newTranscript()
	startup(s)
	return s.Events
}

func TestOneWriteForABatch(t *testing.T) {
	w := new(writes)
	sink := New(w, Options{})
	if err := errors.Join(sink.Write(someSession()), sink.Write(nil), sink.Close()); err != nil {
		t.Fatal(err)
	}
	if want := render(t, Options{}, someSession()); len(w.all) != 1 || w.all[0] != want {
		t.Errorf("a batch took %d writes: %q", len(w.all), w.all)
	}
}

// TestWritesOfLargeBatches checks that memory stays bounded, and that no write ends in the middle
// of an event.
func TestWritesOfLargeBatches(t *testing.T) {
	s := newTranscript()
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
		if last := lines[len(lines)-2]; len(text) > flushSize+5000 || !strings.Contains(last, `"kind":"forwarded"`) {
			t.Errorf("a write of %d bytes ends with the line %q", len(text), last)
		}
	}
}

func TestLargeMessagesGiveTheirMemoryBack(t *testing.T) {
	s := newTranscript()
	query := message(wire.Query, strings.Repeat("\xe9", 1<<20)+"\x00")
	query.Settings = &event.Settings{ClientEncoding: "LATIN1"}
	s.Client(query)
	s.Client(redacted(message(wire.Query, strings.Repeat("x", 2<<20)+"secret\x00"), "secret"))
	s.Server(message(wire.ParameterDescription, "\xff\xff"+strings.Repeat("\x00\x00\x00\x17", 65535)))
	sink := New(io.Discard, Options{})
	for i := range s.Events {
		if err := sink.Write(s.Events[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if p := &sink.page; cap(p.text) > maxText || cap(p.scratch) > maxText || cap(p.quoted) > maxText || p.reader.Fields != nil {
		t.Errorf("the sink keeps %d bytes of text, %d of scratch, %d of quotes and %d fields", cap(p.text), cap(p.scratch), cap(p.quoted), cap(p.reader.Fields))
	}
}

func TestWriteError(t *testing.T) {
	w := &writes{err: io.ErrClosedPipe}
	sink := New(w, Options{})
	err := sink.Write(someSession())
	if !errors.Is(err, io.ErrClosedPipe) || err.Error() != "write log: "+io.ErrClosedPipe.Error() {
		t.Errorf("the error is %v", err)
	}
	if err := sink.Close(); err != nil || len(w.all) != 1 {
		t.Errorf("what could not be written is written again in %d writes, with the error %v", len(w.all)-1, err)
	}
}

// TestArgumentsOfStatuses: the arguments of a sentence have different names.
func TestArgumentsOfStatuses(t *testing.T) {
	s := newTranscript()
	for _, phrase := range event.Phrases() {
		s.Say(phrase.Fact)
	}
	for i, line := range parseLines(t, render(t, Options{}, s.Events)) {
		args, _ := line.get("args").(object)
		phrase := event.Phrases()[i]
		if want := strings.Count(phrase.Template, "{"); len(args) != want {
			t.Errorf("%s has the arguments %v, not %d", phrase.Key, args, want)
		}
	}
}

func BenchmarkDataRow(b *testing.B) {
	s := newTranscript()
	row := message(wire.DataRow, "\x00\x04\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x05Alice\x00\x00\x00\x0a2025-07-04\xff\xff\xff\xff")
	row.Context = &event.Context{Columns: []event.Column{
		{Name: "id", TypeOID: 23, Binary: true}, {Name: "name", TypeOID: 25}, {Name: "day", TypeOID: 1082}, {Name: "note", TypeOID: 25},
	}}
	s.Server(row)
	sink := New(io.Discard, Options{MaxValue: 1024})
	b.ReportAllocs()
	for b.Loop() {
		if err := sink.Write(s.Events); err != nil {
			b.Fatal(err)
		}
	}
}
