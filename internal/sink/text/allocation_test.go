//go:build !race

package text

import (
	"io"
	"testing"

	"pgpi/internal/event"
)

// TestNoAllocations can't be built with the race detector, under which sync.Pool forgets at random.
func TestNoAllocations(t *testing.T) {
	example := exampleSession()
	var traffic []event.Event
	for _, e := range example {
		if e.Kind == event.Traffic {
			traffic = append(traffic, e)
		}
	}
	for name, o := range map[string]Options{
		"annotated": {MaxValue: maxValue}, "raw": {Mode: Raw}, "color": {Color: true, Time: ISO},
	} {
		sink := New(io.Discard, o)
		if n := testing.AllocsPerRun(100, func() {
			if err := sink.Write(traffic); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for %d events", name, n, len(traffic))
		}
	}
}
