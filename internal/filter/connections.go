package filter

import (
	"net/netip"

	"github.com/expr-lang/expr/vm"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// Connections is an expression that chooses connections, whole ones. It may be shared.
type Connections struct{ program *vm.Program }

// connectionVariables are what can be asked of a connection when it begins. What is not
// known, or does not apply, is empty.
type connectionVariables struct {
	User     string `expr:"user"`     // of the StartupMessage
	Database string `expr:"database"` // likewise; the user's name where it names none
	App      string `expr:"app"`      // likewise, its application_name
	Client   string `expr:"client"`   // the client's address, without its port; at a Unix socket the path
}

// CompileConnections is [Compile] for an expression over connections, which has the
// names of connectionVariables.
func CompileConnections(expression string) (*Connections, error) {
	program, err := compile(expression, connectionVariables{}, `'user == "bob" and client != "127.0.0.1"'`)
	if err != nil {
		return nil, err
	}
	return &Connections{program}, nil
}

// New stands in front of a sink.
func (f *Connections) New(next Next) *ConnectionSink {
	return &ConnectionSink{outlet: outlet{next: next}, filter: f, candidates: map[uint32]*candidate{}}
}

// ConnectionSink lets through the connections that are chosen, and what belongs to none.
// The beginning of each is held back until its StartupMessage is known, so that it comes
// after what others did meanwhile. It is not safe for concurrent use.
type ConnectionSink struct {
	outlet

	filter     *Connections
	candidates map[uint32]*candidate // by the connection's tag, until it ends
	reader     reading.Reader
}

// candidate is a connection that is chosen, or not, or not yet decided.
type candidate struct {
	decided, chosen bool
	login           login
	client          string
	cancels         bool // with a CancelRequest
	held            []event.Event
	size            int // of what is held
}

// maxBeginning is how much of a connection is held back until it is decided, in bytes: a
// StartupMessage has 10,004 at most, and certificates may stand before it.
const maxBeginning = 64 << 10

// Write takes a batch, and passes on what is decided and chosen.
func (s *ConnectionSink) Write(events []event.Event) error {
	for i := range events {
		s.take(&events[i])
	}
	return s.flush()
}

// Close decides what is left by what is known of it, and closes the sink behind.
func (s *ConnectionSink) Close() error {
	for _, c := range s.candidates {
		if !c.decided {
			s.decide(c, s.matches(c))
		}
	}
	return s.finish()
}

// take passes an event on, holds it back, or drops it.
func (s *ConnectionSink) take(e *event.Event) {
	if e.Conn == 0 {
		s.out = append(s.out, *e)
		return
	}
	c := s.candidates[e.Conn]
	if c == nil {
		c = &candidate{}
		s.candidates[e.Conn] = c
	}
	if !c.decided {
		s.consider(c, e)
	}
	switch {
	case !c.decided:
		c.hold(e)
	case c.chosen:
		s.out = append(s.out, *e)
	}
	if _, ended := e.Fact.(event.Ended); ended {
		delete(s.candidates, e.Conn)
	}
}

// consider decides about a connection where an event tells enough. A CancelRequest has
// nothing but a key: the next event says whose it is.
func (s *ConnectionSink) consider(c *candidate, e *event.Event) {
	opened, isOpened := e.Fact.(event.Opened)
	_, ended := e.Fact.(event.Ended)
	switch {
	case c.cancels:
		named := s.named(e)
		s.decide(c, named != nil && named.chosen || named == nil && s.matches(c))
	case isOpened:
		c.client = clientOf(opened)
	case ended, c.begins(e, &s.reader), c.size > maxBeginning:
		s.decide(c, s.matches(c))
	}
}

// named is the connection that a sentence names as that of a CancelRequest, nil where
// it names none about which there is a decision.
func (s *ConnectionSink) named(e *event.Event) *candidate {
	tag := uint32(0)
	switch f := e.Fact.(type) {
	case event.CancelForwarded:
		tag = f.Connection
	case event.CancelFor:
		tag = f.Connection
	}
	if c := s.candidates[tag]; c != nil && c.decided {
		return c
	}
	return nil
}

// begins reports whether an event has the first message of a connection, encryption
// aside, and takes from it what is asked about. Where that is no StartupMessage, none
// will come.
func (c *candidate) begins(e *event.Event, r *reading.Reader) bool {
	for i := range e.Messages {
		m := &e.Messages[i]
		switch m.Type {
		case wire.SSLRequest, wire.SSLResponse, wire.GSSENCRequest, wire.GSSENCResponse:
			continue
		case wire.CancelRequest:
			c.cancels = true
			return false
		case wire.StartupMessage:
			r.Read(m)
			c.login.read(r)
		}
		return true
	}
	return false
}

// clientOf is the address in a sentence that says that a client has connected.
func clientOf(f event.Opened) string {
	if a, err := netip.ParseAddrPort(f.Client); err == nil {
		return a.Addr().Unmap().String()
	}
	return f.Client // of a Unix socket
}

func (s *ConnectionSink) matches(c *candidate) bool {
	return isTrue(s.filter.program, connectionVariables{
		User: c.login.user, Database: c.login.database, App: c.login.app, Client: c.client,
	})
}

// decide lets go what was held of a connection, or forgets it.
func (s *ConnectionSink) decide(c *candidate, chosen bool) {
	if chosen {
		s.out = append(s.out, c.held...)
	}
	*c = candidate{decided: true, chosen: chosen}
}

// hold keeps a copy of an event: what it points to belongs to the bus.
func (c *candidate) hold(e *event.Event) {
	c.size += cost + len(e.Data)
	for _, arg := range event.Arguments(e.Fact) {
		c.size += len(arg.Text)
	}
	for i := range e.Messages {
		c.size += cost + len(e.Messages[i].Bytes)
	}
	c.held = append(c.held, e.Clone())
}
