package session

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// A stream is in sync as long as lengths lead from message to message, whatever the messages are:
// of a server that is not PostgreSQL, of a protocol to come, or of the other party.
func TestLengthsLead(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := []event.Direction{toServer, toClient}[r.IntN(2)]
		p := newPump(t)
		p.tracker.Kept = 100
		for _, s := range loginSteps {
			p.feed(s.direction, s.bytes, whole)
		}
		var stream strings.Builder
		var sizes []int64
		for range 1 + r.IntN(30) {
			m := anyMessage(r)
			stream.WriteString(m)
			sizes = append(sizes, int64(len(m)))
		}
		before := len(p.seen)
		p.feed(d, stream.String(), randomly(seed))
		if want := p.end(d); want != 0 {
			t.Fatalf("seed %d: the stream ends inside a message of %d bytes", seed, want)
		}
		seen := p.seen[before:]
		for i, s := range seen {
			if s.loss != (Loss{}) || i >= len(sizes) || s.size != sizes[i] {
				t.Fatalf("seed %d: message %d of sizes %v is %v", seed, i, sizes, s)
			}
		}
		if len(seen) != len(sizes) {
			t.Fatalf("seed %d: %d of %d messages", seed, len(seen), len(sizes))
		}
	}
}

// anyMessage is one of any type that can be, mostly small.
func anyMessage(r *rand.Rand) string {
	code := byte(r.IntN(256))
	for !wire.PlausibleType(code) {
		code = byte(r.IntN(256))
	}
	size := r.IntN(40)
	if r.IntN(200) == 0 {
		size = MaxHeld - 10 + r.IntN(20000)
	}
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(r.Uint32())
	}
	return typed(code, string(body))
}
