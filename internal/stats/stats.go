package stats

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Options are what is added up.
type Options struct {
	// By is what exchanges are grouped by. Order decides which groups are the largest, and kept.
	By    By
	Order Order
	// Since and Until exclude exchanges that ended before or after, and findings whose exchanges
	// began before or after.
	Since, Until Bound
	// Groups is how many groups are kept apart, or 0 for the default.
	Groups int
}

// Stats adds up events. It is not safe for concurrent use.
type Stats struct {
	// All is the sum of everything. Seen says what that covers.
	All  Sums
	Seen Seen
	// States counts all errors by SQLSTATE.
	States Counts
	// Misc has what is no longer kept apart: groups that were among the smallest when there were
	// too many.
	Misc Group

	options     Options
	groups      groups
	findings    findings
	connections map[uint32]*connection
	known       []*Connection // the first, for listing them
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
	s.TakeFinding(e)
}

// TakeFact adds what an event says about its connection, or about what was not seen.
func (s *Stats) TakeFact(e *event.Event) {
	s.Seen.take(e)
	if e.Conn == 0 || e.Kind == event.Found { // its connection may have ended
		return
	}
	if c := s.connection(e); c != nil {
		s.follow(c, e)
	}
}

// TakeExchange adds the exchange of an event, if there is one. It is separate from TakeFact for
// callers that select exchanges.
func (s *Stats) TakeExchange(e *event.Event) {
	if e.Kind != event.Exchanged {
		return
	}
	x, c := e.Exchange, s.connections[e.Conn]
	var how manner
	if c != nil {
		how = c.followExchange(x)
	}
	if s.isBefore(e.At) || s.isAfter(e.At) {
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

// isBefore and isAfter report whether a time is outside the bounds.
func (s *Stats) isBefore(at time.Time) bool { return s.options.Since.isAfter(at, s.Seen.First) }

func (s *Stats) isAfter(at time.Time) bool {
	return !s.options.Until.isZero() && !s.options.Until.isAfter(at, s.Seen.First)
}

// Groups returns the groups that are kept apart, in order, largest first.
func (s *Stats) Groups() []*Group { return s.groups.sorted() }

// Crowded reports whether there were more groups than are kept apart. Then the sums of a group may
// be too small, and the rest is in Misc.
func (s *Stats) Crowded() bool { return s.groups.crowded }

// Connections returns the first connections, in order.
func (s *Stats) Connections() []*Connection { return s.known }
