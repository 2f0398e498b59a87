// Package exchange adds up exchanges: a request with everything that answers it, how long each part
// took, and how it ended. It is a stage after redaction.
//
// It guarantees:
//
//   - An exchange is emitted once, when it is over, after the event that ended it and in the order
//     of requests. An exchange that takes long is also marked, once, before it is over.
//   - What was not seen is said not to have been seen.
//   - Its memory is bounded.
//
// Less formally: it answers "how long did that take, and how did it end?", and admits when it
// can't.
//
// Package session has decided which message belongs to which exchange, and what is over.
//
// It must not know sockets, clocks or sinks.
//
// Start reading at [Stage.Take]. connection.go adds messages up, shape.go finds the shape of SQL,
// and outcome.go says how exchanges ended.
package exchange

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Stage adds up the exchanges of all connections. It is for one goroutine.
type Stage struct {
	// Shapes is set if the shapes of SQL are wanted.
	Shapes bool

	connections map[uint32]*connection
	shapes      shapes
	clock       event.Clock
	deadline    time.Duration // the earliest of all connections
}

// New returns a stage.
func New() *Stage { return &Stage{connections: map[uint32]*connection{}, deadline: never} }

// Take passes an event on, followed by the exchanges that it has ended, and preceded by those whose
// deadline has passed in the meantime. What a recording repeats is not part of an exchange: it was
// added up where it was seen. But it shows what was asked before, and whether a transaction is open.
func (s *Stage) Take(e *event.Event, emit func(*event.Event)) {
	if s.clock.Take(e); s.clock.Now >= s.deadline {
		s.mark(e, emit)
	}
	if e.Conn == 0 || e.Repeated && e.Kind != event.Measured {
		s.repeat(e)
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
			c.obscure(e)
		}
		emit(e)
	default:
		emit(e)
	}
}

// repeat learns from what a recording repeats. An exchange that has begun before is not told: its
// times are not known.
func (s *Stage) repeat(e *event.Event) {
	if e.Direction > event.ServerToClient {
		return
	}
	for i := range e.Messages {
		m, c := &e.Messages[i], s.connection(e)
		c.last = max(c.last, m.Exchange)
		if m.Type == wire.ReadyForQuery && e.Direction == event.ServerToClient {
			c.ready(m)
		}
	}
}

// fact handles what a fact means for exchanges.
func (s *Stage) fact(e *event.Event, emit func(*event.Event)) {
	switch f := e.Fact.(type) {
	case event.CancelForwarded:
		s.cancel(f.Connection)
	case event.CancelFor:
		s.cancel(f.Connection)
	case event.CaptureEnded:
		if c := s.connections[e.Conn]; c != nil {
			c.doubted, c.cutShort = c.last, true
		}
	case event.Missing, event.OutOfSync, event.Joined, event.Continued, event.ObserverFailed:
		c := s.connection(e)
		c.open, c.unsynced, c.explicit = nil, span{}, true // it is no longer known how they end
	case event.Ended:
		// The line about the end comes after what it has ended.
		if c := s.connections[e.Conn]; c != nil {
			c.close(e, emit)
			delete(s.connections, e.Conn)
		}
	}
	emit(e)
}

// cancel notes that someone has asked to end what a connection runs.
func (s *Stage) cancel(conn uint32) {
	if c := s.connections[conn]; c != nil && len(c.open) > 0 {
		x, _ := c.atWork()
		x.cancelSeen = true
	}
}

// connection returns a connection, and begins to follow it if it is new.
func (s *Stage) connection(e *event.Event) *connection {
	c := s.connections[e.Conn]
	if c == nil {
		c = &connection{over: event.NotSeen, measures: s.Shapes}
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
			if !wire.IsFatal(&m.Message) { // with which nothing is complete
				c.obscure(e)
			}
		}
		if e.Direction == event.ServerToClient {
			c.notice(m)
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
		c.book(e, wrote) // after they have begun
	}
	over := c.takeOver()
	s.watch(c, e)
	emit(e)
	for _, x := range over {
		tell(e, x, emit)
	}
}

// tell emits an exchange, after the event that has ended it.
func tell(e *event.Event, x *event.Exchange, emit func(*event.Event)) {
	emit(&event.Event{
		Seq: e.Seq, At: e.At, Elapsed: e.Elapsed, Conn: e.Conn, Kind: event.Exchanged, Identity: e.Identity, Exchange: x,
	})
}
