package insight

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// idle finds transactions that stay open while nothing is asked.
var idle = Rule{
	Name: "idle-in-transaction", Severity: event.Note, Timed: true, Bounded: true, Least: int64(patience), within: aTransaction,
	Title: "A transaction is open, and nothing is asked",
	Fires: "More than 5 s pass between two exchanges inside a transaction, or between the last one and the end of the connection.",
	Help:  "Such a transaction keeps its locks, and keeps VACUUM from removing rows. Commit before the program waits for something else. idle_in_transaction_session_timeout makes the server end it.",
	watch: func(*Options) watcher { return new(idleness) },
}

// patience is how long a transaction may be idle.
const patience = 5 * time.Second

// idleness watches the time between exchanges of a transaction.
type idleness struct {
	since time.Duration // the last exchange is over, by the clock, or never
	said  bool          // of this time
	after event.Evidence
	shape *sqltext.Shape
	tags  []sqltext.Attribute
}

func (i *idleness) begin(*scope) { *i = idleness{since: never} }

func (i *idleness) take(s *scope, x *exchange) {
	if took := x.Times.Asked - x.Times.Idle; i.since != never && x.Times.Idle != event.NotSeen && took > patience {
		i.find(s, took, "")
	}
	s.grow(sizeOfTexts(x.Shape, x.Attributes) - sizeOfTexts(i.shape, i.tags))
	*i = idleness{since: s.stage.clock.Now, after: x.evidence(), shape: x.Shape, tags: x.Attributes}
}

// due returns when the transaction has been idle for too long.
func (i *idleness) due(s *scope) time.Duration {
	if i.said || i.since == never || s.conn.asked > s.conn.done {
		return never
	}
	return i.since + patience
}

func (i *idleness) ring(s *scope) {
	i.find(s, patience, " so far")
	i.said = true
}

func (i *idleness) end(s *scope) {
	if s.how != stopped || i.since == never || s.conn.asked > s.conn.done {
		return
	}
	if took := s.stage.clock.Now - i.since; took > patience {
		i.find(s, took, "")
	}
}

func (i *idleness) find(s *scope, took time.Duration, so string) {
	s.find(finding{
		shape: i.shape, attributes: i.tags, goesOn: i.said,
		text:     fmt.Sprintf("nothing was asked for %s%s in a transaction, after %s", event.Rounded(took), so, quoted(i.shape)),
		remedy:   "Commit before the program waits for something else.",
		evidence: []event.Evidence{i.after}, took: took,
	})
}
