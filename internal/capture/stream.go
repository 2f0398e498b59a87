package capture

import (
	"slices"
	"time"
)

// Reassembly delivers the bytes of both directions in order, and no segment before what it
// acknowledges: a reply never comes before its request, even if packets were lost or reordered.
// What does not come is a gap, once it was acknowledged and a little has passed, or once too much
// waits for it.
//
// A library does the first half of this (gopacket's reassembly). It does not look at
// acknowledgments, which is what keeps the two directions in order.

// Limits on waiting for a missing segment.
const (
	// maxHeld is how many bytes of segments wait in a conversation. maxHeldSegments is how many
	// segments.
	maxHeld         = 1 << 20
	maxHeldSegments = 256
	// patience is how long segments wait for one that its receiver has acknowledged. It was lost by
	// the capture, or comes a little later. A segment that was not acknowledged will be sent again.
	patience         = 64
	patienceTime     = 200 * time.Millisecond
	longPatienceTime = 2 * time.Minute
)

// segment is a TCP segment that waits.
type segment struct {
	at       time.Time
	sender   int
	seq, ack uint32
	acks     bool
	payload  []byte
	cut      int
	fin      bool
}

// size returns how many sequence numbers a segment takes.
func (s *segment) size() int {
	n := len(s.payload) + s.cut
	if s.fin {
		n++
	}
	return n
}

// tcp is the state of both directions of a conversation.
type tcp struct {
	next  [2]uint32 // the next sequence number, by sender
	known [2]bool
	acked [2]uint32 // what the other end has acknowledged
	held  []segment // in the order of the capture
	bytes int       // of held
	// arrivals counts segments since the first held one came.
	arrivals int
}

// receiver receives what is in order.
type receiver interface {
	data(at time.Time, sender int, b []byte)
	gap(at time.Time, sender int, size int64)
	fin(at time.Time, sender int)
}

// after reports whether sequence number a comes after b. Sequence numbers wrap around.
func after(a, b uint32) bool { return int32(b-a) < 0 }

// add adds a segment. Its payload is valid until add returns.
func (t *tcp) add(s segment, to receiver) {
	other := 1 - s.sender
	if !t.known[s.sender] {
		t.next[s.sender], t.known[s.sender] = s.seq, true
		t.acked[s.sender] = s.seq
	}
	if s.acks {
		if !t.known[other] {
			t.next[other], t.known[other] = s.ack, true
			t.acked[other] = s.ack
		}
		if after(s.ack, t.acked[other]) {
			t.acked[other] = s.ack
		}
	}
	if len(t.held) == 0 && (s.size() == 0 || t.ready(&s)) {
		t.deliver(&s, to)
		return
	}
	t.hold(s)
	t.release(to)
	for len(t.held) > 0 && t.impatient(s.at) {
		t.giveUp(to)
	}
}

// ready reports whether everything before a segment, and everything that it acknowledges, was
// delivered.
func (t *tcp) ready(s *segment) bool {
	other := 1 - s.sender
	return !after(s.seq, t.next[s.sender]) && (!s.acks || !after(s.ack, t.next[other]))
}

// deliver passes on what is new in a segment.
func (t *tcp) deliver(s *segment, to receiver) {
	old := int(int32(t.next[s.sender] - s.seq))
	if s.size() == 0 || old >= s.size() {
		return // it was sent again
	}
	fresh := s.payload[min(old, len(s.payload)):]
	t.next[s.sender] = s.seq + uint32(s.size())
	if len(fresh) > 0 {
		to.data(s.at, s.sender, fresh)
	}
	if missing := s.cut - max(0, old-len(s.payload)); missing > 0 {
		to.gap(s.at, s.sender, int64(missing))
	}
	if s.fin {
		to.fin(s.at, s.sender)
	}
}

// hold keeps a copy of a segment with something new in it.
func (t *tcp) hold(s segment) {
	if len(t.held) == 0 {
		t.arrivals = 0
	}
	t.arrivals++
	if s.size() == 0 || !after(s.seq+uint32(s.size()), t.next[s.sender]) {
		return
	}
	s.payload = slices.Clone(s.payload)
	t.held = append(t.held, s)
	t.bytes += len(s.payload)
}

// release delivers the segments that have waited long enough.
func (t *tcp) release(to receiver) {
	for i := 0; i < len(t.held); i++ {
		if s := t.held[i]; t.ready(&s) {
			t.held = slices.Delete(t.held, i, i+1)
			t.bytes -= len(s.payload)
			t.deliver(&s, to)
			i = -1
		}
	}
}

// impatient reports whether a missing segment has been waited for long enough.
func (t *tcp) impatient(now time.Time) bool {
	waited := now.Sub(t.held[0].at)
	sender, _ := t.firstMissing()
	acknowledged := after(t.acked[sender], t.next[sender])
	return t.bytes > maxHeld || len(t.held) > maxHeldSegments || waited > longPatienceTime ||
		acknowledged && (t.arrivals > patience || waited > patienceTime)
}

// firstMissing returns whose bytes are missing, and up to which sequence number.
func (t *tcp) firstMissing() (sender int, end uint32) {
	first := &t.held[0]
	sender, end = first.sender, first.seq
	if !after(first.seq, t.next[first.sender]) {
		sender, end = 1-first.sender, first.ack
	}
	for i := range t.held {
		if s := &t.held[i]; s.sender == sender && after(s.seq, t.next[sender]) && after(end, s.seq) {
			end = s.seq
		}
	}
	return sender, end
}

// giveUp turns what the first of the waiting segments waits for into a gap. The gap has the time of
// that segment, so that what follows it is not earlier.
func (t *tcp) giveUp(to receiver) {
	at := t.held[0].at
	sender, end := t.firstMissing()
	size := end - t.next[sender]
	t.next[sender] = end
	t.arrivals = 0
	to.gap(at, sender, int64(size))
	t.release(to)
}

// flush delivers everything that waits, with its gaps.
func (t *tcp) flush(to receiver) {
	for len(t.held) > 0 {
		t.giveUp(to)
	}
}
