package session

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// belonging is which exchange a message belongs to.
type belonging struct {
	exchange uint32 // 0 if there is none, or if it is not known
	skipped  bool   // the server ignores it
	atSync   bool   // it is the error of a Sync
	// context is what the message is shown with. about is the SQL of its exchange.
	context, about *event.Context
	mistake        string // of the server
}

// number returns the exchange that a request begins or belongs to. A Query is one by itself, and so
// is everything that leads to an Execute. A Sync belongs to the last exchange, unless that has one.
func (y *memory) number(t wire.Type) uint32 {
	switch t {
	case wire.CopyDone, wire.CopyFail:
		y.unsynced = y.unsynced || !y.alone
	case wire.Sync:
		if !y.unsynced {
			y.begin()
		}
		y.complete, y.unsynced = true, false
	case wire.Query, wire.FunctionCall:
		y.begin()
		y.complete, y.alone, y.unsynced = true, true, false
	default:
		if y.complete || y.exchange == 0 {
			y.begin()
		}
		y.complete, y.unsynced = t == wire.Execute, true
	}
	return y.exchange
}

func (y *memory) begin() {
	y.exchange++
	y.about, y.alone = nil, false
}

// maxIgnored is how many of the requests that the server ignores are remembered.
const maxIgnored = 1000

// forgetIgnored undoes what ignored requests did to names.
func (y *memory) forgetIgnored() {
	for i := len(y.ignored) - 1; i >= 0; i-- {
		y.names.undo(&y.ignored[i])
	}
	y.ignored = nil
}

// conclude finds out which exchanges are over. An exchange is over with its last reply, or with the
// ReadyForQuery of its Sync if that was sent before the last reply came.
func (y *memory) conclude(m *wire.Message, exchange uint32) {
	x := &y.requests
	over := y.over
	r := x.current()
	switch {
	case x.lost:
	case m.Type == wire.ReadyForQuery:
		over = exchange
	case x.hasSync(), r != nil && r.exchange == 0:
	case r != nil:
		over = r.exchange - 1
	case x.discarding: // it is not known yet that the server ignores the others
		over = exchange
	case y.complete:
		over = y.exchange
	default:
		over = y.exchange - min(y.exchange, 1)
	}
	y.over = max(y.over, over)
}
