package session

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// What single requests ask for, and what they name.

func (y *memory) parse(m *wire.Message, r *request) {
	var name, sql []byte
	omitted, whole := 0, false
	y.types = y.types[:0]
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		switch f.Name {
		case wire.Statement:
			name, whole = wholeName(m, f)
		case wire.SQL:
			sql = text(m, f)
		case wire.ParameterType:
			if f.Kind != wire.Int32 {
				continue // it is not whole
			}
			y.types = append(y.types, uint32(f.Int))
		case wire.Omitted:
			omitted = int(f.Int)
		}
	}
	if !whole {
		y.names.partial = true
		return
	}
	y.names.parses(name)
	r.name = string(name)
	f := source{sql: sql, omitted: omitted, types: y.types, settings: y.settings}
	r.statement0 = y.names.setStatement(r.name, named[statement]{y.names.newStatement(name, f), r.number})
	r.statement = y.names.statements[r.name].what
}

func (y *memory) bind(m *wire.Message, r *request) *event.Context {
	var name, portalName []byte
	whole, portalWhole := false, false
	y.formats = y.formats[:0]
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		switch f.Name {
		case wire.Portal:
			portalName, portalWhole = wholeName(m, f)
		case wire.Statement:
			name, whole = wholeName(m, f)
		case wire.ResultFormat:
			y.formats = append(y.formats, int16(f.Int))
		}
	}
	context := (*event.Context)(nil)
	if whole {
		r.statement = y.names.statements[string(name)].what
		context = y.contextOf(r, name)
	}
	if !portalWhole {
		return context
	}
	r.name = string(portalName)
	r.portal = r.statement.portalIn(y.formats, m.Size > int64(len(m.Bytes)), r.name)
	r.portal0 = y.names.setPortal(r.name, named[portal]{r.portal, r.number})
	return context
}

// neverParsed is the context of a message that names a statement which was in no Parse.
var neverParsed = &event.Context{NeverParsed: true}

// contextOf returns the context of a request that names a statement.
func (y *memory) contextOf(r *request, statement []byte) *event.Context {
	if r.statement == nil && y.names.neverParsed(statement) {
		return neverParsed
	}
	return r.context()
}

// target handles Describe, Execute and Close, which name a statement or a portal.
func (y *memory) target(m *wire.Message, r *request) *event.Context {
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		if f.Name != wire.Statement && f.Name != wire.Portal {
			continue
		}
		name, whole := wholeName(m, f)
		switch {
		case !whole:
		case f.Name == wire.Statement:
			r.statement = y.names.statements[string(name)].what
			if m.Type == wire.Describe {
				return y.contextOf(r, name)
			}
			r.name = string(name)
			r.statement0 = y.names.setStatement(r.name, named[statement]{})
		default:
			r.portal = y.names.portals[string(name)].what
			if m.Type == wire.Close {
				r.name = string(name)
				r.portal0 = y.names.setPortal(r.name, named[portal]{})
			}
		}
	}
	return r.context()
}

// call remembers which function a FunctionCall calls, if that was kept.
func (y *memory) call(m *wire.Message, r *request) {
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		switch f.Name {
		case wire.FunctionOID:
			r.call = &event.Context{Function: uint32(f.Int)}
		case wire.ResultFormat:
			r.call.BinaryResult = f.Int == 1
		}
	}
}

// context returns what a request is about.
func (r *request) context() *event.Context {
	if r.call != nil {
		return r.call
	}
	s := r.statement
	if s == nil && r.portal != nil {
		s = r.portal.statement
	}
	if s == nil {
		return nil
	}
	return s.context
}

// query remembers the text of a Query while it runs. A Query ends the unnamed statement and portal
// (documentation section "Extended Query").
func (y *memory) query(m *wire.Message, r *request) {
	sql := m.Bytes[min(len(m.Bytes), wire.HeaderSize):]
	sql = bytes.TrimSuffix(sql, []byte{0})
	f := source{sql: sql, omitted: int(m.Size) - len(m.Bytes), settings: y.settings}
	if r.statement = y.queries.find(f); r.statement == nil {
		r.statement = f.statement(min(len(sql), maxSQL))
		y.queries.add(r.statement)
	}
	r.statement0 = y.names.setStatement("", named[statement]{})
	r.portal0 = y.names.setPortal("", named[portal]{})
}
