package session

import (
	"pgpi/internal/wire"
)

// doubt is about whether unseen requests may be under way. Then a reply that fits no request is not
// a mistake of the server: requests and replies are out of step.
type doubt struct {
	is bool
	// turns counts how often the client has asked while nothing was under way, as a client does
	// that waits for each reply. It would not ask if a reply to an unseen request were still to
	// come.
	turns int
}

// enoughTurns are enough to remove the doubt.
const enoughTurns = 3

// Continue notes that unseen requests may be under way, although the names in use were seen.
func (t *Tracker) Continue() {
	t.memory.doubt = doubt{is: true}
	t.memory.names.partial = true
}

// asks counts a request.
func (d *doubt) asks(x *requests) {
	if !d.is || x.lost || x.current() != nil {
		return
	}
	if d.turns++; d.turns >= enoughTurns {
		*d = doubt{}
	}
}

// answers reports whether a reply is out of step. Then it is not known which request is being
// answered, until all are.
func (d *doubt) answers(x *requests, t wire.Type) (outOfStep bool) {
	if !d.is || x.lost || len(x.guesses) > 0 || answers(t, x.current(), x.replied) {
		return false
	}
	unseen := 0
	for _, r := range x.queue[x.first:] {
		if endsWithReady(r.kind) {
			unseen++
		}
	}
	x.gap()
	x.unseen = unseen
	d.turns = 0
	return true
}
