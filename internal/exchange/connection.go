package exchange

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// maxOpen is how many exchanges of a connection are followed at once. More are ignored, and nothing
// is said about them.
const maxOpen = 1000

// maxParameters is the maximal size of a Bind whose parameters are kept, in bytes.
const maxParameters = 64 << 10

// connection is what is known about the exchanges of one connection.
type connection struct {
	open []*open // in order
	last uint32  // the last that has begun
	done uint32  // the last that is over
	// over is when the last message of the last exchange came.
	over time.Duration
	// served is when the server was done with the last exchange.
	served    time.Duration
	roundTrip uint32
	// untold is the round trip that an exchange began of which nothing is told, 0 if there is none.
	untold uint32
	// explicit is set while a BEGIN is open.
	explicit bool
	// unsynced are the exchanges that are over while their implicit transaction is not: it ends
	// with a Sync.
	unsynced span
	// failed is the exchange that got an error since the last ReadyForQuery, or 0. wentOn is set if
	// the server has answered something behind it, and goesOn if it has ever done that: it may do
	// what other servers would ignore or roll back.
	failed         uint32
	wentOn, goesOn bool
	// doubted is the last exchange that may have had some of its reply without it being recognized.
	doubted uint32
	// obscured is the last exchange whose whole reply may be in what was seen and is of no exchange.
	obscured uint32
	cutShort bool // the capture ended before the connection
	// began is when the first byte of the current message was seen, by direction.
	began [2]time.Duration
	// latest is the exchange of the last message, by direction. at is when that message came.
	latest [2]uint32
	at     [2]time.Duration
	// unbooked is what a request too large to hold has waited for. Until all of it has come, it is
	// not known what it is. nil if there is none.
	unbooked *waits
	// measures is set if the widths of columns are wanted.
	measures bool
	// ways are the ways to the client and the server, as measured last.
	ways [2]time.Duration
	told []*event.Exchange
}

// span is a run of exchanges. It is empty if first is 0.
type span struct {
	first, last uint32
	count       int
}

func (s *span) add(n uint32) {
	if s.first == 0 {
		s.first = n
	}
	s.last = n
	s.count++
}

// open is an exchange that is not over.
type open struct {
	event.Exchange
	completed  bool  // by CommandComplete, EmptyQueryResponse or PortalSuspended
	simple     bool  // a Query
	late       bool  // a Sync for an exchange that is over, which is emitted only if it fails
	counted    int64 // rows of the completed statements
	replied    bool
	heard      bool // the server has sent something since the client did
	suspended  bool
	failed     bool
	skipped    bool
	executes   bool
	cancelSeen bool
	widths     widths
	turn       turn // since it is the first
	// atSync is an error that came after the reply: it belongs to the Sync.
	atSync *event.Exchange
}

// add adds a message to its exchange.
func (c *connection) add(e *event.Event, m *event.Message) {
	if m.Exchange == 0 {
		return
	}
	fromClient := e.Direction == event.ClientToServer
	x := c.find(m.Exchange)
	if x == nil && m.Type == wire.Sync && m.Exchange <= c.last {
		x = c.beginLate(e, m)
	}
	if x != nil && x.late && !fromClient && !m.AtSync && m.Type != wire.ReadyForQuery {
		return // it belongs to one that is over, or is not followed
	}
	if x == nil && (!fromClient || m.Exchange <= c.last) {
		return // it is over, or is not followed
	}
	if x == nil {
		if x = c.begin(e, m); x == nil {
			return
		}
	}
	unseen := m.About == nil && (m.Type == wire.Bind || m.Type == wire.Execute)
	if (m.About != nil || unseen) && !x.late && !x.failed { // what has failed stays
		x.Context = m.About
	}
	if m.Settings != nil {
		x.Settings = m.Settings
	}
	if fromClient {
		x.request(e, m)
	} else {
		x.reply(e, m, c.began[e.Direction])
	}
}

