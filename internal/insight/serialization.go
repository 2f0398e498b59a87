package insight

import (
	"fmt"

	"pgpi/internal/event"
)

// serialization finds transactions that lost against others.
var serialization = Rule{
	Name: "serialization", Severity: event.Warning, within: aBurst,
	Title:  "Transactions fail because of each other",
	Fires:  "A statement of a transaction fails with 40001 (serialization failure) or 40P01 (deadlock). It is a warning if at least 10 % of the transactions in the burst fail so, and a note otherwise.",
	Silent: "Other errors.",
	Help: "Whoever uses SERIALIZABLE or REPEATABLE READ has to run a transaction again that failed with 40001, from its beginning. The sentence says how many were followed, on the same connection, by a transaction that began with the same statements. " +
		"Deadlocks do not happen where all transactions lock rows in the same order. Short transactions conflict less.",
	watch: func(*Options) watcher { return new(conflicts) },
}

// conflicts counts the transactions of a burst that lost.
type conflicts struct {
	transactions int64
	kinds        []conflict
	// waiting are transactions that failed as the last of their connections so far.
	waiting map[uint32]work
}

// conflict is what failed with one SQLSTATE.
type conflict struct {
	code            string
	first           work
	count, followed int64
	connections     []uint32
	evidence        []event.Evidence
}

// maxWaiting is how many transactions that failed are remembered, and how many connections.
const maxWaiting = 1000

func (w *conflicts) begin(*scope) {
	clear(w.kinds)
	clear(w.waiting)
	w.transactions, w.kinds = 0, w.kinds[:0]
}

func (*conflicts) take(*scope, *exchange) {}

func (w *conflicts) transacted(s *scope, c *connection) {
	w.transactions++
	if len(w.waiting) > 0 {
		w.follow(s, c)
	}
	if c.work.conflict == "" {
		return
	}
	one := w.of(&c.work)
	if one.count++; one.count == 1 {
		s.grow(one.first.bytes() + maxEvidence*sizeOfEvidence)
	}
	if len(one.evidence) < maxEvidence {
		one.evidence = append(one.evidence, c.work.at)
	}
	if len(one.connections) < maxWaiting {
		const size = 4
		one.connections = append(one.connections, c.number)
		s.grow(size)
	}
	if w.waiting == nil {
		w.waiting = map[uint32]work{}
	}
	if len(w.waiting) < maxWaiting {
		w.waiting[c.number] = c.work
		s.grow(c.work.bytes())
	}
}

// follow counts a transaction that comes after one of its connection that failed.
func (w *conflicts) follow(s *scope, c *connection) {
	failed, waits := w.waiting[c.number]
	if !waits {
		return
	}
	if c.work.beginsLike(&failed) {
		w.of(&failed).followed++
	}
	delete(w.waiting, c.number)
	s.grow(-failed.bytes())
}

// of returns what is counted of transactions that failed with the same SQLSTATE.
func (w *conflicts) of(failed *work) *conflict {
	for i := range w.kinds {
		if w.kinds[i].code == failed.conflict {
			return &w.kinds[i]
		}
	}
	w.kinds = append(w.kinds, conflict{code: failed.conflict, first: *failed})
	return &w.kinds[len(w.kinds)-1]
}

func (w *conflicts) end(s *scope) {
	const share = 10
	for i := range w.kinds {
		one := &w.kinds[i]
		s.find(finding{
			detail: one.code, note: one.count*100 < share*w.transactions,
			text: fmt.Sprintf("in %s of %s a statement failed with %s, in the first of them %s; %s on the same connection by one that began with the same statements",
				event.Number(one.count), event.Count(w.transactions, "transaction"), one.code, quoted(one.first.shape), one.wereFollowed()),
			remedy: one.remedy(), evidence: one.evidence, connections: one.connections, count: one.count,
		})
	}
}

// wereFollowed returns the beginning of what the sentence says of what came next.
func (c *conflict) wereFollowed() string {
	switch {
	case c.count == 1 && c.followed == 1:
		return "it was followed"
	case c.count == 1:
		return "it was not followed"
	case c.followed == 0:
		return "none of them was followed"
	case c.followed == 1:
		return "1 of them was followed"
	case c.followed == c.count:
		return "all of them were followed"
	}
	return fmt.Sprintf("%d of them were followed", c.followed)
}

func (c *conflict) remedy() string {
	switch {
	case c.code == deadlockDetected:
		return "Lock rows in the same order in all transactions, and run a transaction that failed so again."
	case c.followed*10 < c.count*9: // the last ones may have had no time
		return "Run a transaction that failed so again, from its beginning."
	}
	return "Fewer of them would fail if they were shorter, or if fewer of them touched the same rows at once."
}
