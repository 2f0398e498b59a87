package capture

import (
	"testing"
	"time"
)

// step is a packet: when it was seen, in milliseconds, and what TCP says in it.
type step struct {
	at         int
	sender     int
	seq, ack   uint32
	acks, syn  bool
	size       int
	client, to int // the ways that are known then, in milliseconds
}

// A way is the least time until an end acknowledges, and says nothing else.
func TestWays(t *testing.T) {
	const client, server = 0, 1
	shake := []step{
		{at: 0, sender: client, seq: 99, syn: true},
		{at: 20, sender: server, seq: 499, ack: 100, acks: true, syn: true, to: 20},
		{at: 25, sender: client, seq: 100, ack: 500, acks: true, client: 5, to: 20},
	}
	for name, steps := range map[string][]step{
		"handshake": shake,
		"acknowledgments": append(shake[:3:3],
			step{at: 30, sender: client, seq: 100, ack: 500, acks: true, size: 10, client: 5, to: 20},
			step{at: 44, sender: server, seq: 500, ack: 110, acks: true, client: 5, to: 14},
			step{at: 50, sender: server, seq: 500, ack: 110, acks: true, size: 10, client: 5, to: 14},
			step{at: 53, sender: client, seq: 110, ack: 510, acks: true, client: 3, to: 14},
			step{at: 55, sender: client, seq: 110, ack: 510, acks: true, size: 10, client: 3, to: 14},
			step{at: 56, sender: server, seq: 510, ack: 110, acks: true, client: 3, to: 14}, // of what came before
			step{at: 57, sender: server, seq: 510, ack: 120, acks: true, client: 3, to: 2}),
		"an acknowledgment with data": append(shake[:3:3],
			step{at: 30, sender: client, seq: 100, ack: 500, acks: true, size: 10, client: 5, to: 20},
			step{at: 31, sender: server, seq: 500, ack: 110, acks: true, size: 1, client: 5, to: 20},
			step{at: 32, sender: server, seq: 501, ack: 110, acks: true, client: 5, to: 20}),
		"a segment that is sent again": append(shake[:3:3],
			step{at: 30, sender: client, seq: 100, ack: 500, acks: true, size: 10, client: 5, to: 20},
			step{at: 44, sender: client, seq: 100, ack: 500, acks: true, size: 10, client: 5, to: 20},
			step{at: 45, sender: server, seq: 500, ack: 110, acks: true, client: 5, to: 20}),
		"a SYN that is sent again": {
			{at: 0, sender: client, seq: 99, syn: true},
			{at: 1000, sender: client, seq: 99, syn: true},
			{at: 1001, sender: server, seq: 499, ack: 100, acks: true, syn: true},
			{at: 1006, sender: client, seq: 100, ack: 500, acks: true, client: 5},
		},
		"several segments": append(shake[:3:3],
			step{at: 30, sender: server, seq: 500, ack: 100, acks: true, size: 10, client: 5, to: 20},
			step{at: 32, sender: server, seq: 510, ack: 100, acks: true, size: 10, client: 5, to: 20},
			step{at: 33, sender: client, seq: 100, ack: 520, acks: true, client: 3, to: 20}),
		"clocks that go back": {
			{at: 10, sender: client, seq: 99, syn: true},
			{at: 9, sender: server, seq: 499, ack: 100, acks: true, syn: true},
		},
	} {
		var w ways
		for i, s := range steps {
			at := time.UnixMilli(int64(s.at))
			w.add(&segment{at: at, sender: s.sender, seq: s.seq, ack: s.ack, acks: s.acks, payload: make([]byte, s.size)}, s.syn)
			if want := [2]time.Duration{time.Duration(s.client) * time.Millisecond, time.Duration(s.to) * time.Millisecond}; w.least != want {
				t.Errorf("%s, packet %d: %v, want %v", name, i, w.least, want)
			}
		}
	}
}
