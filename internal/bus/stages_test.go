package bus

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Every event is rewritten once, before any sink sees it. One that can't be is not
// shown.
func TestRewrite(t *testing.T) {
	t.Parallel()
	rewritten := 0
	sinks := []*sink{{}, {}}
	b := New([]Outlet{{Name: "one", Sink: sinks[0]}, {Name: "two", Sink: sinks[1]}}, Options{Stages: []Stage{rewriting(func(e *event.Event) {
		rewritten++
		if string(e.Data) == "bad" {
			panic("a defect")
		}
		copy(e.Data, "****")
	})}})
	original := messages("friend")
	b.Record(original)
	b.Record(messages("bad"))
	b.Record(messages("foe"))
	finish(t, b)
	for _, s := range sinks {
		if want := []string{"****nd", "", "***"}; !slices.Equal(s.data, want) {
			t.Errorf("a sink has %q, not %q", s.data, want)
		}
		if len(s.said) != 1 || !strings.Contains(s.said[0], "redaction: a defect") {
			t.Errorf("the sink is told %q", s.said)
		}
	}
	if rewritten != 3 {
		t.Errorf("3 events were rewritten %d times", rewritten)
	}
	if string(original.Data) != "friend" {
		t.Error("the caller's bytes were rewritten")
	}
}

// function is a stage.
type function func(e *event.Event, emit func(*event.Event))

func (f function) Take(e *event.Event, emit func(*event.Event)) { f(e, emit) }

// rewriting is a stage that changes all events, or withholds them.
func rewriting(f func(*event.Event)) Stage {
	return Stage{Name: "redaction", Withholds: true, Stage: function(func(e *event.Event, emit func(*event.Event)) {
		f(e)
		emit(e)
	})}
}

// What a stage emits for an event goes to the next one: nothing, the event with messages, or
// more. It is made of a copy of the bytes, and has the number of the event that brought it
// about.
func TestStages(t *testing.T) {
	t.Parallel()
	s := &sink{}
	var shown []event.Event
	s.onEvents = func(events []event.Event) {
		for i := range events {
			shown = append(shown, events[i].Clone())
		}
	}
	scratch := make([]event.Message, 1) // used again for each event
	one := func(e *event.Event, emit func(*event.Event)) {
		scratch[0] = event.Message{Message: wire.Message{Type: wire.Query, Bytes: e.Data, Size: int64(len(e.Data))}}
		e.Kind, e.Messages = event.Traffic, scratch
		emit(e)
	}
	first := function(func(e *event.Event, emit func(*event.Event)) {
		switch e.Data[0] {
		case 'B': // dropped
		case 'C':
			emit(&event.Event{Seq: e.Seq, Kind: event.Said, Fact: event.OutOfSync{}})
			one(e, emit)
		case 'D':
			emit(e)
		default:
			one(e, emit)
		}
	})
	b := New([]Outlet{{Name: "log", Sink: s}}, Options{Stages: []Stage{{Stage: first}, rewriting(func(e *event.Event) {
		for i := range e.Data {
			e.Data[i] |= 0x20
		}
	})}})
	data := []byte("ABC")
	for i := range 5 {
		data[0] = 'A' + byte(i)
		b.Record(&event.Event{Kind: event.Bytes, Data: data, Count: 1})
	}
	clear(data)
	finish(t, b)
	if want := []string{"abc", "", "cbc", "dbc", "ebc"}; !slices.Equal(s.data, want) {
		t.Fatalf("the sink has %q, not %q", s.data, want)
	}
	if want := []uint64{1, 3, 3, 4, 5}; !slices.Equal(s.seqs, want) {
		t.Errorf("the events have the numbers %v, not %v", s.seqs, want)
	}
	for i, e := range shown {
		decoded := e.Kind == event.Traffic
		if decoded != (len(e.Messages) == 1) || decoded && string(e.Messages[0].Bytes) != string(e.Data) {
			t.Errorf("event %d, %q, has %d messages", i+1, e.Data, len(e.Messages))
		}
	}
}

// An End takes no number: it has that of the event before it.
func TestEndsHaveNoNumber(t *testing.T) {
	t.Parallel()
	s := &sink{}
	b := New([]Outlet{{Name: "log", Sink: s}}, Options{})
	for _, k := range []event.Kind{event.Said, event.End, event.End, event.Said} {
		b.Record(&event.Event{Kind: k})
	}
	finish(t, b)
	if want := []uint64{1, 1, 1, 2}; !slices.Equal(s.seqs, want) {
		t.Errorf("the events have the numbers %v, not %v", s.seqs, want)
	}
}

// blindable is a stage that panics at some bytes, unless it is blind.
type blindable struct{ blind map[uint32]bool }

