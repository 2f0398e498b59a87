package capture

import (
	"container/list"
	"time"

	"pgpi/internal/event"
)

// flow is a TCP conversation in a capture, Postgres or not.
type flow struct {
	ends [2]end // the sender of the first packet is first
	tcp  tcp
	ways ways
	// client is the index of the end that is the client, if that is known.
	client  int
	certain bool
	began   bool // with a SYN: nothing came before
	ignored bool // it is not Postgres
	// opening is what the client said first, while that does not show what it is. openedAt is when
	// it began.
	opening  []byte
	openedAt time.Time
	// dialogue is nil until there is something to decode.
	dialogue *dialogue
	// accepted is set if a server has answered the SYN. left is who was first to end the connection
	// before anything was said. ended is which ends have ended it.
	accepted bool
	left     event.Party
	reset    bool
	ended    [2]bool
	place    *list.Element // in the list of flows, ordered by last packet
	last     time.Time
	waiting  int // bytes that wait for others
}

// flowKey finds a flow, whichever end sends.
type flowKey struct{ low, high end }

func keyOf(a, b end) flowKey {
	for i := range a {
		if a[i] != b[i] {
			if a[i] > b[i] {
				a, b = b, a
			}
			break
		}
	}
	return flowKey{a, b}
}

// flows are the open conversations, in limited number.
type flows struct {
	reader *Reader
	byKey  map[flowKey]*flow
	order  list.List // of *flow, the one silent for longest first
	// waiting is how many bytes wait for others in all flows.
	waiting int
}

// Limits on what is remembered: conversations, and bytes that wait in them. The conversation that
// was silent for longest makes room.
const (
	maxFlows   = 1 << 16
	maxWaiting = 128 << 20
)

// add adds a TCP packet.
func (t *flows) add(at time.Time, p *frame) {
	key := keyOf(p.from, p.to)
	f := t.byKey[key]
	if f != nil && p.flags&flagSYN != 0 && f.isNew(p) {
		t.close(key, f)
		f = nil
	}
	if f == nil {
		if p.flags&flagRST != 0 || p.flags&flagSYN == 0 && len(p.payload) == 0 {
			return // the last words of a closed conversation, or a sign of life
		}
		f = t.open(key, at, p)
	}
	t.order.MoveToBack(f.place)
	f.last = at
	if f.ignored {
		if p.flags&(flagRST|flagFIN) != 0 {
			t.close(key, f)
		}
		return
	}
	f.segment(t.reader, at, p)
	if f.over() || p.flags&flagRST != 0 && f.resets(t.reader, at, p) {
		t.close(key, f)
		return
	}
	t.weigh(f)
	for t.waiting > maxWaiting && t.order.Len() > 1 {
		t.closeOldest()
	}
}

// weigh counts what waits in a conversation.
func (t *flows) weigh(f *flow) {
	waiting := f.tcp.bytes + cap(f.opening)
	if d := f.dialogue; d != nil {
		waiting += d.waiting()
	}
	t.waiting += waiting - f.waiting
	f.waiting = waiting
}

// closeOldest ends the conversation that was silent for longest.
func (t *flows) closeOldest() {
	oldest, _ := t.order.Front().Value.(*flow)
	t.close(keyOf(oldest.ends[0], oldest.ends[1]), oldest)
}

// isNew reports whether a SYN begins another conversation between the same ends.
func (f *flow) isNew(p *frame) bool {
	sender := f.senderOf(p)
	return f.tcp.known[sender] && p.seq+1 != f.tcp.next[sender] && int32(p.seq+1-f.tcp.next[sender]) > 0 ||
		f.tcp.known[sender] && int32(f.tcp.next[sender]-p.seq-1) > maxHeld
}

func (f *flow) senderOf(p *frame) int {
	if p.from == f.ends[0] {
		return 0
	}
	return 1
}

