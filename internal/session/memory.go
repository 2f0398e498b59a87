package session

import (
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// memory is what a connection knows beyond the current message: what was asked, what names stand
// for, and the settings needed to read values.
type memory struct {
	requests requests
	doubt    doubt
	names    names
	settings *event.Settings
	// exchange is the number of the last exchange. complete is set when it has been asked for in
	// full, and about is its SQL. alone is set if it needs no Sync. unsynced is set if the next
	// Sync belongs to it.
	about    *event.Context
	exchange uint32
	complete bool
	alone    bool
	unsynced bool
	// over is the number of the last exchange that is over, with all before it.
	over uint32
	// ignored are requests that the server ignores. Up to the Sync, names in them stand for what
	// the client meant.
	ignored   []request
	numbered  uint64         // requests of the client so far
	result    *event.Context // of the DataRows that follow
	queries   recent
	described []event.Column // those that were read last
	fields    []wire.Field
	formats   []int16
	types     []uint32
}

// client learns from a message of the client.
func (y *memory) client(m *wire.Message) (b belonging) {
	if m.Type.Code() == 'd' { // whatever is in it
		y.unsynced = y.unsynced || !y.alone
		return belonging{exchange: y.exchange, about: y.about, skipped: y.requests.skips()}
	}
	switch m.Type {
	case wire.Parse, wire.Bind, wire.Describe, wire.Close, wire.Execute, wire.Query, wire.FunctionCall, wire.Sync, wire.CopyDone, wire.CopyFail:
	case wire.Flush:
		return belonging{exchange: y.exchange, about: y.about, skipped: y.requests.skips()}
	default:
		return belonging{}
	}
	y.requests.discarding = y.requests.discarding && m.Type != wire.Sync
	if b.skipped = y.requests.skips(); !y.requests.discarding {
		y.forgetIgnored()
	}
	y.numbered++
	r := request{kind: m.Type, number: y.numbered, exchange: y.number(m.Type)}
	b.exchange = r.exchange
	switch m.Type {
	case wire.Parse:
		y.parse(m, &r) // the message itself has the SQL
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
		y.about = c // nil if its statement was not seen
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
		y.requests.pass(r)
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
	sure, mistake := y.requests.align(m.Type, wire.IsFatal(m))
	b.mistake = mistake
	y.restore()
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

// reply learns from a reply, or from a message of the login.
func (y *memory) reply(m *wire.Message, loggedIn bool, b *belonging) {
	x := &y.requests
	switch m.Type {
	case wire.DataRow:
		b.context = y.row()
	case wire.ParseComplete:
		y.completeParse()
	case wire.BindComplete:
		y.completeBind()
	case wire.CloseComplete:
		x.complete(wire.Close)
	case wire.RowDescription:
		y.rowDescription(m)
	case wire.NoData:
		x.complete(wire.Describe)
	case wire.ParameterDescription:
		y.parameterDescription(m)
	case wire.CommandComplete, wire.EmptyQueryResponse, wire.PortalSuspended:
		y.result = nil
		if m.Type == wire.CommandComplete {
			y.deallocate(m)
		}
		x.complete(wire.Execute)
	case wire.FunctionCallResponse:
		b.context = x.functionCall()
	case wire.CopyInResponse:
		x.beginCopyIn()
	case wire.ErrorResponse:
		b.context = y.errorContext()
	case wire.ReadyForQuery:
		y.becomeReady(m, loggedIn)
	}
}

// errorContext returns the context of an ErrorResponse: the SQL that the error is about.
func (y *memory) errorContext() *event.Context {
	var c *event.Context
	if r := y.requests.current(); r != nil {
		c = r.context()
	}
	y.result = nil
	var t takenBack
	var ignored []request // to be undone at the Sync
	y.requests.fail(func(r *request) {
		if y.requests.discarding {
			ignored = append(ignored, *r)
			return
		}
		y.names.undo(r)
		t.add(r)
	})
	slices.Reverse(ignored)
	y.ignored = append(y.ignored, ignored...)
	if len(t.statements)+len(t.portals) > 0 && len(y.requests.queue) > y.requests.first {
		y.correct(&t)
	}
	return c
}

// completeParse notes that the server has made a statement. What was known about the columns of an
// equal one may have changed since.
func (y *memory) completeParse() {
	if r := y.requests.current(); r != nil && r.kind == wire.Parse && r.statement != nil {
		r.statement.described = false
	}
	y.requests.complete(wire.Parse)
}

// completeBind notes that the server has made a portal.
func (y *memory) completeBind() {
	if r := y.requests.current(); r != nil && r.kind == wire.Bind && r.portal != nil {
		r.portal.described = false
	}
	y.requests.complete(wire.Bind)
}

// becomeReady notes that the server is done with a Query or Sync. Outside a transaction, no portals
// are left.
func (y *memory) becomeReady(m *wire.Message, loggedIn bool) {
	y.result = nil
	before := y.numbered + 1
	if loggedIn {
		if done := y.requests.becomeReady(); done != 0 {
			before = done
		}
	}
	if m.Bytes[len(m.Bytes)-1] == 'I' {
		y.names.forgetPortals(before)
	}
}

// deallocate forgets the statements that SQL has told the server to forget.
func (y *memory) deallocate(m *wire.Message) {
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
			y.names.deallocateAll(before) // better than a wrong name
		}
	}
}

// deallocatedName returns the name of the one statement that SQL tells the server to forget.
func deallocatedName(c *event.Context) (name string, ok bool) {
	if c == nil || c.Shortened > 0 {
		return "", false
	}
	return sqltext.DeallocatedName(c.SQL, c.Settings.SQL())
}
