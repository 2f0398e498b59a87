package insight

import (
	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// work is what a transaction has done so far, whether a BEGIN began it or not.
type work struct {
	// firsts are the first statements in it, and count is how many there were. What only controls
	// transactions and the session is not among them.
	firsts [4]uint64 // numbers of statements, or 0
	count  int
	// conflict is the SQLSTATE with which it first lost against another transaction, or empty.
	conflict   string
	shape      *sqltext.Shape // of the statement that failed so
	attributes []sqltext.Attribute
	at         event.Evidence
}

// add adds an exchange.
func (w *work) add(x *exchange) {
	if x.runs() && x.Outcome != event.Skipped && !x.statement.controls() {
		if w.count < len(w.firsts) {
			w.firsts[w.count] = x.statement.number
		}
		w.count++
	}
	lost := x.SQLState == serializationFailure || x.SQLState == deadlockDetected
	if x.Outcome == event.Failed && lost && w.conflict == "" {
		w.conflict, w.shape, w.attributes, w.at = x.SQLState, x.Shape, x.Attributes, x.evidence()
	}
}

// bytes returns how much memory it takes.
func (w *work) bytes() int { return sizeOfWork + sizeOfTexts(w.shape, w.attributes) }

// controls reports whether a statement does nothing to data.
func (st *statement) controls() bool {
	switch st.Verb {
	case "begin", "commit", "rollback", "savepoint", "release", "rollback to", "set", "reset", "show", "deallocate", "discard":
		return true
	}
	return false
}

// beginsLike reports whether a transaction begins with the same statements as one that failed.
func (w *work) beginsLike(failed *work) bool {
	n := min(w.count, failed.count, len(w.firsts))
	for i := range n {
		if w.firsts[i] == 0 || w.firsts[i] != failed.firsts[i] {
			return false
		}
	}
	return n > 0
}

// maxReady is how many ReadyForQuery a connection remembers before the exchanges that they end, and
// fewReady for how many of them memory is kept.
const (
	maxReady = 1000
	fewReady = 32
)

// becomeReady notes that a ReadyForQuery ends an exchange, and with it perhaps a transaction.
func (c *connection) becomeReady(number uint32) {
	if len(c.ready) < maxReady {
		c.ready = append(c.ready, number)
	}
}

// setStatus notes the status of the transaction after an exchange, and reports whether no transaction
// goes on. Exchanges with one Sync all have the status after the last of them.
func (c *connection) setStatus(x *exchange) (ended bool) {
	last := true
	for _, n := range c.ready {
		if n >= x.Number {
			last = n == x.Number
			break
		}
	}
	ends := x.Outcome == event.Done && (x.statement.Verb == "commit" || x.statement.Verb == "rollback")
	switch {
	case !last && ends:
		c.status = 'I'
	case x.Transaction != 0 && (last || x.Transaction != 'I'):
		c.status = x.Transaction
	}
	return ends || c.status == 'I' // COMMIT AND CHAIN begins another
}

// work follows the transaction of a connection through an exchange, which may have ended it.
func (s *Stage) work(c *connection, x *exchange, ended bool) {
	passed := 0
	for passed < len(c.ready) && c.ready[passed] < x.Number { // a Sync that came later than what it ends
		passed++
	}
	if passed > 0 && c.transaction == nil {
		s.endWork(c)
	}
	c.work.add(x)
	if passed < len(c.ready) && c.ready[passed] == x.Number && x.Outcome != event.RolledBack { // otherwise the error of the Sync follows
		passed++
		if ended {
			s.endWork(c)
		}
	} else if ended && c.transaction != nil {
		s.endWork(c)
	}
	if c.ready = append(c.ready[:0], c.ready[passed:]...); len(c.ready) == 0 && cap(c.ready) > fewReady {
		c.ready = nil
	}
}

// endWork ends a transaction, and passes it to the watchers of the client's burst. What the comments
// of its statements say is not asked: BEGIN and COMMIT often have none.
func (s *Stage) endWork(c *connection) {
	if c.work.count > 0 || c.work.conflict != "" {
		burst := s.burst(c.client, tag{})
		tell(burst, func(w accountant) { w.transacted(burst, c) })
	}
	c.work = work{}
}
