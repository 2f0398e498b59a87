package stats

import (
	"slices"
	"strings"
	"time"

	"pgpi/internal/event"
)

// Seen is what the sums cover, and what is missing from them.
type Seen struct {
	// First and Last are the times of the first and the last event.
	First, Last time.Time
	// Exchanges counts those that are added up, and All also those that a filter or a bound left out.
	Exchanges, All int64
	// Opened counts connections. Ended counts those that have ended.
	Opened, Ended int64
	// Joined counts connections whose beginning was not seen, Encrypted those that could not be
	// read at least in part, OneDirection those of which only one party was seen, OutOfSync those
	// that could no longer be read at some point, and Foreign what was not Postgres.
	Joined, Encrypted, OneDirection, OutOfSync, Foreign int64
	// Gaps counts places where bytes are missing. Missing counts the bytes.
	Gaps, Missing int64
	// Damaged counts parts of captures that could not be read.
	Damaged int64
	// Dropped counts events that did not reach the outlet. Defects counts what was lost through
	// defects of pgpi.
	Dropped, Defects int64
	// Redacted is set if anything was redacted.
	Redacted bool
	// Unfollowed counts connections beyond the number that can be followed at once.
	Unfollowed int64
}

// Whole reports whether nothing is missing, as far as is known.
func (s *Seen) Whole() bool {
	return s.Joined+s.Encrypted+s.OneDirection+s.OutOfSync+s.Foreign+s.Gaps+s.Damaged+s.Dropped+s.Defects+s.Unfollowed == 0
}

// NotSeen lists what is missing, in words.
func (s *Seen) NotSeen() (all []string) {
	add := func(n int64, one, several string) {
		switch {
		case n == 1:
			all = append(all, "1 "+one)
		case n > 1:
			all = append(all, event.Number(n)+" "+several)
		}
	}
	add(s.Joined, "connection began before: statements prepared before that are not known", "connections began before: statements prepared before that are not known")
	add(s.Encrypted, "connection is encrypted, from some point on", "connections are encrypted, from some point on")
	add(s.OneDirection, "connection was heard in one direction only: it has no times and no results", "connections were heard in one direction only: they have no times and no results")
	if s.Gaps > 0 {
		all = append(all, event.Count(s.Gaps, "gap")+", in which "+event.Count(s.Missing, "byte")+" are missing: what was asked there is not counted")
	}
	add(s.Damaged, "part of the captures could not be read", "parts of the captures could not be read")
	add(s.OutOfSync, "place where nothing more could be read", "places where nothing more could be read")
	add(s.Foreign, "connection did not speak Postgres", "connections did not speak Postgres")
	add(s.Dropped, "event was dropped because they could not be taken fast enough", "events were dropped because they could not be taken fast enough")
	add(s.Defects, "time a defect of pgpi has cost something: the log says what", "times a defect of pgpi has cost something: the log says what")
	add(s.Unfollowed, "connection too many at once: its statements are counted, its end is not", "connections too many at once: their statements are counted, their ends are not")
	return all
}

// WhyNothing returns why no exchange is added up.
func (s *Seen) WhyNothing() string {
	switch missing := s.NotSeen(); {
	case s.All > 0:
		return "--filter, --since or --until left out all " + event.Count(s.All, "exchange")
	case len(missing) > 0:
		return strings.Join(missing, ", ")
	case s.Opened == 0:
		return "nothing has connected"
	}
	return "nothing was asked on " + event.Count(s.Opened, "connection")
}

func (s *Seen) take(e *event.Event) {
	if !e.At.IsZero() && e.Kind != event.End { // which is in no log, and not in each recording
		if s.First.IsZero() || e.At.Before(s.First) {
			s.First = e.At
		}
		if e.At.After(s.Last) {
			s.Last = e.At
		}
	}
	if e.Kind == event.Exchanged {
		s.All++
	}
	if !s.Redacted {
		// A recording that notes what was blanked says of everything that it may be.
		blanked := e.Redacted && (!e.Noted || e.Kind == event.Undecoded)
		s.Redacted = blanked || slices.ContainsFunc(e.Messages, func(m event.Message) bool { return len(m.Redacted) > 0 })
	}
	switch f := e.Fact.(type) {
	case event.Joined, event.Continued:
		s.Joined++
	case event.Encrypted:
		s.Encrypted++
	case event.OutOfSync:
		s.OutOfSync++
	case event.Missing:
		s.Gaps++
		s.Missing += f.Bytes
	case event.Damaged:
		s.Damaged++
	case event.Dropped:
		s.Dropped += int64(f.Events)
	case event.NotPostgres, event.NotPostgresServer:
		s.Foreign++
	case event.ObserverFailed, event.StageFailed, event.StageIncomplete, event.ConnectionFailed:
		s.Defects++
	}
}

