package exchange

import (
	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// settle ends all exchanges up to a number.
func (c *connection) settle(e *event.Event, number uint32) {
	c.finish(e, number, event.Unanswered)
}

// close ends all exchanges, because the connection has ended, and emits them.
func (c *connection) close(e *event.Event, emit func(*event.Event)) {
	unfinished := event.Lost
	if c.cutShort {
		unfinished = event.Unfinished
	}
	c.finish(e, c.last, unfinished)
	for _, x := range c.takeOver() {
		tell(e, x, emit)
	}
}

// takeOver returns the exchanges that are over and were not emitted.
func (c *connection) takeOver() []*event.Exchange {
	told := c.told
	c.told = nil
	return told
}

// finish decides how exchanges have ended. Those that end together are a group: one transaction, if
// it is implicit (documentation section "Pipelining").
func (c *connection) finish(e *event.Event, number uint32, unfinished event.Outcome) {
	n := 0
	for n < len(c.open) && c.open[n].Number <= number {
		n++
	}
	if n == 0 {
		return
	}
	group := c.open[:n]
	ready, at := group[n-1].Transaction, group[n-1].Times.Ready
	var undone []*open // done in this transaction so far
	for _, x := range group {
		x.Outcome = x.outcome(unfinished)
		ignored := x.skipped || c.failed != 0 && x.Number > c.failed
		if x.Outcome == event.Unanswered && ignored && !c.wentOn {
			x.Outcome = event.Skipped
		}
		if x.Outcome == event.Lost && c.hidesReply(x) {
			x.Outcome = event.Unknown
		}
		if x.Outcome == event.Failed || x.Outcome == event.Canceled || x.atSync != nil {
			if !c.explicit && !c.goesOn {
				c.rollBack(x, undone)
			}
			undone, c.unsynced = nil, span{}
		}
		undone = c.follow(x, undone)
	}
	if ready == 0 {
		for _, x := range undone {
			c.unsynced.add(x.Number)
		}
	}
	for _, x := range group {
		x.Transaction, x.Times.Ready = ready, at
		x.NeverAnswered = (x.Outcome == event.Lost || x.Outcome == event.Unanswered) && c.neverAnswered(x)
		c.end(x)
	}
	c.open = append(c.open[:0], c.open[n:]...)
	c.over = e.Elapsed
}

// ready handles a ReadyForQuery, whatever it belongs to: it ends a transaction without BEGIN.
func (c *connection) ready(m *event.Message) {
	c.explicit = m.Bytes[len(m.Bytes)-1] != 'I'
	c.unsynced, c.failed, c.wentOn = span{}, 0, false
}

// outcome returns how an exchange ended by itself.
func (x *open) outcome(unfinished event.Outcome) event.Outcome {
	switch {
	case x.failed && x.SQLState == queryCanceled && x.cancelSeen:
		return event.Canceled
	case x.failed:
		return event.Failed
	case x.suspended:
		return event.Suspended
	case x.completed, x.replied && !x.executes, x.Kind == event.SyncAlone && x.Transaction != 0,
		x.Kind == event.FunctionCall && x.replied, x.Kind == event.Replication:
		return event.Done
	}
	return unfinished
}

// queryCanceled is the SQLSTATE of a statement that was canceled, by whomever.
const queryCanceled = "57014"

// follow follows the transaction through an exchange. It returns what was done in an implicit one.
func (c *connection) follow(x *open, undone []*open) []*open {
	if x.Outcome != event.Done && x.Outcome != event.Suspended {
		return undone
	}
	switch x.Tag {
	case "BEGIN", "START TRANSACTION":
		c.explicit = true
	case "COMMIT", "ROLLBACK", "PREPARE TRANSACTION":
		// If the SQL is not known the transaction may continue, and nothing is said about what
		// follows.
		if x.Context != nil && !sqltext.KeepsTransaction(x.Context.SQL, x.Settings.SQL()) {
			c.explicit = false
		}
	default:
		if !c.explicit && x.executes {
			undone = append(undone, x)
		}
		return undone
	}
	c.unsynced = span{}
	return nil
}

// rollBack marks what an error has undone: what was done in the same implicit transaction.
func (c *connection) rollBack(failed *open, undone []*open) {
	for _, x := range undone {
		x.Outcome = event.RolledBack
	}
	if c.unsynced.first != 0 {
		failed.RolledBackToo, failed.Undone = [2]uint32{c.unsynced.first, c.unsynced.last}, c.unsynced.count
	}
	if failed.atSync != nil {
		if failed.executes {
			failed.Outcome = event.RolledBack
		}
		failed.atSync.RolledBackToo, failed.RolledBackToo = failed.RolledBackToo, [2]uint32{}
		failed.atSync.Undone, failed.Undone = failed.Undone, 0
	}
}

// end removes an exchange from the open ones.
func (c *connection) end(x *open) {
	t := &x.Times
	if c.served > t.Sent && t.Sent != event.NotSeen {
		t.Turn = c.served
	}
	if t.Done != event.NotSeen {
		c.served = t.Done
	}
	if x.late && !x.failed || c.mayBeAnswered(x) {
		if x.RoundTrips > 0 {
			c.untold = x.RoundTrip
		}
		return
	}
	if x.RoundTrips == 0 && c.untold == x.RoundTrip { // the client has waited for both
		x.RoundTrips, c.untold = 1, 0
	}
	x.takeShape()
	x.Widest, x.WidestBytes = x.widths.widest()
	t.ClientWay, t.ServerWay = c.ways[0], c.ways[1]
	own := x.Exchange
	c.told = append(c.told, &own)
	if x.atSync != nil {
		c.served = x.atSync.Times.Done
		x.atSync.Transaction, x.atSync.Times.Ready = x.Transaction, x.Times.Ready
		x.atSync.Times.ClientWay, x.atSync.Times.ServerWay = t.ClientWay, t.ServerWay
		c.told = append(c.told, x.atSync)
	}
}

// takeShape remembers the shape of the SQL that the exchange runs.
func (x *open) takeShape() {
	if c := x.Context; c != nil && c.Shaped != nil {
		x.Shape, x.Attributes = c.Shaped.Shape, c.Shaped.Attributes
	}
}

// doubt notes that the server has sent something that may be a reply to any of the open exchanges.
func (c *connection) doubt(e *event.Event) {
	if e.Direction == event.ServerToClient {
		c.doubted = c.last
	}
}

// answers reports whether a message of the server may be a part of a reply.
func answers(m *event.Message) bool {
	switch m.Type {
	case wire.NoticeResponse, wire.ParameterStatus, wire.YbParameterStatus, wire.NotificationResponse:
		return false
	}
	return true
}

// obscure notes that the whole reply of any of the open exchanges may have been in what was seen.
func (c *connection) obscure(e *event.Event) {
	if e.Direction == event.ServerToClient {
		c.obscured = c.last
	}
}

// hidesReply reports whether an exchange of which no reply is known may have been answered in whole.
func (c *connection) hidesReply(x *open) bool {
	return !x.replied && x.Number <= c.obscured
}

// mayBeAnswered reports whether it is not known if an exchange was answered: no reply is known to
// be its own, but one that was seen may be.
func (c *connection) mayBeAnswered(x *open) bool {
	return x.Outcome == event.Unanswered && !x.replied && x.Number <= c.doubted
}

// neverAnswered reports whether nothing of a reply was seen, although everything that was sent was.
func (c *connection) neverAnswered(x *open) bool {
	return x.Times.Answered == event.NotSeen && x.Number > c.doubted
}
