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
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Stage adds up the exchanges of all connections. It serves one goroutine.
type Stage struct {
	// Shapes says that somebody asks for the shapes of SQL.
	Shapes bool

	connections map[uint32]*connection
	shapes      shapes
	clock       clock
	deadline    time.Duration // the first of all connections
}

// New makes a stage.
func New() *Stage { return &Stage{connections: map[uint32]*connection{}, deadline: never} }

// Take passes an event on, and behind it the exchanges that it has ended. Before it come those of
// which a deadline has passed meanwhile. What a recording repeats is no part of an exchange: it was added
// up where it was seen.
func (s *Stage) Take(e *event.Event, emit func(*event.Event)) {
	if s.clock.take(e); s.clock.now >= s.deadline {
		s.mark(e, emit)
	}
	if e.Conn == 0 || e.Repeated && e.Kind != event.Measured {
		emit(e)
		return
	}
	switch e.Kind {
	case event.Said:
		s.fact(e, emit)
	case event.Traffic, event.Fragment:
		s.messages(e, emit)
	case event.Measured:
		if way, ok := e.Fact.(event.Way); ok {
			s.connection(e).learnWay(way)
		}
		emit(e)
	case event.Undecoded:
		if c := s.connections[e.Conn]; c != nil {
			c.doubt(e)
		}
		emit(e)
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
	case event.CaptureEnded:
		if c := s.connections[e.Conn]; c != nil {
			c.doubted = c.last
		}
	case event.Missing, event.OutOfSync, event.Continued, event.ObserverFailed:
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
		x, _ := c.atWork()
		x.cancelSeen = true
	}
}

// connection finds a connection, or begins to know it.
func (s *Stage) connection(e *event.Event) *connection {
	c := s.connections[e.Conn]
	if c == nil {
		c = &connection{over: event.NotSeen}
		s.connections[e.Conn] = c
	}
	return c
}

// messages adds the messages of an event to their exchanges.
func (s *Stage) messages(e *event.Event, emit func(*event.Event)) {
	if e.Direction > event.ServerToClient {
		emit(e)
		return
	}
	c := s.connection(e)
	if e.Kind == event.Traffic || e.Offset == 0 {
		c.began[e.Direction] = e.Began()
	}
	wrote := c.find(c.latest[e.Direction])
	if e.Direction == event.ServerToClient {
		c.book(e, wrote) // before one of them is over
	}
	if e.Kind == event.Fragment && len(e.Messages) == 0 {
		c.doubt(e)
	}
	for i := range e.Messages {
		m := &e.Messages[i]
		if s.Shapes && e.Direction == event.ClientToServer {
			s.shapes.find(m)
		}
		if m.Exchange == 0 && answers(m) {
			c.doubt(e)
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
	if e.Direction == event.ClientToServer {
		c.book(e, wrote) // when they have begun
	}
	over := c.takeOver()
	s.watch(c, e)
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
