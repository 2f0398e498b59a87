package insight

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Options are what is looked for.
type Options struct {
	Rules Selection
	// Slow is how long an exchange takes that rule slow finds. 0 finds none.
	Slow time.Duration
	// Accepted returns whether the user has accepted a finding with a signature, and why. It is nil
	// if nothing is accepted.
	Accepted func(signature string) (reason string, accepted bool)
}

// Stage finds what its rules look for. It is not safe for concurrent use.
type Stage struct {
	options Options
	rules   [sorts][]*Rule // that are looked for

	clock     event.Clock
	deadlines deadlines
	seq       uint64        // of the last event
	at        time.Time     // of the last event
	conn      uint32        // of the last event
	elapsed   time.Duration // of the last event

	command     bool // all connections are of one command
	clients     map[clientKey]*client
	scopes      uint64 // that have begun
	connections map[uint32]*connection
	statements  statements
	current     exchange        // that is being taken
	spare       [sorts][]*scope // that are not in use
	spareMemory int             // of their watchers, in bytes

	account account // of all that can be forgotten

	// Of what is collected of results, if a rule needs it:
	collects  bool
	compares  bool // parameters with results
	spareRows []*rows
	operands  operands
	relations relations

	signatures map[string]bool // that were found
	found      []*event.Event  // and not emitted yet
}

// New returns a stage.
func New(o Options) *Stage {
	s := &Stage{
		options: o, clients: map[clientKey]*client{}, connections: map[uint32]*connection{}, signatures: map[string]bool{},
	}
	for _, r := range Rules {
		for ; r != nil && o.LooksFor(r); r = r.besides {
			s.rules[r.within] = append(s.rules[r.within], r)
		}
	}
	s.account.open()
	s.compares = o.Rules.Has(nplusone.Name) || o.Rules.Has(repeated.Name)
	s.collects = s.compares || o.Rules.Has(duplicate.Name)
	return s
}

// Take passes an event on, followed by what was found with it. What is found because time has
// passed comes before it.
func (s *Stage) Take(e *event.Event, emit func(*event.Event)) {
	s.seq, s.at, s.conn, s.elapsed = e.Seq, e.At.Round(0), e.Conn, e.Elapsed // a recording has no monotonic clock
	if s.clock.Take(e); s.clock.Now >= s.deadlines.next() {
		s.expire()
		s.emit(emit)
	}
	switch e.Kind {
	case event.Traffic, event.Fragment:
		if !e.Repeated && e.Direction <= event.ServerToClient {
			s.messages(e)
		}
	case event.Exchanged:
		s.exchange(e)
	case event.Said:
		s.fact(e)
		s.emit(emit) // the line about an end comes after what it has ended
	case event.Measured:
		if _, one := e.Fact.(event.OneCommand); one {
			s.command = true
		}
	}
	if s.account.isFull() {
		s.shed()
	}
	emit(e)
	s.emit(emit)
}

// End ends everything. Nothing more is seen.
func (s *Stage) End(emit func(*event.Event)) {
	for _, c := range s.inOrder() {
		s.endConnection(c)
		s.emit(emit)
	}
	for _, c := range s.clientsInOrder() {
		s.endClient(c, stopped)
		s.emit(emit)
	}
}

// emit emits what was found.
func (s *Stage) emit(emit func(*event.Event)) {
	for i, f := range s.found {
		s.found[i] = nil
		emit(f)
	}
	s.found = s.found[:0]
}

// messages follows what clients ask and servers answer.
func (s *Stage) messages(e *event.Event) {
	c := s.connection(e)
	for i := range e.Messages {
		m := &e.Messages[i]
		if e.Direction == event.ClientToServer {
			if m.Exchange > c.asked && !c.streams {
				s.opens(c, m.Exchange)
			}
			c.scope.listen(m)
			continue
		}
		if m.Type == wire.ReadyForQuery && m.Exchange == 0 && c.asked == 0 {
			c.loggedIn = true
			s.join(c)
		}
		if m.Type == wire.CopyBothResponse { // it goes on as long as the connection
			c.streams = true
			s.closes(c, c.asked)
		}
		if s.collects {
			s.collect(c, m)
		}
		if m.Done > c.done {
			s.closes(c, m.Done)
		}
		if m.Type == wire.ReadyForQuery && m.Done > 0 {
			c.becomeReady(m.Done)
		}
	}
}

// exchange passes an exchange to the rules.
func (s *Stage) exchange(e *event.Event) {
	c := s.connection(e)
	x := s.read(e, c)
	s.follow(c, x)
	s.dropRows(c, x.Number)
}

// fact handles what a fact means for scopes.
func (s *Stage) fact(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.Opened, event.Joined, event.Continued:
		s.connection(e)
	case event.HungUp:
		s.connection(e).leave(f.Party)
	case event.ConnectionLost:
		s.connection(e).leave(f.Party)
	case event.Missing, event.OutOfSync, event.ObserverFailed:
		if c := s.connections[e.Conn]; c != nil {
			s.lose(c)
		}
	case event.Ended:
		if c := s.connections[e.Conn]; c != nil {
			s.endConnection(c)
		}
	}
}
