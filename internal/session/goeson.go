package session

import (
	"slices"

	"pgpi/internal/wire"
)

// After an error in the extended protocol, a server ignores everything up to the next Sync
// (documentation section "Extended Query"). Some servers that are not PostgreSQL go on instead. So
// what should be ignored is remembered until the ReadyForQuery, and a reply that only fits there
// shows that the server goes on.

// passed is what has got an error, what a server should ignore after it, and what was asked behind
// that when the error came, as if there had been no error.
type passed struct {
	at    int // position of the first of them
	queue []request
}

// maxBehind is how many requests behind those that are ignored are remembered: each error costs so
// much.
const maxBehind = 100

// atPlace returns the request at a position, or nil if there is none.
func (p *passed) atPlace(place int) *request {
	if i := place - p.at; i >= 0 && i < len(p.queue) {
		return &p.queue[i]
	}
	return nil
}

// pass remembers a request that the server should ignore, and that is not in the queue.
func (x *requests) pass(r request) {
	if len(x.passed.queue) >= maxIgnored || x.first < len(x.queue) {
		x.passed = passed{}
		return
	}
	if len(x.passed.queue) == 0 {
		x.passed.at = x.dropped
	}
	x.passed.queue = append(x.passed.queue, r)
	x.dropped++
}

// mayGoOn reports whether a reply may show that the server has gone on after an error. A server that
// has not, sends no second error.
func (x *requests) mayGoOn(t wire.Type) bool {
	for i := range min(len(x.passed.queue), max(0, x.dropped-x.passed.at)) {
		if r := &x.passed.queue[i]; r.kind != wire.CopyDone && answers(t, r, true) {
			return true
		}
	}
	return false
}

// beginToGoOn begins to guess whether the server has gone on, and describes the mistake if it was not
// known that the server does that.
func (x *requests) beginToGoOn(t wire.Type) (mistake string) {
	stays := guess{at: x.dropped, replied: x.replied}
	again := guess{at: x.passed.at, on: true, mistakes: 1} // the error did not end that request
	on := guess{at: x.passed.at + 1, on: true, mistakes: 1, failed: x.passed.queue[0].exchange}
	if t == wire.ErrorResponse {
		stays.mistakes = 1
	}
	if x.goesOn {
		on.mistakes = 0
	} else {
		mistake = t.String() + " after an ErrorResponse, although everything up to the next Sync should be ignored"
	}
	x.guesses = append(x.guesses, stays, on, again)
	return mistake
}

// behind returns where a server continues that ignores the rest of what has failed, but nothing
// behind that.
func (x *requests) behind(g guess) (place int) {
	place = g.at
	for r := x.at(place); g.failed != 0 && r != nil && r.exchange == g.failed && !endsWithReady(r.kind); r = x.at(place) {
		place++
	}
	return place
}

// unanswered returns how many mistakes it is to go on with the request at a place: several missing
// replies count as two, and those to the rest of what has failed do not count.
func (x *requests) unanswered(g guess, place int) int {
	rest := x.behind(g)
	if place == rest && rest > g.at {
		return 0
	}
	return max(1, min(2, place-rest))
}

// goOn makes the request at a position the current one, although the server should ignore it.
func (x *requests) goOn(place int) {
	later := x.passed.at + len(x.passed.queue)
	queue := slices.Clone(x.passed.queue[place-x.passed.at:])
	for p := max(later, x.dropped); x.at(p) != nil; p++ {
		queue = append(queue, *x.at(p))
	}
	x.restored = x.passed.queue[min(1, place-x.passed.at):max(0, min(x.dropped, later)-x.passed.at)]
	x.queue, x.first, x.dropped, x.passed = queue, 0, place, passed{}
	x.discarding, x.goesOn, x.replied = false, true, false
}

// restore gives names to what the server has made after all.
func (y *memory) restore() {
	restored := y.requests.restored
	if len(restored) == 0 {
		return
	}
	for i := len(y.ignored) - 1; i >= 0; i-- {
		if r := &y.ignored[i]; r.number < restored[0].number {
			y.names.undo(r) // it has failed
		}
	}
	for i := range restored {
		y.names.redo(&restored[i])
	}
	y.requests.restored, y.ignored = nil, nil
}

// redo does to names what a request did, unless a later one changed them.
func (n *names) redo(r *request) {
	switch r.kind {
	case wire.Parse:
		if n.statements[r.name].by < r.number {
			n.setStatement(r.name, named[statement]{r.statement, r.number})
		}
	case wire.Bind:
		if n.portals[r.name].by < r.number {
			n.setPortal(r.name, named[portal]{r.portal, r.number})
		}
	case wire.Close, wire.Query:
		if n.statements[r.name].by < r.number && r.statement0.what != nil {
			n.setStatement(r.name, named[statement]{})
		}
		if n.portals[r.name].by < r.number && r.portal0.what != nil {
			n.setPortal(r.name, named[portal]{})
		}
	}
}
