//go:build !race

package pqtrace_test

import (
	"io"
	"math/rand/v2"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/sink/pqtrace"
	"pgpi/internal/wire"
)

// TestNoAllocations can't be built with the race detector, which itself allocates.
func TestNoAllocations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var all []event.Event
	for _, kind := range wire.Types() {
		d := event.ClientToServer
		if kind.From() == wire.Server {
			d = event.ServerToClient
		}
		all = append(all, traffic(d, event.Message{Message: wire.Random(r, kind, wire.State{})}))
	}
	for _, o := range []pqtrace.Options{{}, {Regress: true, NoTimes: true}, {Tags: true}} {
		sink := pqtrace.New(io.Discard, o)
		if n := testing.AllocsPerRun(100, func() {
			if err := sink.Write(all); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%+v: %v allocations for %d events", o, n, len(all))
		}
	}
}
