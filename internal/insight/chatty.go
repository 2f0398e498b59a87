package insight

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// chatty finds transactions in which everybody waits for the next request.
var chatty = Rule{
	Name: "chatty-transaction", Severity: event.Note, Timed: true, Bounded: true, Unit: "round trips", Least: leastTrips, within: aTransaction,
	Title:  "A transaction of many round trips",
	Fires:  "A transaction has at least 50 round trips, and the server works less than 20 % of the time from its first request to its last reply.",
	Silent: "Transactions of which a time was not seen.",
	Help:   "Each round trip holds the transaction's locks for the way to the server and back. Send what does not depend on a result in one pipeline, or in one statement.",
	watch:  func(*Options) watcher { return new(conversation) },
}

// leastTrips is how many round trips are many.
const leastTrips = 50

// conversation adds up a transaction.
type conversation struct {
	roundTrips  int64
	server      time.Duration
	first, last time.Time
	unseen      bool
	about       *sqltext.Shape // its first statement with a table, or whatever is not BEGIN
	attributes  []sqltext.Attribute
	evidence    []event.Evidence
}

func (c *conversation) begin(*scope) { *c = conversation{evidence: c.evidence[:0]} }

func (c *conversation) take(s *scope, x *exchange) {
	shares, seen := x.Times.Shares()
	if !seen {
		c.unseen = true
		return
	}
	if c.roundTrips == 0 {
		c.first = x.time(x.Times.Asked)
	}
	if c.about == nil && x.statement.Verb != "begin" {
		c.about, c.attributes = x.Shape, x.Attributes
		s.grow(sizeOfTexts(x.Shape, x.Attributes))
	}
	if len(c.evidence) < maxEvidence {
		c.evidence = append(c.evidence, x.evidence())
		s.grow(sizeOfEvidence)
	}
	c.roundTrips += int64(x.RoundTrips)
	c.server += shares.Server
	c.last = x.time(x.Times.End())
}

func (c *conversation) end(s *scope) {
	const share = 20
	took := c.last.Sub(c.first)
	if c.unseen || c.roundTrips < leastTrips || c.server*100 >= share*took || s.how == lost || s.continues {
		return
	}
	s.find(finding{
		shape: c.about, attributes: c.attributes,
		text: fmt.Sprintf("a transaction took %s in %s, of which the server worked %s (%d %%); its first statement was %s",
			event.Rounded(took), event.Count(c.roundTrips, "round trip"), event.Rounded(c.server), c.server*100/took, quoted(c.about)),
		remedy:   "Send statements that do not need each other's results in one pipeline, or as one statement.",
		evidence: c.evidence, count: c.roundTrips, took: took,
	})
}
