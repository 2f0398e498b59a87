package session

import (
	"pgpi/internal/wire"
)

// doubt is whether requests may be under way that were not seen. Then a reply that fits none is no
// mistake of the server: what is asked and what is answered are out of step.
type doubt struct {
	is bool
	// turns counts how often the client has asked when nothing was under way, as one does that waits
	// for each reply. While a reply were still to come to a request that was not seen, it would not.
	turns int
}

// enoughTurns leave no doubt.
const enoughTurns = 3

// Continue says that requests may be under way which were not seen, though what is named was.
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

// answers finds out that a reply is out of step: which request is being answered is then not known,
// until all is answered.
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