// notice looks for a server that goes on after an error.
func (c *connection) notice(m *event.Message) {
	switch {
	case !answers(m) || m.Type == wire.ReadyForQuery || wire.IsFatal(&m.Message):
	case c.failed != 0 && (m.Exchange == 0 || m.Exchange > c.failed):
		c.wentOn, c.goesOn = true, true
	case m.Type == wire.ErrorResponse && !m.AtSync:
		c.failed = m.Exchange
	}
}

func (c *connection) find(n uint32) *open {
	for _, x := range c.open {
		if x.Number == n {
			return x
		}
	}
	return nil
}

// begin opens an exchange, if there is room.
func (c *connection) begin(e *event.Event, m *event.Message) *open {
	c.last = m.Exchange
	if len(c.open) >= maxOpen {
		return nil
	}
	idle := event.NotSeen
	if len(c.open) == 0 {
		c.roundTrip++
		idle = c.over
	}
	x := c.openNew(e, m)
	if x.Times.Idle = idle; len(c.open) == 1 {
		x.RoundTrips = 1
	}
	return x
}

// beginLate opens the remainder of an exchange that was over before its Sync.
func (c *connection) beginLate(e *event.Event, m *event.Message) *open {
	if len(c.open) >= maxOpen {
		return nil
	}
	x := c.openNew(e, m)
	x.late = true
	return x
}

// openNew opens an exchange of which nothing was seen.
func (c *connection) openNew(e *event.Event, m *event.Message) *open {
	x := &open{widths: widths{wanted: c.measures}}
	x.Number, x.RoundTrip, x.Counted = m.Exchange, c.roundTrip, -1
	x.Times = event.Times{
		Idle: event.NotSeen, Asked: c.began[e.Direction], Sent: event.NotSeen, Turn: event.NotSeen, Answered: event.NotSeen,
		FirstRow: event.NotSeen, Done: event.NotSeen, Ready: event.NotSeen,
	}
	c.open = append(c.open, x)
	return x
}

// request adds a message of the client.
func (x *open) request(e *event.Event, m *event.Message) {
	first := x.Sent == 0
	x.Sent += m.Size
	if x.heard {
		x.heard = false
		x.RoundTrips++
	}
	x.skipped = m.Skipped && (first || x.skipped)
	switch m.Type {
	case wire.Query:
		x.Kind, x.executes, x.simple = event.Simple, true, true
	case wire.FunctionCall:
		x.Kind, x.executes = event.FunctionCall, true
	case wire.Execute:
		x.Kind, x.executes = event.Extended, true
		x.Portal = portalOf(m)
	case wire.Parse, wire.Describe, wire.Close:
		x.Kind = event.Prepare
		x.Parsed = x.Parsed || m.Type == wire.Parse
	case wire.Bind:
		x.Kind = event.Prepare
		x.keepParameters(m)
	case wire.Sync, wire.Flush:
		if first {
			x.Kind = event.SyncAlone
			x.Times.Sent = e.Elapsed
		}
		return // the request is what came before
	}
	x.Times.Sent = e.Elapsed
}

// keepParameters keeps a copy of a Bind that has parameters.
func (x *open) keepParameters(m *event.Message) {
	x.Bind = nil
	if m.Size != int64(len(m.Bytes)) || m.Size > maxParameters {
		return
	}
	own := *m
	own.Bytes, own.Redacted = bytes.Clone(m.Bytes), slices.Clone(m.Redacted)
	x.Bind = &own
}

// portalOf returns the name of the portal in an Execute.
func portalOf(m *event.Message) string {
	name, _, _ := bytes.Cut(m.Bytes[min(len(m.Bytes), wire.HeaderSize):], []byte{0})
	return string(name)
}