func (b *blindable) Blind(conn uint32) { b.blind[conn] = true }

func (b *blindable) Take(e *event.Event, emit func(*event.Event)) {
	if !b.blind[e.Conn] && string(e.Data) == "bad" {
		panic("a defect")
	}
	emit(e)
}

// A panic in a stage costs what the stage does for that connection, is said once, and leaves
// nothing behind when the connection has ended.
func TestWall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stage event.Stage
		said  string
	}{
		"a stage that can go on": {&blindable{blind: map[uint32]bool{}}, "decoding failed, which is a defect of pgpi: a defect"},
		"any other": {function(func(e *event.Event, emit func(*event.Event)) {
			if string(e.Data) == "bad" {
				panic("a defect")
			}
			emit(e)
		}), "counting failed, which is a defect of pgpi: a defect"},
		"one that has passed the event on": {function(func(e *event.Event, emit func(*event.Event)) {
			emit(e)
			if string(e.Data) == "bad" {
				panic("a defect")
			}
		}), "counting failed, which is a defect of pgpi: a defect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sink{}
			b := New([]Outlet{{Name: "log", Sink: s}}, Options{Stages: []Stage{{Stage: test.stage, Name: "counting"}}})
			for _, data := range []string{"good", "bad", "bad", "good"} {
				b.Record(&event.Event{Conn: 1, Kind: event.Bytes, Data: []byte(data)})
				b.Record(&event.Event{Conn: 2, Kind: event.Bytes, Data: []byte("other")})
			}
			b.Record(&event.Event{Conn: 1, Kind: event.Said, Fact: event.Ended{}})
			finish(t, b)
			if len(s.said) != 2 || !strings.HasPrefix(s.said[0], test.said) || s.said[1] != "connection end" {
				t.Errorf("the log says %q", s.said)
			}
			passed := slices.DeleteFunc(s.data, func(data string) bool { return data == "" })
			if want := []string{"good", "other", "bad", "other", "bad", "other", "good", "other"}; !slices.Equal(passed, want) {
				t.Errorf("the sink has %q, not %q", passed, want)
			}
			if left := len(b.runners[0].off); left > 0 {
				t.Errorf("%d connections are remembered that have ended", left)
			}
		})
	}
}

// ending is a stage that emits an event at the end, and then panics.
type ending struct{ function }

func (ending) End(emit func(*event.Event)) {
	emit(&event.Event{Seq: 7, Data: []byte("last")})
	panic("a defect")
}

// TestEndOfStages: what a stage emits at the end goes through the next ones. If it fails, that is
// said with the date of the last event, and not of any connection.
func TestEndOfStages(t *testing.T) {
	t.Parallel()
	s := &sink{}
	var said event.Event
	s.onEvents = func(events []event.Event) {
		for i := range events {
			if events[i].Kind == event.Said {
				said = events[i].Clone()
			}
		}
	}
	pass := function(func(e *event.Event, emit func(*event.Event)) { emit(e) })
	b := New([]Outlet{{Name: "log", Sink: s}}, Options{Stages: []Stage{{Name: "first", Stage: ending{pass}}, rewriting(func(e *event.Event) {
		copy(e.Data, "****")
	})}})
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b.Record(&event.Event{Kind: event.Bytes, At: at, Data: []byte("x")})
	finish(t, b)
	if want := []string{"*", "****", ""}; !slices.Equal(s.data, want) {
		t.Errorf("the sink has %q, not %q", s.data, want)
	}
	want := "first failed, which is a defect of pgpi: a defect; some of what it says may be missing"
	if event.Sentence(said.Fact) != want || !said.At.Equal(at) || said.Seq != 1 || said.Conn != 0 {
		t.Errorf("the sink is told %+v", said)
	}
}

// TestFailureOfNoConnection has a stage that fails when time passes, which concerns all connections.
func TestFailureOfNoConnection(t *testing.T) {
	t.Parallel()
	s := &sink{}
	b := New([]Outlet{{Name: "log", Sink: s}}, Options{Stages: []Stage{{Name: "counting", Stage: function(func(e *event.Event, emit func(*event.Event)) {
		if e.Kind == event.Measured {
			panic("a defect")
		}
		emit(e)
	})}}})
	for range 2 {
		b.Record(&event.Event{Kind: event.Measured, Fact: event.Tick{}})
	}
	finish(t, b)
	want := "counting failed, which is a defect of pgpi: a defect; some of what it says may be missing"
	if said := slices.DeleteFunc(s.said, func(s string) bool { return s == "time passes" }); !slices.Equal(said, []string{want}) {
		t.Errorf("the log says %q", said)
	}
}
