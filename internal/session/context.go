package session

import (
	"bytes"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// memory is what a connection knows beyond the message at hand: what was asked, what
// names stand for, and the settings that values are read by.
type memory struct {
	exchanges exchanges
	names     names
	settings  *event.Settings
	// exchange numbers the last exchange, which is complete when it has been asked for
	// in full. asked and answered are those of the last message of either party.
	exchange, asked, answered uint32
	complete                  bool
	result                    *event.Context // of the DataRows that come
	last                      *statement     // of the last Query: the next one may be equal
	fields                    []wire.Field
	formats                   []int16
	types                     []uint32
}

// client learns from a message of the client, and gives what it is shown with.
func (y *memory) client(m wire.Message) *event.Context {
	switch m.Type {
	case wire.Parse, wire.Bind, wire.Describe, wire.Close, wire.Execute, wire.Query, wire.FunctionCall, wire.Sync, wire.CopyDone, wire.CopyFail:
	case wire.CopyData, wire.Flush:
		y.asked = y.exchange
		return nil
	default:
		y.asked = 0
		return nil
	}
	if y.exchanges.discarding {
		y.exchanges.discarding = m.Type != wire.Sync
	}
	r := request{kind: m.Type, exchange: y.number(m.Type)}
	y.asked = r.exchange
	var c *event.Context
	switch m.Type {
	case wire.Parse:
		y.parse(m, &r) // it has its SQL in itself
	case wire.Bind:
		c = y.bind(m, &r)
	case wire.Describe, wire.Execute, wire.Close:
		c = y.target(m, &r)
	case wire.Query:
		y.query(m, &r)
	case wire.CopyDone, wire.CopyFail:
		r.kind = wire.CopyDone
		if y.exchanges.copyIn {
			y.exchanges.copyIn = false
			return nil
		}
	case wire.Sync:
		if y.exchanges.copyIn {
			return nil
		}
	}
	if !y.exchanges.discarding {
		y.exchanges.add(r)
	} else {
		y.names.undo(&r)
	}
	return c
}

// number gives the exchange that a request begins or belongs to: a Query is one by
// itself, and so is what leads to an Execute. A Sync belongs to the last.
func (y *memory) number(t wire.Type) uint32 {
	switch t {
	case wire.Sync, wire.CopyDone, wire.CopyFail:
		y.complete = y.complete || t == wire.Sync
	case wire.Query, wire.FunctionCall:
		y.exchange++
		y.complete = true
	default:
		if y.complete || y.exchange == 0 {
			y.exchange++
		}
		y.complete = t == wire.Execute
	}
	return y.exchange
}

func (y *memory) parse(m wire.Message, r *request) {
	var name, sql []byte
	omitted := 0
	y.types = y.types[:0]
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		switch f.Name {
		case wire.Statement:
			name = text(m, f)
		case wire.SQL:
			sql = text(m, f)
		case wire.ParameterType:
			y.types = append(y.types, uint32(f.Int))
		case wire.Omitted:
			omitted = int(f.Int)
		}
	}
	r.name = string(name)
	r.statement = y.names.newStatement(name, sql, omitted, y.types)
	r.statement0 = y.names.setStatement(r.name, r.statement)
}

func (y *memory) bind(m wire.Message, r *request) *event.Context {
	var name, portalName []byte
	y.formats = y.formats[:0]
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		switch f.Name {
		case wire.Portal:
			portalName = text(m, f)
		case wire.Statement:
			name = text(m, f)
		case wire.ResultFormat:
			y.formats = append(y.formats, int16(f.Int))
		}
	}
	s := y.names.statements[string(name)]
	r.statement = s
	if old := y.names.portals[string(portalName)]; old != nil && s != nil && old.statement == s && slices.Equal(old.formats, y.formats) {
		r.portal = old
	} else {
		r.portal = &portal{statement: s, formats: append([]int16(nil), y.formats...)}
	}
	if len(portalName) > 0 {
		r.name = string(portalName)
	}
	r.portal0 = y.names.setPortal(r.name, r.portal)
	if s == nil {
		return nil
	}
	return s.context
}

// target is Describe, Execute and Close, which name a statement or a portal.
func (y *memory) target(m wire.Message, r *request) *event.Context {
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		switch f.Name {
		case wire.Statement:
			r.statement = y.names.statements[string(text(m, f))]
			if m.Type == wire.Close {
				r.name = string(text(m, f))
				r.statement0 = y.names.setStatement(r.name, nil)
			}
		case wire.Portal:
			r.portal = y.names.portals[string(text(m, f))]
			if m.Type == wire.Close {
				r.name = string(text(m, f))
				r.portal0 = y.names.setPortal(r.name, nil)
			}
		}
	}
	return r.context()
}

// context is what a request is about.
func (r *request) context() *event.Context {
	s := r.statement
	if s == nil && r.portal != nil {
		s = r.portal.statement
	}
	if s == nil {
		return nil
	}
	return s.context
}

// query remembers the text of a Query for as long as it runs.
func (y *memory) query(m wire.Message, r *request) {
	sql := m.Bytes[min(len(m.Bytes), wire.HeaderSize):]
	sql = bytes.TrimSuffix(sql, []byte{0})
	kept := min(len(sql), maxSQL)
	shortened := len(sql) - kept + int(m.Size) - len(m.Bytes)
	if y.last == nil || y.last.context.Shortened != shortened || y.last.context.SQL != string(sql[:kept]) {
		y.last = &statement{context: &event.Context{SQL: string(sql[:kept]), Shortened: shortened}}
	}
	r.statement = y.last
}

