package filter

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// Next is the sink that a filter stands in front of.
type Next interface {
	Write(events []event.Event) error
	Close() error
}

// outlet is the sink behind, with the events that go on to it at the next call.
type outlet struct {
	next Next
	out  []event.Event
}

// flush passes on what has gathered.
func (o *outlet) flush() error {
	if len(o.out) == 0 {
		return nil
	}
	err := o.next.Write(o.out)
	clear(o.out) // drop what they point to
	o.out = o.out[:0]
	return err
}

// finish passes on the rest, of all connections in their order, and closes the sink behind.
func (o *outlet) finish() error {
	slices.SortFunc(o.out, func(a, b event.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	return errors.Join(o.flush(), o.next.Close())
}

// Limits of what is held back until it can be decided, in bytes of messages.
const (
	maxHeld = 1 << 20
	// cost is what an event weighs beside its bytes.
	cost = 300
)

// Sink lets through what a filter matches. It is not safe for concurrent use.
type Sink struct {
	outlet

	filter      *Filter
	connections map[uint32]*connection
	reader      reading.Reader
}

// New stands in front of a sink.
func (f *Filter) New(next Next) *Sink {
	return &Sink{outlet: outlet{next: next}, filter: f, connections: map[uint32]*connection{}}
}

// held is an event that can't be decided yet, a copy of its own.
type held struct {
	event     event.Event
	variables []variables // of each message; of a sentence, one
	exchanges []uint32
	open      int // messages that wait for the end of their exchange
	size      int
}

// Write takes a batch, and passes on what is decided and let through.
func (s *Sink) Write(events []event.Event) error {
	for i := range events {
		s.take(&events[i])
	}
	return s.flush()
}

// Close decides what is left, as far as it is known, and closes the sink behind.
func (s *Sink) Close() error {
	for _, c := range s.connections {
		s.release(c, len(c.held))
	}
	return s.finish()
}

// take decides an event, or holds it back.
func (s *Sink) take(e *event.Event) {
	c := s.connection(e.Conn)
	h := &held{event: *e, size: cost}
	if e.Kind == event.Said {
		h.variables, h.exchanges = []variables{c.common(e)}, []uint32{0}
	}
	for i := range e.Messages {
		m := &e.Messages[i]
		c.learn(m, &s.reader)
		v := c.of(e, m)
		if m.Exchange != 0 && m.Exchange == c.outcome.number {
			v.SQLState, v.Tag = c.outcome.sqlstate, c.outcome.tag
		}
		h.variables = append(h.variables, v)
		h.exchanges = append(h.exchanges, m.Exchange)
		if m.Exchange != 0 && s.filter.needs.ending {
			h.open++
		}
		h.size += len(m.Bytes) + cost
	}
	c.held, c.heldSize = append(c.held, h), c.heldSize+h.size
	for i := range e.Messages {
		s.conclude(c, &e.Messages[i])
	}
	s.decide(c)
	if len(c.held) > 0 && c.held[len(c.held)-1] == h {
		h.own()
	}
	if _, ended := e.Fact.(event.Ended); ended {
		s.release(c, len(c.held))
		delete(s.connections, e.Conn)
	}
}

func (s *Sink) connection(tag uint32) *connection {
	c := s.connections[tag]
	if c == nil {
		c = &connection{tx: "idle", known: tag == 0}
		s.connections[tag] = c
	}
	return c
}

// conclude fills in what the end of an exchange tells about its messages. Replies
// come in order, so that one of a later exchange ends all before it.
func (s *Sink) conclude(c *connection, m *event.Message) {
	if m.Exchange == 0 || !s.filter.needs.ending || m.Type.From() == wire.Client {
		return
	}
	code, tag, ends := ending(m)
	if code == "" && tag == "" && !ends && m.Exchange == c.replying {
		return // one row of many
	}
	c.replying = m.Exchange
	c.outcome.add(m.Exchange, code, tag)
	for _, h := range c.held {
		for i := range h.variables {
			v := &h.variables[i]
			switch {
			case h.exchanges[i] == 0 || h.exchanges[i] > m.Exchange:
				continue
			case h.exchanges[i] == m.Exchange && code != "":
				v.SQLState = code
			case h.exchanges[i] == m.Exchange && tag != "":
				v.Tag = tag
			}
			if ends && h.exchanges[i] == m.Exchange || h.exchanges[i] < m.Exchange {
				h.exchanges[i] = 0
				h.open--
			}
		}
	}
}

// ending is what a message says of the end of its exchange. The end itself is the
// ReadyForQuery, or for one of several in a pipeline the first reply to the next.
func ending(m *event.Message) (sqlstate, tag string, ends bool) {
	switch m.Type {
	case wire.ErrorResponse:
		code, _ := wire.ErrorFieldOf(m.Bytes, 'C')
		return string(code), "", false
	case wire.CommandComplete:
		return "", string(bytes.TrimSuffix(m.Bytes[min(len(m.Bytes), wire.HeaderSize):], []byte{0})), false
	case wire.ReadyForQuery:
		return "", "", true
	}
	return "", "", false
}

// decide lets events go, the first first, as far as they are known. Where too much is
// held, the first is decided by what is known of it.
func (s *Sink) decide(c *connection) {
	n := 0
	size := c.heldSize
	for n < len(c.held) {
		h := c.held[n]
		waits := h.open > 0 || s.filter.needs.login && !c.known
		if waits && size <= maxHeld {
			break
		}
		size -= h.size
		n++
	}
	s.release(c, n)
}

// release decides the first n held events of a connection.
func (s *Sink) release(c *connection, n int) {
	for _, h := range c.held[:n] {
		c.heldSize -= h.size
		if s.filter.needs.login {
			h.know(c)
		}
		s.pass(h)
	}
	clear(c.held[:n])
	c.held = c.held[n:]
	if len(c.held) == 0 {
		c.held = nil
	}
}

// know fills in what the StartupMessage has told.
func (h *held) know(c *connection) {
	for i := range h.variables {
		v := &h.variables[i]
		if v.User == "" {
			v.User, v.Database = c.user, c.database
		}
		if v.App == "" {
			v.App = c.app
		}
	}
}

// pass gives the next sink what of an event the filter matches. The line that says
// what was forwarded belongs to all of the event's messages, or to none.
func (s *Sink) pass(h *held) {
	e := h.event
	if e.Kind == event.Said {
		if s.filter.match(&h.variables[0]) {
			s.out = append(s.out, e)
		}
		return
	}
	var messages []event.Message
	for i := range e.Messages {
		if s.filter.match(&h.variables[i]) {
			messages = append(messages, e.Messages[i])
		}
	}
	if len(messages) == 0 {
		return
	}
	if len(messages) < len(e.Messages) {
		e.Total, e.Data = 0, nil
	}
	e.Messages = messages
	s.out = append(s.out, e)
}

// own copies what belongs to the bus.
func (h *held) own() {
	h.event.Data = nil // a filtered log shows messages
	h.event = h.event.Clone()
}
