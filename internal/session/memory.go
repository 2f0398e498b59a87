package session

import (
	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// memory is what a connection knows beyond the message at hand: what was asked, what
// names stand for, and the settings that values are read by.
type memory struct {
	requests requests
	doubt    doubt
	names    names
	settings *event.Settings
	// exchange numbers the last exchange, which is complete when it has been asked for in full,
	// and about is its SQL. alone says that it needs no Sync, unsynced that a Sync that comes now
	// belongs to it.
	about    *event.Context
	exchange uint32
	complete bool
	alone    bool
	unsynced bool
	// over numbers the last exchange that is over with all before it.
	over uint32
	// ignored are requests that the server ignores. What they name is what the client meant, up to
	// the Sync.
	ignored   []request
	numbered  uint64         // requests of the client so far
	result    *event.Context // of the DataRows that come
	queries   recent
	described []event.Column // that were read last
	fields    []wire.Field
	formats   []int16
	types     []uint32
}

// client learns from a message of the client.
func (y *memory) client(m *wire.Message) (b belonging) {
	if m.Type.Code() == 'd' { // whatever is in it
		y.unsynced = y.unsynced || !y.alone
		return belonging{exchange: y.exchange, about: y.about, skipped: y.requests.discarding}
	}
	switch m.Type {
	case wire.Parse, wire.Bind, wire.Describe, wire.Close, wire.Execute, wire.Query, wire.FunctionCall, wire.Sync, wire.CopyDone, wire.CopyFail:
	case wire.Flush:
		return belonging{exchange: y.exchange, about: y.about, skipped: y.requests.discarding}
	default:
		return belonging{}
	}
	b.skipped = y.requests.discarding && m.Type != wire.Sync
	y.requests.discarding = b.skipped
	if !b.skipped {
		y.forgetIgnored()
	}
	y.numbered++
	r := request{kind: m.Type, number: y.numbered, exchange: y.number(m.Type)}
	b.exchange = r.exchange
	switch m.Type {
	case wire.Parse:
		y.parse(m, &r) // it has its SQL in itself
	case wire.Bind:
		b.context = y.bind(m, &r)
	case wire.Describe, wire.Execute, wire.Close:
		b.context = y.target(m, &r)
	case wire.Query:
		y.query(m, &r)
	case wire.FunctionCall:
		y.call(m, &r)
	}
	if c := r.context(); c != nil || m.Type == wire.Bind || m.Type == wire.Execute {
		y.about = c // nil where it is of a statement that was not seen
	}
	r.about, b.about = y.about, y.about
	switch {
	case m.Type == wire.CopyDone || m.Type == wire.CopyFail:
		r.kind = wire.CopyDone
		if y.requests.copyIn {
			y.requests.copyIn = false
			return b
		}
	case m.Type == wire.Sync && y.requests.copyIn:
		return b
	}
	if !y.requests.discarding {
		y.doubt.asks(&y.requests)
		y.requests.add(r)
	} else {
		if len(y.ignored) >= maxIgnored {
			y.forgetIgnored()
		}
		y.ignored = append(y.ignored, r)
	}
	return b
}

// server learns from a message of the server.
func (y *memory) server(m *wire.Message, loggedIn bool) (b belonging) {
	switch m.Type {
	case wire.ParameterStatus, wire.YbParameterStatus:
		y.parameterStatus(m)
		fallthrough
	case wire.NoticeResponse:
		if r := y.requests.current(); r != nil && loggedIn && len(y.requests.guesses) == 0 {
			b.exchange, b.about = r.exchange, r.about
		}
		return b
	case wire.NotificationResponse:
		return b
	}
	if !loggedIn {
		y.reply(m, loggedIn, &b)
		return b
	}
	if y.doubt.answers(&y.requests, m.Type) {
		y.result = nil
	}
	sure, mistake := y.requests.align(m.Type)
	b.mistake = mistake
	if !sure {
		y.result = nil
		return b
	}
	if r := y.requests.current(); r != nil {
		b.exchange, b.about = r.exchange, r.about
		b.atSync = m.Type == wire.ErrorResponse && r.kind == wire.Sync
	}
	y.requests.replied = true
	y.reply(m, loggedIn, &b)
	y.conclude(m, b.exchange)
	return b
}

// reply learns from a reply, or a message of the login.
func (y *memory) reply(m *wire.Message, loggedIn bool, b *belonging) {
	x := &y.requests
	switch m.Type {
	case wire.DataRow:
		b.context = y.row()
	case wire.ParseComplete:
		y.parsed()
	case wire.BindComplete:
		y.bound()
	case wire.CloseComplete:
		x.answered(wire.Close)
	case wire.RowDescription:
		y.rowDescription(m)
	case wire.NoData:
		x.answered(wire.Describe)
	case wire.ParameterDescription:
		y.parameterDescription(m)
	case wire.CommandComplete, wire.EmptyQueryResponse, wire.PortalSuspended:
		y.result = nil
		if m.Type == wire.CommandComplete {
			y.deallocated(m)
		}
		x.answered(wire.Execute)
	case wire.FunctionCallResponse:
		b.context = x.called()
	case wire.CopyInResponse:
		x.copyInBegins()
	case wire.ErrorResponse:
		b.context = y.failed()
	case wire.ReadyForQuery:
		y.ready(m, loggedIn)
	}
}

// failed is what an ErrorResponse is shown with: the SQL that it speaks of.
func (y *memory) failed() *event.Context {
	var c *event.Context
	if r := y.requests.current(); r != nil {
		c = r.context()
	}
	y.result = nil
	var t takenBack
	y.requests.failed(func(r *request) {
		y.names.undo(r)
		t.add(r)
	})
	if len(t.statements)+len(t.portals) > 0 && len(y.requests.queue) > y.requests.first {
		y.correct(&t)
	}
	return c
}

// parsed says that the server has made a statement. What was known of the columns of
// an equal one may have changed since.
func (y *memory) parsed() {
	if r := y.requests.current(); r != nil && r.kind == wire.Parse && r.statement != nil {
		r.statement.described = false
	}
	y.requests.answered(wire.Parse)
}

// bound says that the server has made a portal.
func (y *memory) bound() {
	if r := y.requests.current(); r != nil && r.kind == wire.Bind && r.portal != nil {
		r.portal.described = false
	}
	y.requests.answered(wire.Bind)
}

// ready says that the server is done with a Query or Sync. Outside of a transaction
// nothing is left of portals.
func (y *memory) ready(m *wire.Message, loggedIn bool) {
	y.result = nil
	before := y.numbered + 1
	if loggedIn {
		if done := y.requests.ready(); done != 0 {
			before = done
		}
	}
	if m.Bytes[len(m.Bytes)-1] == 'I' {
		y.names.forgetPortals(before)
	}
}

// deallocated forgets the statements that SQL has told the server to forget.
func (y *memory) deallocated(m *wire.Message) {
	before := y.numbered + 1
	var c *event.Context
	if r := y.requests.current(); r != nil {
		before, c = r.number, r.context()
	}
	switch string(m.Bytes[min(len(m.Bytes), wire.HeaderSize):]) {
	case "DISCARD ALL\x00", "DEALLOCATE ALL\x00":
		y.names.deallocateAll(before)
	case "DEALLOCATE\x00":
		if name, ok := deallocatedName(c); ok {
			y.names.deallocate(name, before)
		} else {
			y.names.deallocateAll(before) // rather than to name one wrongly
		}
	}
}

// deallocatedName returns the name of the one statement that SQL tells the server to forget.
func deallocatedName(c *event.Context) (name string, ok bool) {
	if c == nil || c.Shortened > 0 {
		return "", false
	}
	return sqltext.DeallocatedName(c.SQL, readingOf(c.Settings))
}
