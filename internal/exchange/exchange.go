// Package exchange adds up exchanges: a request with all that answers it, how long each part
// took, and how it ended. It is a stage behind redaction.
//
// It guarantees that an exchange is told once, when it is over, behind the event that ended it and
// in the order of requests; that what was not seen is said to be so; and that its memory is
// bounded. Which message belongs to which exchange, and what is over, package session has decided.
//
// It must not know sockets, clocks or sinks.
//
// Start reading at [Stage.Take]. connection.go adds messages up, shape.go finds the shape of SQL, outcome.go says how it ended.
package exchange

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Stage adds up the exchanges of all connections. It serves one goroutine.
type Stage struct {
	// Shapes says that somebody asks for the shapes of SQL.
	Shapes bool

	connections map[uint32]*connection
	shapes      shapes
}

// New makes a stage.
func New() *Stage { return &Stage{connections: map[uint32]*connection{}} }

// Take passes an event on, and behind it the exchanges that it has ended. What a recording repeats is
// no part of one: it was added up where it was seen.
func (s *Stage) Take(e *event.Event, emit func(*event.Event)) {
	if e.Conn == 0 || e.Repeated {
		emit(e)
		return
	}
	switch e.Kind {
	case event.Said:
		s.fact(e, emit)
	case event.Traffic, event.Fragment:
		s.messages(e, emit)
	default:
		emit(e)
	}
}

// fact takes what a fact means for exchanges.
func (s *Stage) fact(e *event.Event, emit func(*event.Event)) {
	switch f := e.Fact.(type) {
	case event.CancelForwarded:
		s.cancel(f.Connection)
	case event.CancelFor:
		s.cancel(f.Connection)
	case event.Missing, event.OutOfSync, event.Continued:
		if c := s.connections[e.Conn]; c != nil {
			c.open, c.unsynced, c.explicit = nil, span{}, true // nobody can say any more how they end
		}
	case event.Ended:
		// The line about the end comes behind what it has ended.
		if c := s.connections[e.Conn]; c != nil {
			c.close(e, emit)
			delete(s.connections, e.Conn)
		}
	}
	emit(e)
}

// cancel notes that somebody has asked for the end of what a connection runs.
func (s *Stage) cancel(conn uint32) {
	if c := s.connections[conn]; c != nil && len(c.open) > 0 {
		c.open[0].cancelSeen = true
	}
}

// messages adds the messages of an event to their exchanges.
func (s *Stage) messages(e *event.Event, emit func(*event.Event)) {
	if e.Direction > event.ServerToClient {
		emit(e)
		return
	}
	c := s.connections[e.Conn]
	if c == nil {
		c = &connection{over: event.NotSeen}
		s.connections[e.Conn] = c
	}
	if e.Kind == event.Traffic || e.Offset == 0 {
		c.began[e.Direction] = e.Began()
	}
	c.wait(e)
	for i := range e.Messages {
		m := &e.Messages[i]
		if s.Shapes && e.Direction == event.ClientToServer {
			s.shapes.find(m)
		}
		c.add(e, m)
		if m.Done > c.done || m.Type == wire.ReadyForQuery {
			c.done = max(c.done, m.Done)
			c.settle(e, c.done)
		}
		if m.Type == wire.ReadyForQuery {
			c.ready(m)
		}
	}
	over := c.takeOver()
	emit(e)
	for _, x := range over {
		tell(e, x, emit)
	}
}

// tell emits an exchange, behind the event that has ended it.
func tell(e *event.Event, x *event.Exchange, emit func(*event.Event)) {
	emit(&event.Event{
		Seq: e.Seq, At: e.At, Elapsed: e.Elapsed, Conn: e.Conn, Kind: event.Exchanged, Identity: e.Identity, Exchange: x,
	})
}
