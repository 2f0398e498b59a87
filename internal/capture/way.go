package capture

import (
	"time"

	"pgpi/internal/event"
)

// How far away the ends of a conversation are from where it was captured, TCP itself tells: from what
// one end sends to the packet in which the other has nothing to say but that it came. A SYN-ACK
// answers the client's SYN by the server's way, and the packet that answers it comes by the client's.
// An acknowledgment with data has waited for whoever had that to say, and one of a segment that was sent twice
// may be of the first.

// ways are those of a conversation, by its ends.
type ways struct {
	probes [2]probe
	least  [2]time.Duration // 0 where nothing was measured
	told   [2]time.Duration
}

// probe is a segment whose acknowledgment is awaited.
type probe struct {
	at     time.Time
	end    uint32
	awaits bool
	// sent is the end of all that was sent so far.
	sent  uint32
	known bool
}

// add takes a packet of an end.
func (w *ways) add(s *segment, syn bool) {
	end := s.seq + uint32(s.size())
	if syn {
		end++
	}
	sent := &w.probes[1-s.sender]
	if s.acks && sent.awaits && !after(sent.end, s.ack) {
		sent.awaits = false
		if s.size() == 0 {
			w.measured(s.sender, s.at.Sub(sent.at))
		}
	}
	own := &w.probes[s.sender]
	switch {
	case end == s.seq: // it has nothing to acknowledge
	case own.known && !after(end, own.sent): // it is sent again
		own.awaits = false
	case own.awaits:
		own.sent = end
	default:
		own.at, own.end, own.awaits, own.sent, own.known = s.at, end, true, end, true
	}
}

// measured takes how long it was until an end has acknowledged something.
func (w *ways) measured(end int, took time.Duration) {
	if took > 0 && (w.least[end] == 0 || took < w.least[end]) {
		w.least[end] = took
	}
}

// tellWays records the ways that are better known than before.
func (f *flow) tellWays(at time.Time) {
	if f.dialogue == nil {
		return
	}
	for i, takes := range f.ways.least {
		if takes != f.ways.told[i] {
			f.ways.told[i] = takes
			way := event.Way{Party: event.PartyOf(f.direction(i)), Takes: takes}
			f.dialogue.record(&event.Event{At: at, Kind: event.Measured, Fact: way})
		}
	}
}
