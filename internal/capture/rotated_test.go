package capture

import (
	"slices"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/sink/pcapng"
	"pgpi/internal/wire"
)

// TestErrorBeforeSync begins files between an error and its Sync. Read alone, each knows what is
// answered, and accuses the server of nothing.
func TestErrorBeforeSync(t *testing.T) {
	p := newProxy(5)
	select1 := slices.Concat(message('P', "\x00select 1\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"), message('E', "\x00\x00\x00\x00\x00"))
	traffic := slices.Concat(dialog(1)[:2], []write{
		{false, slices.Concat(select1, select1, select1, message('H', ""))},
		{true, slices.Concat(message('1', ""), message('2', ""), failure)},
		{false, select1}, {false, syncing}, {true, isReady},
	})
	p.converse(1, traffic)
	between := 0
	for rotate := int64(1); rotate < 12_000; rotate += 100 {
		for i, f := range record(t, pcapng.Options{Rotate: rotate}, p.events) {
			got, _ := replayOf(t, f)
			ready := slices.IndexFunc(got, func(e event.Event) bool {
				return len(e.Messages) == 1 && e.Messages[0].Type == wire.ReadyForQuery && e.Direction == event.ServerToClient
			})
			failed := slices.ContainsFunc(got, func(e event.Event) bool {
				return slices.ContainsFunc(e.Messages, func(m event.Message) bool { return m.Type == wire.ErrorResponse })
			})
			if ready < 0 || failed {
				continue
			}
			between++
			if m := &got[ready].Messages[0]; m.Exchange == 0 {
				t.Fatalf("file %d of %d bytes each: it is not known what is over", i+1, rotate)
			}
			for _, e := range got {
				if _, wrong := e.Fact.(event.ServerMistake); wrong {
					t.Fatalf("file %d of %d bytes each: %s", i+1, rotate, event.Sentence(e.Fact))
				}
			}
		}
	}
	if between == 0 {
		t.Error("no file begins between the error and its Sync")
	}
}