// reply adds a message of the server.
func (x *open) reply(e *event.Event, m *event.Message, began time.Duration) {
	x.Got += m.Size
	switch m.Type {
	case wire.NoticeResponse, wire.ParameterStatus, wire.YbParameterStatus:
		return
	case wire.ReadyForQuery:
		x.Times.Ready = e.Elapsed
		x.Transaction = m.Bytes[len(m.Bytes)-1]
		if x.Kind == event.SyncAlone {
			x.Times.Answered, x.Times.Done = began, e.Elapsed
		}
		return
	}
	x.replied, x.heard = true, true
	if x.Times.Answered == event.NotSeen {
		x.Times.Answered = began
	}
	if m.AtSync && x.Kind != event.SyncAlone {
		x.atSync = x.syncFailed(e, m, began)
		return
	}
	x.Times.Done = e.Elapsed
	switch m.Type {
	case wire.DataRow:
		x.Rows += 1 + int64(m.More)
		if x.Times.FirstRow == event.NotSeen {
			x.Times.FirstRow = began
		}
		if x.widths.wanted && x.Got > smallResult {
			x.widths.add(m, x.Got-m.Size)
		}
	case wire.CommandComplete:
		x.complete(m)
	case wire.EmptyQueryResponse:
		x.completed = true
	case wire.PortalSuspended:
		x.completed, x.suspended = true, true
	case wire.CopyInResponse:
		x.Kind = event.CopyIn
	case wire.CopyOutResponse:
		x.Kind = event.CopyOut
	case wire.CopyBothResponse:
		x.Kind = event.Replication
	case wire.ErrorResponse:
		x.failed = true
		x.readError(m)
	}
}

// complete reads a command tag. A Query may have several statements, each with its own.
func (x *open) complete(m *event.Message) {
	tag := string(bytes.TrimSuffix(m.Bytes[min(len(m.Bytes), wire.HeaderSize):], []byte{0}))
	if x.simple && x.completed {
		if len(x.Statements) == 0 {
			x.Statements = append(x.Statements, event.Statement{Tag: x.Tag, Rows: rowsOf(x.Tag, x.counted)})
		}
		x.Statements = append(x.Statements, event.Statement{Tag: tag, Rows: rowsOf(tag, x.Rows-x.counted)})
	}
	x.completed, x.Tag, x.counted = true, tag, x.Rows
	if n, ok := countOf(tag); ok {
		x.Counted = max(0, x.Counted) + n
	}
}

// rowsOf returns how many rows a statement had: those that were seen, or else those that its tag
// counts.
func rowsOf(tag string, seen int64) int64 {
	if n, ok := countOf(tag); ok && seen == 0 {
		return n
	}
	return seen
}

// countOf returns the number of rows in a command tag (documentation of CommandComplete).
func countOf(tag string) (n int64, ok bool) {
	i := strings.LastIndexByte(tag, ' ')
	if i < 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(tag[i+1:], 10, 64)
	return n, err == nil
}

// readError reads the fields of an error.
func (x *open) readError(m *event.Message) {
	field := func(code byte) string {
		b, _ := wire.ErrorFieldOf(m.Bytes, code)
		return string(b)
	}
	x.SQLState, x.Message, x.Detail, x.Hint = field('C'), field('M'), field('D'), field('H')
	x.Position, _ = strconv.Atoi(field('P')) // 0 if there is none
}

// syncFailed returns the exchange of a Sync that failed, as with a deferred constraint.
func (x *open) syncFailed(e *event.Event, m *event.Message, began time.Duration) *event.Exchange {
	sync := open{}
	sync.Number, sync.RoundTrip, sync.Kind, sync.Counted = x.Number, x.RoundTrip, event.SyncAlone, -1
	sync.Outcome, sync.Got = event.Failed, m.Size
	sync.Times = x.Times
	sync.Times.Asked, sync.Times.Answered, sync.Times.FirstRow, sync.Times.Done = x.Times.Sent, began, event.NotSeen, e.Elapsed
	sync.Times.Turn = x.Times.Done
	sync.readError(m)
	return &sync.Exchange
}
