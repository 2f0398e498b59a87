//go:build !race

package jsonl

import (
	"io"
	"testing"

	"pgpi/internal/event"
	"pgpi/test/transcript"
)

// TestNoAllocations can't be built with the race detector, under which sync.Pool forgets at random.
func TestNoAllocations(t *testing.T) {
	for name, fill := range map[string]func(*transcript.Transcript){
		"startup": startup, "extended": extendedQuery, "copy": copyMessages, "replication": replication,
		"errors": errorMessages, "redaction": redactedMessages, "encodings": encodings,
	} {
		s := newTranscript()
		fill(s)
		var traffic []event.Event
		malformed := 0.0
		for _, e := range s.Events {
			if e.Kind == event.Traffic {
				traffic = append(traffic, e)
			}
		}
		if name == "extended" {
			malformed = 4 // one value does not fit its type, and the error says why
		}
		sink := New(io.Discard, Options{MaxValue: 30})
		if n := testing.AllocsPerRun(100, func() {
			if err := sink.Write(traffic); err != nil {
				t.Fatal(err)
			}
		}); n > malformed {
			t.Errorf("%s: %v allocations for %d events", name, n, len(traffic))
		}
	}
}
