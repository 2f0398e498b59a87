package filter

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/reading"
)

// Next is the sink after a filter.
type Next interface {
	Write(events []event.Event) error
	Close() error
}

// outlet is the next sink, with the events that go to it in the next call.
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
	o.out = emptyList(o.out)
	return err
}

// finish passes on the rest, and closes the next sink.
func (o *outlet) finish() error { return errors.Join(o.flush(), o.next.Close()) }

// releaseAll releases what is held of all connections, in the order of events, and forgets them.
func releaseAll[C any](o *outlet, connections map[uint32]C, release func(C)) {
	first := len(o.out)
	for _, tag := range slices.Sorted(maps.Keys(connections)) {
		release(connections[tag])
	}
	// Events may share a number. Those of a connection are in order.
	slices.SortStableFunc(o.out[first:], func(a, b event.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	clear(connections)
}

// Sink lets through what a filter matches. It is not safe for concurrent use.
type Sink struct {
	outlet

	evaluator   evaluator[question]
	needs       needs
	connections map[uint32]*connection
	reader      reading.Reader
	// found are the signatures of findings that were let through.
	found map[string]bool
	// touched are the connections with held events of the current batch. unused are copies with no
	// held events any more.
	touched []*connection
	unused  []*copies

	// question is the current one, and asked are all about the current event.
	question question
	asked    []asked
	// messages are those that were selected from events of the current batch.
	messages []event.Message
}

// needs are what an expression asks for that is not in each event.
type needs struct {
	login, tx, exchanges, params, columns bool
	sums                                  bool // of exchanges, which the outlet may show too
}

func newSink(next Next, evaluator evaluator[question], exchanges bool) *Sink {
	s := &Sink{outlet: outlet{next: next}, evaluator: evaluator, connections: map[uint32]*connection{}}
	for i := range vocabulary {
		if !evaluator.reads.has(i) {
			continue
		}
		switch vocabulary[i].name {
		case "user", "database", "app":
			s.needs.login = true
		case "tx":
			s.needs.tx = true
		case "params":
			s.needs.exchanges, s.needs.params = true, true
		case "columns":
			s.needs.exchanges, s.needs.columns = true, true
		case "sqlstate", "tag":
			s.needs.exchanges = true
		case "outcome", "duration", "server_time", "network_time", "round_trips", "rows", "sent", "received":
			s.needs.exchanges, s.needs.sums = true, true
		}
	}
	if exchanges {
		s.needs.exchanges, s.needs.sums = true, true
	}
	return s
}

// Write takes a batch, and passes on what is decided and let through. It copies what is held only
// then, because most exchanges end within a batch.
func (s *Sink) Write(events []event.Event) error {
	for i := range events {
		s.take(&events[i])
	}
	for _, c := range s.touched {
		c.held.own()
	}
	err := s.flush()
	for _, c := range s.unused {
		c.recycle()
	}
	s.touched, s.unused, s.messages = emptyList(s.touched), emptyList(s.unused), emptyList(s.messages)
	return err
}

// emptyList returns a list without its elements, and drops what they point to.
func emptyList[T any](list []T) []T {
	clear(list)
	return list[:0]
}

// Close decides about the rest, as far as it is known, and closes the next sink.
func (s *Sink) Close() error {
	releaseAll(&s.outlet, s.connections, s.release)
	return s.finish()
}

// take decides about an event, or holds it back.
func (s *Sink) take(e *event.Event) {
	switch e.Kind {
	case event.Said:
		s.takeFact(e)
	case event.Traffic, event.Fragment:
		s.takeMessages(e)
	case event.Undecoded:
		if c := s.connections[e.Conn]; c != nil {
			c.lose()
			s.reconsider(c, false)
		}
	case event.Exchanged, event.Pending:
		s.takeExchange(e)
	case event.Found:
		s.takeFinding(e)
	default: // nothing to show
	}
}

// takeFact decides about a sentence of pgpi.
func (s *Sink) takeFact(e *event.Event) {
	c := s.connection(e)
	final := false
	switch e.Fact.(type) {
	case event.Dropped:
		releaseAll(&s.outlet, s.connections, s.release)
	case event.Ended:
		final = true
	case event.Joined, event.Continued, event.Missing, event.OutOfSync, event.ObserverFailed:
		if c != nil {
			c.lose()
		}
	}
	k := known{identity: e.Identity}
	if c != nil {
		k.tx = c.tx
	}
	s.asked = append(s.asked[:0], asked{known: k})
	s.decide(c, e, final)
	if final && c != nil {
		s.release(c)
		delete(s.connections, e.Conn)
	}
}

// takeExchange decides about an exchange. It is let through if the expression is true of it, or of
// one of its messages.
func (s *Sink) takeExchange(e *event.Event) {
	c := s.connection(e)
	k := known{identity: e.Identity}
	switch {
	case c == nil:
		k.exchange = exchangeFrom(e.Exchange)
	case e.Kind == event.Pending:
		k.exchange, k.tx = c.soFar(e.Exchange), c.tx
	default:
		k.exchange, k.tx = c.addUp(e.Exchange), c.tx
		s.reconsider(c, false)
	}
	k.told = k.exchange.told
	s.asked = append(s.asked[:0], asked{known: k})
	a := &s.asked[0]
	if a.answer = yes; !k.exchange.matched {
		a.answer = s.ask(e, 0, k, true)
	}
	switch {
	case a.answer == no:
	case c != nil && len(c.held.events.all()) > 0:
		s.hold(c, e)
	default:
		s.pass(e, s.asked)
	}
}

// release decides about everything that is held of a connection, by what is known.
func (s *Sink) release(c *connection) { s.reconsider(c, true) }

// connection returns what is remembered about the connection of an event, or nil if there is
// nothing to remember.
func (s *Sink) connection(e *event.Event) *connection {
	if e.Conn == 0 || s.needs == (needs{}) {
		return nil
	}
	c := s.connections[e.Conn]
	_, opened := e.Fact.(event.Opened)
	if c != nil && !opened {
		return c
	}
	if c != nil {
		s.release(c) // it continues after files that are missing
	}
	c = &connection{}
	if opened {
		c.tx = 'I'
	}
	s.connections[e.Conn] = c
	return c
}

// takeMessages decides about the messages of an event.
func (s *Sink) takeMessages(e *event.Event) {
	if len(e.Messages) == 0 {
		return
	}
	c := s.connection(e)
	s.asked = s.asked[:0]
	for i := range e.Messages {
		var k known
		if c != nil {
			k = c.learn(&e.Messages[i], &s.needs, &s.reader)
		}
		k.identity = e.Identity
		s.asked = append(s.asked, asked{known: k})
	}
	s.decide(c, e, false)
}

// decide asks about everything in an event. It passes the event on at once if everything is known
// about it and about those before it.
func (s *Sink) decide(c *connection, e *event.Event, final bool) {
	if c != nil {
		c.identify(e.Identity)
		if c.changed {
			s.reconsider(c, false)
		}
	}
	most, waits := no, false
	for i := range s.asked {
		a := &s.asked[i]
		a.answer = s.ask(e, i, a.known, final)
		a.note()
		most, waits = max(most, a.answer), waits || a.answer == later
	}
	switch {
	case most == no:
	case waits || c != nil && len(c.held.events.all()) > 0:
		s.hold(c, e)
	default:
		s.pass(e, s.asked)
	}
}

// ask asks about a message of an event, or about its sentence. If there are several statements, one
// match is enough.
func (s *Sink) ask(e *event.Event, i int, k known, final bool) answer {
	q := &s.question
	*q = question{known: k, event: e, final: final}
	if i < len(e.Messages) {
		q.message = &e.Messages[i]
	}
	switch {
	case q.exchange == nil || q.awaitsEnd():
		return s.evaluator.ask(q)
	case q.exchange.sum != nil && len(q.exchange.sum.Statements) > 0:
		return s.askStatements(q.exchange.sum.Statements)
	case len(q.exchange.tags) == 0:
		return s.evaluator.ask(q)
	}
	for _, q.tag = range q.exchange.tags {
		if a := s.evaluator.ask(q); a != no {
			return a
		}
	}
	return no
}

// askStatements asks about the exchange, with the tag and the rows of each of its statements.
func (s *Sink) askStatements(all []event.Statement) answer {
	q := &s.question
	for i := range all {
		q.statement, q.tag = &all[i], all[i].Tag
		if a := s.evaluator.ask(q); a != no {
			return a
		}
	}
	return no
}
