package exchange

import (
	"strings"

	"pgpi/internal/event"
)

// settle ends all exchanges up to a number.
func (c *connection) settle(e *event.Event, number uint32) {
	c.finish(e, number, event.Unanswered)
}

// close ends all exchanges, because the connection has ended, and tells them.
func (c *connection) close(e *event.Event, emit func(*event.Event)) {
	c.finish(e, c.last, event.Lost)
	for _, x := range c.takeOver() {
		tell(e, x, emit)
	}
}

// takeOver takes the exchanges that are over and were not told.
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
	explicit := c.transaction == 'T' || c.transaction == 'E'
	var undone []*open // done in this transaction, so far
	for _, x := range group {
		x.Outcome = x.outcome(unfinished)
		if x.Outcome == event.Unanswered && (c.failing || x.skipped) {
			x.Outcome = event.Skipped
		}
		c.failing = c.failing || x.failed
		if x.Outcome == event.Failed || x.Outcome == event.Canceled || x.atSync != nil {
			if !explicit {
				c.rollBack(x, undone)
			}
			undone = nil
		}
		explicit = c.follow(x, explicit, &undone)
	}
	for _, x := range group {
		x.Transaction, x.Times.Ready = ready, at
		c.end(x)
	}
	c.open = append(c.open[:0], c.open[n:]...)
	if ready != 0 {
		c.transaction, c.unsynced, c.failing = ready, span{}, false
	}
	c.over = e.Elapsed
}

// outcome is how an exchange ended by itself.
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

// follow follows the transaction through an exchange that was done.
func (c *connection) follow(x *open, explicit bool, undone *[]*open) bool {
	if x.Outcome != event.Done && x.Outcome != event.Suspended {
		return explicit
	}
	switch word, _, _ := strings.Cut(x.Tag, " "); word {
	case "BEGIN", "START":
		*undone = nil
		return true
	case "COMMIT", "ROLLBACK", "PREPARE":
		*undone, c.unsynced = nil, span{}
		return false
	}
	if !explicit && x.executes {
		*undone = append(*undone, x)
	}
	return explicit
}

// rollBack says what an error has undone: what was done in the same implicit transaction.
func (c *connection) rollBack(failed *open, undone []*open) {
	for _, x := range undone {
		x.Outcome = event.RolledBack
	}
	if c.unsynced.first != 0 {
		failed.RolledBackToo = [2]uint32{c.unsynced.first, c.unsynced.last}
	}
	if failed.atSync != nil {
		failed.Outcome = event.RolledBack
		failed.atSync.RolledBackToo, failed.RolledBackToo = failed.RolledBackToo, [2]uint32{}
	}
}

// end takes an exchange out of those that are open.
func (c *connection) end(x *open) {
	t := &x.Times
	if c.served > t.Sent && t.Sent != event.NotSeen {
		t.Turn = c.served
	}
	if t.Done != event.NotSeen {
		c.served = t.Done
	}
	switch {
	case x.Transaction != 0: // nothing can happen to it any more
	case x.failed:
		c.unsynced = span{}
	case x.Kind == event.Extended && x.Outcome == event.Done && c.transaction == 'I':
		c.unsynced.add(x.Number)
	}
	own := x.Exchange
	c.told = append(c.told, &own)
	if x.atSync != nil {
		c.told = append(c.told, x.atSync)
	}
}