// open begins to follow a conversation. It finds out which end is the client if the packet or a
// port says so.
func (t *flows) open(key flowKey, at time.Time, p *frame) *flow {
	if len(t.byKey) >= maxFlows {
		t.closeOldest()
	}
	f := &flow{ends: [2]end{p.from, p.to}, last: at, openedAt: at}
	switch {
	case p.flags&(flagSYN|flagACK) == flagSYN:
		f.client, f.certain, f.began = 0, true, true
	case p.flags&flagSYN != 0:
		f.client, f.certain, f.began = 1, true, true
	case t.reader.isServer(p.to) != t.reader.isServer(p.from):
		f.certain = true
		if t.reader.isServer(p.from) {
			f.client = 1
		}
	}
	f.place = t.order.PushBack(f)
	t.byKey[key] = f
	return f
}

// close ends a conversation and forgets it.
func (t *flows) close(key flowKey, f *flow) {
	r := &flowReceiver{f, t.reader}
	f.tcp.flush(r)
	r.settle(f.last)
	if f.dialogue != nil {
		if !f.over() && !f.dialogue.broken {
			f.dialogue.say(f.last, event.CaptureEnded{})
		}
		f.dialogue.close(f.last)
	}
	t.order.Remove(f.place)
	t.waiting -= f.waiting
	delete(t.byKey, key)
}

// closeAll ends all conversations, in the order of their last packets.
func (t *flows) closeAll() {
	for t.order.Len() > 0 {
		t.closeOldest()
	}
}

// hasServerPort reports whether one of the ends has a port where Postgres is expected.
func (f *flow) hasServerPort(r *Reader) bool { return r.isServer(f.ends[0]) || r.isServer(f.ends[1]) }

// segment handles what a packet says about the stream.
func (f *flow) segment(r *Reader, at time.Time, p *frame) {
	s := segment{
		at: at, sender: f.senderOf(p), seq: p.seq, ack: p.ack, acks: p.flags&flagACK != 0,
		payload: p.payload, cut: p.cut, fin: p.flags&flagFIN != 0,
	}
	if p.flags&flagRST == 0 {
		f.ways.add(&s, p.flags&flagSYN != 0)
		f.tellWays(at)
	}
	f.accepted = f.accepted || p.flags&(flagSYN|flagACK) == flagSYN|flagACK
	if p.flags&flagSYN != 0 {
		f.tcp.next[s.sender], f.tcp.known[s.sender] = p.seq+1, true
		f.tcp.acked[s.sender] = p.seq + 1
		s.seq++
	}
	if p.flags&flagRST != 0 {
		s.payload, s.cut, s.fin, s.acks = nil, 0, false, false // it has no data, and its numbers may be meaningless
		s.seq = f.tcp.next[s.sender]
	}
	f.tcp.add(s, &flowReceiver{f, r})
}

// over reports whether both directions have ended.
func (f *flow) over() bool {
	if d := f.dialogue; d != nil {
		return d.halves[0].ended && d.halves[1].ended
	}
	return f.ended[0] && f.ended[1]
}

// resets reports whether a packet breaks the conversation off.
func (f *flow) resets(r *Reader, at time.Time, p *frame) bool {
	f.tcp.flush(&flowReceiver{f, r})
	party := event.PartyOf(f.direction(f.senderOf(p)))
	f.leave(party, true)
	if d := f.dialogue; d != nil {
		d.breakOff(at, party)
	}
	return true
}

// leave remembers who was first to end the conversation.
func (f *flow) leave(p event.Party, reset bool) {
	if f.left == "" {
		f.left, f.reset = p, reset
	}
}

// direction returns the direction from an end.
func (f *flow) direction(sender int) event.Direction {
	if sender == f.client {
		return event.ClientToServer
	}
	return event.ServerToClient
}

// isServer reports whether an end has a port where Postgres is expected.
func (r *Reader) isServer(e end) bool { return r.ports[e.port()] }
