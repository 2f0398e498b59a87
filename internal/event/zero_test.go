package event_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/filter"
	"pgpi/internal/pseudonym"
	"pgpi/internal/sink/jsonl"
	"pgpi/internal/sink/pcapng"
	"pgpi/internal/sink/pqtrace"
	"pgpi/internal/sink/text"
)

// nothing is the zero event and the like, as someone might leave them who has not said what they
// are.
var nothing = []event.Event{
	{}, {Conn: 1}, {Conn: 1, Fact: event.Ended{}}, {Kind: event.Said}, {Kind: event.Said, Conn: 1},
	{Conn: 1, Direction: event.ServerToClient, Relayed: true, Total: 5, Data: []byte("Z\x00\x00\x00\x05I")},
}

// TestNothing writes events that say nothing to every output.
func TestNothing(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	for _, sink := range []filter.Next{
		text.New(&log, text.Options{}), text.New(&log, text.Options{Mode: text.Raw, Time: text.ISO}), text.New(&log, text.Options{Mode: text.None}),
		jsonl.New(&log, jsonl.Options{}), pqtrace.New(&log, pqtrace.Options{Tags: true}),
	} {
		all, err := filter.Compile("true")
		if err != nil {
			t.Fatal(err)
		}
		for _, sink := range []filter.Next{sink, all.New(sink, true, func(err error) { t.Error(err) })} {
			if err := sink.Write(nothing); err != nil {
				t.Fatal(err)
			}
			if err := sink.Close(); err != nil {
				t.Fatal(err)
			}
			if log.Len() > 0 {
				t.Fatalf("%T says %q", sink, log.String())
			}
		}
	}
}

func TestNothingIsRecorded(t *testing.T) {
	t.Parallel()
	size := func(events []event.Event) int64 {
		path := filepath.Join(t.TempDir(), "r.pcapng")
		sink, err := pcapng.New(pcapng.Options{Path: path, Rotate: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if err := sink.Write(events); err != nil {
			t.Fatal(err)
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(strings.Replace(path, ".", "-00001.", 1))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	added := append(slices.Clone(nothing), event.Event{Conn: 1, Kind: event.Exchanged, Exchange: &event.Exchange{}})
	if empty, got := size(nil), size(added); got != empty {
		t.Errorf("a recording of nothing has %d bytes, an empty one %d", got, empty)
	}
	if empty, got := size(nil), size([]event.Event{{Conn: 1, Kind: event.Exchanged, Exchange: &event.Exchange{}}}); got != empty {
		t.Errorf("a recording of an exchange, which is derived, has %d bytes, an empty one %d", got, empty)
	}
}

func TestNothingStaysNothing(t *testing.T) {
	t.Parallel()
	values := pseudonym.New()
	for _, e := range nothing {
		if values.Apply(&e); !e.IsNothing() {
			t.Errorf("%+v says something", e)
		}
	}
}
