package insight

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"pgpi/internal/event"
)

// connection is what is remembered about a connection.
type connection struct {
	number uint32
	// opened is when it was opened, by the clock. loggedIn is set if the end of its login was seen.
	opened   time.Duration
	loggedIn bool
	identity *event.Identity
	client   *client
	// asked and done are the last exchange that has begun, and the last that is over.
	asked, done uint32
	// streams is set for replication, which is never over.
	streams bool
	// left is the first party that hung up, or empty.
	left event.Party
	// ended counts its exchanges that ran something.
	ended int64
	// status is that of the last ReadyForQuery, or 0 if it is not known.
	status      byte
	scope       *scope
	transaction *scope // nil outside
	// work is what the transaction has done so far, if there is one. ready are the exchanges that
	// end with a ReadyForQuery which was seen, until they are over.
	work  work
	ready []uint32
	// rows is what is collected of exchanges that are not over. Of those up to passed nothing is
	// collected any more.
	rows   []*rows
	passed uint32
}

// connection returns what is remembered about the connection of an event.
func (s *Stage) connection(e *event.Event) *connection {
	c := s.connections[e.Conn]
	if c == nil {
		c = &connection{number: e.Conn, opened: s.clock.Now - e.Elapsed}
		c.scope = s.begin(aConnection, nil, c)
		s.connections[e.Conn] = c
	}
	if e.Identity != nil && e.Identity != c.identity && isShort(e.Identity) {
		if c.identity = e.Identity; c.client != nil || c.loggedIn {
			s.join(c)
		}
	}
	return c
}

// leave notes that a party has hung up.
func (c *connection) leave(p event.Party) { c.left = cmp.Or(c.left, p) }

// isShort reports whether names are as short as those that servers have. Others are not remembered.
func isShort(who *event.Identity) bool {
	const most = 1000
	return len(who.User)+len(who.Database)+len(who.Application)+len(who.Startup)+len(who.Address) <= most
}

// opens notes that an exchange has begun.
func (s *Stage) opens(c *connection, number uint32) {
	if c.client == nil {
		s.join(c)
	}
	if c.asked == c.done {
		c.client.open++
	}
	c.asked = number
}

// closes notes that exchanges up to a number are over.
func (s *Stage) closes(c *connection, number uint32) {
	if c.asked <= c.done {
		c.done = max(c.done, min(number, c.asked))
		return
	}
	c.done = min(number, c.asked)
	if c.done == c.asked {
		s.rest(c.client)
	}
}

// lose notes that it is not known any more what the connection does.
func (s *Stage) lose(c *connection) {
	s.dropRows(c, math.MaxUint32)
	s.closes(c, c.asked)
	c.status, c.work, c.ready, c.passed = 0, work{}, nil, 0
	s.endScope(&c.transaction, lost)
	s.endScope(&c.scope, lost)
	c.scope = s.begin(aConnection, c.client, c)
}

// endConnection ends what a connection was part of.
func (s *Stage) endConnection(c *connection) {
	s.dropRows(c, math.MaxUint32)
	s.closes(c, c.asked)
	s.endScope(&c.transaction, stopped)
	s.endScope(&c.scope, stopped)
	delete(s.connections, c.number)
	if c.client == nil {
		return
	}
	tell(c.client.scope, func(w counter) { w.closed(c.client.scope, c) })
	s.disconnect(c.client)
}

func (s *Stage) inOrder() []*connection {
	return slices.SortedFunc(maps.Values(s.connections), func(a, b *connection) int { return cmp.Compare(a.number, b.number) })
}