// Connection is what is known about a connection.
type Connection struct {
	Number    uint32
	Identity  *event.Identity // the last
	ClientTLS string          // version and cipher suite; empty if there is none or it was not seen
	ServerTLS string
	Opened    time.Time
	Ended     time.Time // zero if it is open
	Sums      ConnectionSums
}

// ConnectionSums are the sums of a connection, without distributions.
type ConnectionSums struct {
	Calls, Failed, Rows, Sent, Got int64
	Time                           time.Duration
}

func (s *ConnectionSums) add(x *event.Exchange, goesOn bool) {
	s.Sent += x.Sent
	s.Got += x.Got
	if !isCall(x) {
		return
	}
	if !goesOn {
		s.Calls++
	}
	if x.Outcome == event.Failed || x.Outcome == event.Canceled {
		s.Failed++
	}
	s.Rows += Rows(x)
	s.Time += max(0, x.Times.Server())
}

// Limits on connections.
const (
	maxConnections = 100_000 // that are followed at once
	maxKnown       = 1000    // that are listed
	maxPortals     = 10      // that are suspended, in each
)

// connection is what is remembered about an open connection.
type connection struct {
	*Connection // nil for connections that are not listed

	heard [2]bool // by direction
	tx    byte    // of the last ReadyForQuery
	// suspended has the statements of suspended portals, by the names of these.
	suspended map[string]*event.Context
}

// connection returns what is remembered about the connection of an event, or nil if it is not
// followed.
func (s *Stats) connection(e *event.Event) *connection {
	if c := s.connections[e.Conn]; c != nil {
		return c
	}
	if len(s.connections) >= maxConnections {
		if _, opened := e.Fact.(event.Opened); opened {
			s.Seen.Unfollowed++
		}
		return nil
	}
	c := &connection{}
	if len(s.known) < maxKnown {
		c.Connection = &Connection{Number: e.Conn, Opened: e.At}
		s.known = append(s.known, c.Connection)
	}
	s.connections[e.Conn] = c
	s.Seen.Opened++
	return c
}

// follow remembers what an event says about its connection.
func (s *Stats) follow(c *connection, e *event.Event) {
	if e.Kind == event.Traffic || e.Kind == event.Fragment {
		if e.Direction <= event.ServerToClient {
			c.heard[e.Direction] = true
		}
		return
	}
	if c.Connection != nil && e.Identity != nil {
		c.Identity = e.Identity
	}
	switch f := e.Fact.(type) {
	case event.TLSEstablished:
		c.setTLS(f.Party, f.TLS)
	case event.DirectTLSEstablished:
		c.setTLS(f.Party, f.TLS)
	case event.Ended:
		s.end(c, e)
	}
}

func (c *connection) setTLS(party event.Party, tls string) {
	switch {
	case c.Connection == nil:
	case party == event.Client:
		c.ClientTLS = tls
	default:
		c.ServerTLS = tls
	}
}

func (s *Stats) end(c *connection, e *event.Event) {
	if c.heard[0] != c.heard[1] {
		s.Seen.OneDirection++
	}
	if c.Connection != nil {
		c.Ended = e.At
	}
	s.Seen.Ended++
	delete(s.connections, e.Conn)
}

// followExchange returns what sums depend on that is not in an exchange, and remembers what the
// next will depend on.
func (c *connection) followExchange(x *event.Exchange) (how manner) {
	how.inTransaction = c.tx == 'T' || c.tx == 'E'
	if x.Transaction != 0 {
		c.tx = x.Transaction
	}
	if x.Kind != event.Extended {
		return how
	}
	context := c.suspended[x.Portal]
	how.goesOn = context != nil && x.Bind == nil && !x.Parsed && x.Context == context
	c.suspend(x)
	return how
}

// suspend remembers whether the portal of an exchange is suspended.
func (c *connection) suspend(x *event.Exchange) {
	delete(c.suspended, x.Portal)
	if x.Outcome != event.Suspended || x.Context == nil {
		return
	}
	if c.suspended == nil {
		c.suspended = map[string]*event.Context{}
	}
	if len(c.suspended) >= maxPortals {
		clear(c.suspended)
	}
	c.suspended[x.Portal] = x.Context
}
