package stats

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Options say what is added up.
type Options struct {
	// By is what groups are made by, and Order what the largest of them are kept by.
	By    By
	Order Order
	// Since and Until leave out exchanges that were over before and after.
	Since, Until Bound
	// Groups is how many groups are kept apart, 0 for the default.
	Groups int
}

// Stats adds up events. It is not safe for concurrent use.
type Stats struct {
	// All are the sums of everything, and Seen says what that is.
	All  Sums
	Seen Seen
	// States counts the errors of all, by SQLSTATE.
	States Counts
	// Misc is what is not kept apart any more: groups that were among the smallest when there were
	// too many.
	Misc Group

	options     Options
	groups      groups
	connections map[uint32]*connection
	known       []*Connection // the first, for those who list them
	fields      []wire.Field
}

// New returns empty sums.
func New(options Options) *Stats {
	s := &Stats{options: options, connections: map[uint32]*connection{}}
	s.groups = newGroups(options.Groups, options.Order)
	s.Misc.Key = "MISC"
	return s
}

// Take adds an event.
func (s *Stats) Take(e *event.Event) {
	s.TakeFact(e)
	s.TakeExchange(e)
}

// TakeFact adds what an event says of its connection, or of what was not seen.
func (s *Stats) TakeFact(e *event.Event) {
	s.Seen.take(e)
	if e.Conn == 0 {
		return
	}
	if c := s.connection(e); c != nil {
		s.follow(c, e)
	}
}

// TakeExchange adds the exchange of an event, if it has one. It is apart from TakeFact for those who
// choose among exchanges.
func (s *Stats) TakeExchange(e *event.Event) {
	if e.Kind != event.Exchanged {
		return
	}
	x, c := e.Exchange, s.connections[e.Conn]
	var how manner
	if c != nil {
		how = c.exchanged(x)
	}
	if s.options.Since.isAfter(e.At, s.Seen.First) || !s.options.Until.isZero() && !s.options.Until.isAfter(e.At, s.Seen.First) {
		return
	}
	how.format = s.formatOf(x)
	s.Seen.Exchanges++
	s.All.addExchange(x, how)
	if x.SQLState != "" {
		s.States.add(x.SQLState, maxStates)
	}
	if x.Kind == event.Prepare && x.Shape != nil && s.options.By.IsShape() {
		s.groups.find(x.Shape.ID, x).Prepared++
	}
	g := s.groups.find(s.options.By.keyOf(e), x)
	g.add(e, how)
	s.groups.keepSample(g, e)
	if c != nil && c.Connection != nil {
		c.Sums.add(x, how.goesOn)
	}
	s.groups.shrink(&s.Misc)
}

// Groups returns the groups that are kept apart, in order, the largest first.
func (s *Stats) Groups() []*Group { return s.groups.sorted() }

// Crowded reports whether there were more groups than are kept apart: what a group has is then at
// least so much, and the rest is in Misc.
func (s *Stats) Crowded() bool { return s.groups.crowded }

// Connections returns the first connections, in order.
func (s *Stats) Connections() []*Connection { return s.known }
