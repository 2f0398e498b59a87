package session

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// requests is what has been asked of the server and not yet answered, in order.
// Replies come strictly in the order of requests (documentation section "Message
// Flow"), so that the first of them is what a reply belongs to.
type requests struct {
	queue []request
	first int
	// dropped counts those that are not remembered any more: it is the place of the first in the
	// order of all.
	dropped int
	// guesses is what the server may be answering, where its replies fit what was asked in no
	// single way. It is empty where there is no doubt.
	guesses []guess
	// replied says that the first has got a reply, where it gets several.
	replied bool
	// discarding is set by an error in the extended protocol: the server ignores
	// whatever comes, up to the next Sync.
	discarding bool
	// copyIn is set while the server reads COPY data: it ignores Sync and Flush until
	// the data ends.
	copyIn bool
	// lost is set when there was too much to remember. Nothing is concluded from then
	// on, rather than something wrong.
	lost bool
	// resumes says that this ends with the ReadyForQuery that leaves none of the unseen
	// requests unanswered: it was a gap, not too much.
	resumes bool
	unseen  int
}

// gap forgets everything: requests or replies were never seen.
func (x *requests) gap() { *x = requests{lost: true, resumes: true, dropped: x.dropped} }

// maxRequests is how many unanswered requests are remembered. No server has ever
// been seen that far behind: it would run out of socket buffer.
const maxRequests = 1 << 16

// request is one message of the client that the server answers.
type request struct {
	kind wire.Type
	// number counts the requests of the connection, from 1.
	number uint64
	// exchange is the number of the exchange that the request belongs to.
	exchange uint32
	// about is the SQL of that exchange, nil where it is unknown.
	about *event.Context
	// statement and portal are what a Parse or Bind makes, and what the other
	// messages name; nil where that is unknown.
	statement *statement
	portal    *portal
	// call is what is known of a FunctionCall.
	call *event.Context
	// name, and what it stood for before, serve to take the request back.
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
		*x = requests{lost: true}
		return
	}
	if x.first > 0 && len(x.queue) == cap(x.queue) {
		x.queue = x.queue[:copy(x.queue, x.queue[x.first:])]
		x.first = 0
	}
	x.queue = append(x.queue, r)
}

// current is the request that the server is answering, or nil.
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
	x.queue[x.first] = request{}
	x.first++
	x.dropped++
	x.replied = false
	if x.first == len(x.queue) {
		x.queue, x.first = x.queue[:0], 0
	}
}

// called is what is known of the FunctionCall that the server is answering, or nil.
func (x *requests) called() *event.Context {
	if r := x.current(); r != nil {
		return r.call
	}
	return nil
}

// answered says that a reply of its own has completed the current request, if it is
// of that kind.
func (x *requests) answered(kind wire.Type) {
	if r := x.current(); r != nil && r.kind == kind {
		x.drop()
	}
}

// ready says that the server has sent a ReadyForQuery: it is done with everything up
// to the next Sync, Query or FunctionCall, whose number it gives. It is 0 where that is
// unknown.
func (x *requests) ready() (number uint64) {
	x.copyIn = false
	if x.resumes {
		if x.unseen--; x.unseen <= 0 {
			*x = requests{dropped: x.dropped}
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

// failed says that the server has sent an ErrorResponse. In the extended protocol it
// discards everything up to the next Sync; undo is told what, the last first. A
// Query, a FunctionCall and a Sync end with a ReadyForQuery of their own.
func (x *requests) failed(undo func(*request)) {
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
	for i := end - 1; i >= x.first; i-- {
		undo(&x.queue[i])
	}
	for n := end - x.first; n > 0; n-- {
		x.drop()
	}
}

// copyInBegins says that the server reads COPY data. Each Sync that was sent before
// the data ends gets no ReadyForQuery.
func (x *requests) copyInBegins() {
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

// hasSync reports whether a Sync is among the requests, before any Query: what it ends is not
// over before its ReadyForQuery.
func (x *requests) hasSync() bool {
	for _, r := range x.queue[x.first:] {
		if endsWithReady(r.kind) {
			return r.kind == wire.Sync
		}
	}
	return false
}
