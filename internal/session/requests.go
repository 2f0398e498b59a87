package session

import (
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// requests are what has been asked of the server and not answered yet, in order. Replies come
// strictly in the order of requests (documentation section "Message Flow"), so a reply belongs to
// the first of them.
type requests struct {
	queue []request
	first int
	// dropped counts those that are not remembered any more, which is the position of the first in
	// the order of all.
	dropped int
	// guesses are what the server may be answering, if its replies do not fit what was asked in a
	// single way. It is empty while there is no doubt.
	guesses []guess
	// replied is set if the first has got a reply and will get more.
	replied bool
	// discarding is set by an error in the extended protocol: the server ignores everything up to
	// the next Sync.
	discarding bool
	// passed are those that the server ignores. goesOn is set once it was seen that it does not.
	// restored are those that are in the queue again.
	passed   passed
	goesOn   bool
	restored []request
	// copyIn is set while the server reads COPY data: it ignores Sync and Flush until the data
	// ends.
	copyIn bool
	// lost is set if there was too much to remember. From then on nothing is concluded, because it
	// could be wrong.
	lost bool
	// resumes is set if lost ends with the ReadyForQuery that leaves no unseen request unanswered:
	// it was a gap, not too much.
	resumes bool
	unseen  int
	// answeredLast is the type of the request that was dropped last.
	answeredLast wire.Type
}

// gap forgets everything: some requests or replies were not seen.
func (x *requests) gap() {
	*x = requests{lost: true, resumes: true, dropped: x.dropped, goesOn: x.goesOn}
}

// maxRequests is how many unanswered requests are remembered. No server has been seen to be that
// far behind: it would run out of socket buffer.
const maxRequests = 1 << 16

// request is a message of the client that the server answers.
type request struct {
	kind wire.Type
	// number counts the requests of the connection, from 1.
	number uint64
	// exchange is the number of the exchange that the request belongs to.
	exchange uint32
	// about is the SQL of that exchange, or nil if it is not known.
	about *event.Context
	// statement and portal are what a Parse or Bind makes, and what the other messages name. They
	// are nil if that is not known.
	statement *statement
	portal    *portal
	// call is what is known about a FunctionCall.
	call *event.Context
	// name, and what it stood for before, are needed to undo the request.
	name       string
	statement0 named[statement]
	portal0    named[portal]
}

// add remembers a request.
func (x *requests) add(r request) {
	if x.lost {
		if endsWithReady(r.kind) {
			x.unseen++
		}
		return
	}
	if len(x.queue)-x.first >= maxRequests {
		*x = requests{lost: true, goesOn: x.goesOn}
		return
	}
	if x.first > 0 && len(x.queue) == cap(x.queue) {
		x.queue = x.queue[:copy(x.queue, x.queue[x.first:])]
		x.first = 0
	}
	x.queue = append(x.queue, r)
}

// current returns the request that the server is answering, or nil.
func (x *requests) current() *request {
	for x.first < len(x.queue) {
		if r := &x.queue[x.first]; r.kind != wire.CopyDone {
			return r
		}
		x.drop() // the end of COPY data that the server never asked for
	}
	return nil
}

// drop forgets the first request.
func (x *requests) drop() {
	x.passed = passed{}
	x.answeredLast = x.queue[x.first].kind
	x.queue[x.first] = request{}
	x.first++
	x.dropped++
	x.replied = false
	if x.first == len(x.queue) {
		x.queue, x.first = x.queue[:0], 0
	}
}

// functionCall returns what is known about the FunctionCall that the server is answering, or nil.
func (x *requests) functionCall() *event.Context {
	if r := x.current(); r != nil {
		return r.call
	}
	return nil
}

// skips reports whether the server ignores what the client sends now.
func (x *requests) skips() bool { return x.discarding && !x.goesOn }

// complete notes that a reply of its own has completed the current request, if that is of a kind.
func (x *requests) complete(kind wire.Type) {
	if r := x.current(); r != nil && r.kind == kind {
		x.drop()
	}
}

// becomeReady notes that the server has sent a ReadyForQuery. It is done with everything up to the
// next Sync, Query or FunctionCall. becomeReady returns the number of that, or 0 if it is not
// known.
func (x *requests) becomeReady() (number uint64) {
	x.copyIn = false
	if x.resumes {
		if x.unseen--; x.unseen <= 0 {
			*x = requests{dropped: x.dropped, goesOn: x.goesOn}
		}
		return 0
	}
	for x.first < len(x.queue) {
		r := x.queue[x.first]
		x.drop()
		if endsWithReady(r.kind) {
			return r.number
		}
	}
	return 0
}

// endsWithReady reports whether the server answers a request with a ReadyForQuery.
func endsWithReady(kind wire.Type) bool {
	return kind == wire.Sync || kind == wire.Query || kind == wire.FunctionCall
}

// fail notes that the server has sent an ErrorResponse. In the extended protocol the server
// discards everything up to the next Sync; undo is called with each of those, last first. A Query,
// a FunctionCall and a Sync end with a ReadyForQuery of their own.
func (x *requests) fail(undo func(*request)) {
	x.copyIn = false
	r := x.current()
	if r == nil || endsWithReady(r.kind) {
		return
	}
	end := x.first
	for end < len(x.queue) && x.queue[end].kind != wire.Sync {
		end++
	}
	x.discarding = end == len(x.queue)
	failed := passed{at: x.dropped, queue: slices.Clone(x.queue[x.first:min(end+maxBehind, len(x.queue))])}
	for i := end - 1; i >= x.first; i-- {
		undo(&x.queue[i])
	}
	for n := end - x.first; n > 0; n-- {
		x.drop()
	}
	x.passed = failed
}

// beginCopyIn notes that the server reads COPY data. A Sync that was sent before the data ends
// gets no ReadyForQuery.
func (x *requests) beginCopyIn() {
	x.guesses = nil
	kept := x.first
	ended := false
	for i := x.first; i < len(x.queue); i++ {
		r := x.queue[i]
		switch {
		case !ended && r.kind == wire.CopyDone:
			ended = true
			continue
		case !ended && r.kind == wire.Sync:
			continue
		}
		x.queue[kept] = r
		kept++
	}
	clear(x.queue[kept:])
	x.queue = x.queue[:kept]
	x.copyIn = !ended
}

// hasSync reports whether there is a Sync among the requests, before any Query. What it ends is not
// over before its ReadyForQuery.
func (x *requests) hasSync() bool {
	for _, r := range x.queue[x.first:] {
		if endsWithReady(r.kind) {
			return r.kind == wire.Sync
		}
	}
	return false
}
