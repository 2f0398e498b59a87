package filter

import (
	"errors"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// ConnectionSink lets the chosen connections through, and what belongs to no connection. The
// beginning of a connection is held back until it is known who connects, so it comes after what
// others did meanwhile. It is not safe for concurrent use.
type ConnectionSink struct {
	outlet

	evaluator evaluator[event.Identity]
	complain  func(error)
	// asked is set if there was a connection, and chosen if one was let through.
	asked, chosen bool
	// beginnings are those of undecided connections, by their tags, and of connections that were
	// decided before it was known who connects.
	beginnings map[uint32]*beginning
	// choices are the last answers about connections of which it is known who connects.
	choices map[uint32]choice
}

// choice is an answer about an identity, which never changes.
type choice struct {
	identity *event.Identity
	chosen   bool
}

// beginning is what is held of a connection.
type beginning struct {
	held     []event.Event
	size     int
	identity *event.Identity // the last
	// decided is set if the rest goes the same way, whoever connects.
	decided, chosen bool
}

// maxBeginning is how much of a connection is held back until it is decided, in bytes. A
// StartupMessage has at most 10,004, and certificates may precede it.
const maxBeginning = 64 << 10

// Write takes a batch, and passes on what is decided and chosen.
func (s *ConnectionSink) Write(events []event.Event) error {
	for i := range events {
		s.take(&events[i])
	}
	return s.flush()
}

// Close decides about the rest by what is known of it, and closes the next sink.
func (s *ConnectionSink) Close() error {
	releaseAll(&s.outlet, s.beginnings, s.decide)
	if s.asked && !s.chosen {
		s.complain(errNoneChosen)
	}
	return s.finish()
}

// errNoneChosen is what the user is told of an expression that nobody meant.
var errNoneChosen = errors.New("it is true of no connection that was seen")

// take passes an event on, holds it back, or drops it.
func (s *ConnectionSink) take(e *event.Event) {
	if e.Conn == 0 {
		if _, missing := e.Fact.(event.Dropped); missing {
			releaseAll(&s.outlet, s.beginnings, s.decide)
		}
		s.out = append(s.out, *e)
		return
	}
	known := isKnown(e)
	b := s.beginnings[e.Conn]
	if b == nil && known {
		if s.choosesAgain(e) {
			s.out = append(s.out, *e)
		}
		return
	}
	if b == nil {
		b = &beginning{}
		s.beginnings[e.Conn] = b
	}
	if e.Identity != nil {
		b.identity = e.Identity
	}
	switch {
	case b.decided:
	case known:
		s.decide(b)
		delete(s.beginnings, e.Conn)
	case b.size > maxBeginning:
		s.decide(b)
	}
	switch {
	case !b.decided:
		b.hold(e)
	case b.chosen:
		s.out = append(s.out, *e)
	}
	if _, ended := e.Fact.(event.Ended); ended {
		delete(s.beginnings, e.Conn)
	}
}

// isKnown reports whether an event says who connects, or that nobody will. A CancelRequest has only
// a key: the next event says whose it is.
func isKnown(e *event.Event) bool {
	i := e.Identity
	if i == nil || !i.Known {
		return false
	}
	return i.User != "" || !slices.ContainsFunc(e.Messages, func(m event.Message) bool { return m.Type == wire.CancelRequest })
}

// choosesAgain is chooses for each event of a connection: it asks only when the identity is
// another.
func (s *ConnectionSink) choosesAgain(e *event.Event) bool {
	c := s.choices[e.Conn]
	if c.identity != e.Identity {
		c = choice{e.Identity, s.chooses(e.Identity)}
		s.choices[e.Conn] = c
	}
	if _, ended := e.Fact.(event.Ended); ended {
		delete(s.choices, e.Conn)
	}
	return c.chosen
}

// chooses reports whether the expression is true of who connects, or of whom a CancelRequest is
// for.
func (s *ConnectionSink) chooses(i *event.Identity) bool {
	switch {
	case i == nil:
		i = &nobody
	case i.Cancels != nil && i.Cancels.Known:
		i = i.Cancels
	}
	chosen := s.evaluator.ask(i) == yes
	s.asked, s.chosen = true, s.chosen || chosen
	return chosen
}

// decide releases what was held of a connection, or drops it.
func (s *ConnectionSink) decide(b *beginning) {
	b.decided, b.chosen = true, s.chooses(b.identity)
	if b.chosen {
		s.out = append(s.out, b.held...)
	}
	b.held, b.size = nil, 0
}

// hold keeps a copy of an event, because what it points to belongs to the bus.
func (b *beginning) hold(e *event.Event) {
	b.size += cost + len(e.Data)
	for _, arg := range event.Arguments(e.Fact) {
		b.size += len(arg.Text)
	}
	for i := range e.Messages {
		b.size += cost + len(e.Messages[i].Bytes)
	}
	b.held = append(b.held, e.Clone())
}