// server learns from a message of the server, and gives what it is shown with.
func (y *memory) server(m wire.Message, loggedIn bool) *event.Context {
	x := &y.exchanges
	y.answered = 0
	if r := x.current(); r != nil && loggedIn && m.Type != wire.NotificationResponse {
		y.answered = r.exchange
	}
	switch m.Type {
	case wire.DataRow:
		return y.row()
	case wire.ParseComplete:
		x.answered(wire.Parse)
	case wire.BindComplete:
		x.answered(wire.Bind)
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
		x.answered(wire.Execute)
	case wire.CopyInResponse:
		x.copyInBegins()
	case wire.ErrorResponse:
		return y.failed()
	case wire.ReadyForQuery:
		y.result = nil
		if loggedIn {
			x.ready()
		}
		if len(x.queue) == 0 && m.Bytes[len(m.Bytes)-1] == 'I' {
			y.names.forgetPortals()
		}
	case wire.ParameterStatus:
		y.parameterStatus(m)
	}
	return nil
}

// row is what a DataRow is shown with.
func (y *memory) row() *event.Context {
	if y.result != nil {
		return y.result
	}
	if r := y.exchanges.current(); r != nil && r.kind == wire.Execute && r.portal != nil {
		y.result = r.portal.rowContext()
	}
	return y.result
}

// rowDescription belongs to a Describe, whose rows come later if at all, or to a
// Query, whose rows come at once.
func (y *memory) rowDescription(m wire.Message) {
	r := y.exchanges.current()
	switch {
	case r == nil:
		y.result = &event.Context{Columns: y.columns(m, nil)}
	case r.kind == wire.Describe && r.statement != nil:
		r.statement.columns, r.statement.row = y.columns(m, nil), nil
		y.exchanges.drop()
	case r.kind == wire.Describe && r.portal != nil:
		r.portal.describe(y.columns(m, r.portal.columns))
		y.exchanges.drop()
	case r.kind == wire.Describe:
		y.exchanges.drop()
	case r.statement != nil:
		y.result = r.statement.rowOf(y.columns(m, r.statement.columns))
	default:
		y.result = &event.Context{Columns: y.columns(m, nil)}
	}
}

// columns reads a RowDescription. Where it equals an earlier one, that is the
// result.
func (y *memory) columns(m wire.Message, earlier []event.Column) []event.Column {
	y.fields = wire.AppendFields(y.fields[:0], m)
	if y.describes(m, earlier) {
		return earlier
	}
	var columns []event.Column
	for _, f := range y.fields {
		if f.Name == wire.Column {
			columns = append(columns, event.Column{})
		}
		if len(columns) == 0 {
			continue
		}
		c := &columns[len(columns)-1]
		switch f.Name {
		case wire.ColumnName:
			c.Name = string(text(m, f))
		case wire.TypeOID:
			c.TypeOID = uint32(f.Int)
		case wire.TypeModifier:
			c.TypeModifier = int32(f.Int)
		case wire.Format:
			c.Binary = f.Int == 1
		}
	}
	return columns
}

// describes reports whether the fields at hand are those of the columns.
func (y *memory) describes(m wire.Message, columns []event.Column) bool {
	if len(columns) == 0 {
		return false
	}
	at := -1
	for _, f := range y.fields {
		if f.Name == wire.Column {
			if at++; at == len(columns) {
				return false
			}
		}
		if at < 0 {
			continue
		}
		c := &columns[at]
		if f.Name == wire.ColumnName && c.Name != string(text(m, f)) || f.Name == wire.TypeOID && c.TypeOID != uint32(f.Int) ||
			f.Name == wire.TypeModifier && c.TypeModifier != int32(f.Int) || f.Name == wire.Format && c.Binary != (f.Int == 1) {
			return false
		}
	}
	return at == len(columns)-1
}

// parameterDescription tells the types that a Parse left open. It comes before the
// RowDescription or NoData that completes the Describe.
func (y *memory) parameterDescription(m wire.Message) {
	r := y.exchanges.current()
	if r == nil || r.kind != wire.Describe || r.statement == nil {
		return
	}
	types := make([]uint32, 0, 8)
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		if f.Name == wire.ParameterType {
			types = append(types, uint32(f.Int))
		}
	}
	c := *r.statement.context
	c.ParameterTypes = types
	r.statement.context = &c
}

// failed is what an ErrorResponse is shown with: the SQL that it speaks of.
func (y *memory) failed() *event.Context {
	var c *event.Context
	if r := y.exchanges.current(); r != nil {
		c = r.context()
	}
	y.result = nil
	y.exchanges.failed(y.names.undo)
	return c
}

// parameterStatus remembers the settings that values depend on.
func (y *memory) parameterStatus(m wire.Message) {
	key, rest, _ := bytes.Cut(m.Bytes[min(len(m.Bytes), wire.HeaderSize):], []byte{0})
	value := bytes.TrimSuffix(rest, []byte{0})
	var s event.Settings
	if y.settings != nil {
		s = *y.settings
	}
	switch string(key) {
	case "client_encoding":
		s.ClientEncoding = string(value)
	case "DateStyle":
		s.DateStyle = string(value)
	case "IntervalStyle":
		s.IntervalStyle = string(value)
	case "TimeZone":
		s.TimeZone = string(value)
	case "server_version":
		s.ServerVersion = string(value)
	default:
		return
	}
	y.settings = &s
}

// text is a field without its NUL.
func text(m wire.Message, f wire.Field) []byte {
	return bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0})
}

// Running is the SQL that the server works on, "" where nothing is known.
func (t *Tracker) Running() string {
	if r := t.memory.exchanges.current(); r != nil {
		if c := r.context(); c != nil {
			return c.SQL
		}
	}
	return ""
}
