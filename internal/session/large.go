package session

import "pgpi/internal/event"

// bigMessage is a message too large to wait for.
type bigMessage struct {
	seen     int64
	kept     []byte
	reserved int // in the budget
}

// keepStep is how much of the budget a large message takes at a time, in bytes.
const keepStep = 64 << 10

// keep adds to the prefix, up to most bytes and as far as the budget allows. Once something was
// left out, nothing more is kept: a prefix has no holes.
func (b *bigMessage) keep(data []byte, most int, budget *Budget) {
	data = data[:max(0, min(len(data), most-len(b.kept)))]
	for len(b.kept)+len(data) > b.reserved+minKept {
		if int64(len(b.kept)) < b.seen || !budget.reserve(keepStep) {
			data = data[:max(0, min(len(data), b.reserved+minKept-len(b.kept)))]
			break
		}
		b.reserved += keepStep
	}
	if int64(len(b.kept)) == b.seen {
		b.kept = append(b.kept, data...)
	}
}

// drop forgets a message too large to wait for.
func (t *Tracker) drop(stream int) {
	if big := t.bigs[stream]; big != nil {
		t.budget.release(big.reserved)
		t.bigs[stream] = nil
	}
}

// beginning returns what there is of a message that is not complete.
func (t *Tracker) beginning(d event.Direction, pending []byte) []byte {
	if big := t.bigs[place(d)]; big != nil {
		return big.kept
	}
	return pending
}
