package capture

import (
	"time"

	"pgpi/internal/event"
)

// TCP itself shows how far away the ends of a conversation are from where it was captured: by the
// time from what one end sends to the packet in which the other only says that it came. A SYN-ACK
// answers the client's SYN over the server's way, and the packet that answers the SYN-ACK comes
// over the client's. An acknowledgment with data may have waited for the data, and an
// acknowledgment of a segment that was sent twice may be of the first.

// ways are the ways of a conversation, by end.
type ways struct {
	probes [2]probe
	least  [2]time.Duration // 0 if nothing was measured
	told   [2]time.Duration
}

// probe is a segment whose acknowledgment is awaited.
type probe struct {
	at     time.Time
	end    uint32
	awaits bool
	// sent is the end of everything sent so far.
	sent  uint32
	known bool
}

// add adds a packet of an end.
func (w *ways) add(s *segment, syn bool) {
	end := s.seq + uint32(s.size())
	if syn {
		end++
	}
	sent := &w.probes[1-s.sender]
	if s.acks && sent.awaits && !after(sent.end, s.ack) {
		sent.awaits = false
		if s.size() == 0 {
			w.measure(s.sender, s.at.Sub(sent.at))
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

// measure remembers how long it took an end to acknowledge something.
func (w *ways) measure(end int, took time.Duration) {
	if took > 0 && (w.least[end] == 0 || took < w.least[end]) {
		w.least[end] = took
	}
}

// tellWays records the ways that are known better than before.
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
