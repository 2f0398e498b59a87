package session

import (
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// row returns the context of a DataRow.
func (y *memory) row() *event.Context {
	if y.result != nil {
		return y.result
	}
	if r := y.requests.current(); r != nil && r.kind == wire.Execute && r.portal != nil {
		y.result = r.portal.rowContext()
	}
	return y.result
}

// rowDescription belongs to a Describe, whose rows come later if at all, or to a Query, whose rows
// come at once.
func (y *memory) rowDescription(m *wire.Message) {
	r := y.requests.current()
	y.fields = wire.AppendFields(y.fields[:0], m)
	switch {
	case r == nil || r.kind != wire.Describe && r.statement == nil:
		y.result = &event.Context{Columns: y.columns(m, nil, true)}
	case r.kind != wire.Describe:
		y.result = r.statement.rowOf(y.columns(m, r.statement.columns, true))
	case r.statement != nil:
		r.statement.describe(y.columns(m, r.statement.columns, false))
		y.requests.drop()
	case r.portal != nil:
		r.portal.describe(y.columns(m, r.portal.columns, true))
		if s := r.portal.statement; s != nil {
			s.describe(y.columns(m, s.columns, false))
		}
		y.requests.drop()
	default:
		y.requests.drop()
	}
}

// columns reads the fields of a RowDescription, with formats or without. If they equal earlier
// columns, or those of the last result, it returns those.
func (y *memory) columns(m *wire.Message, earlier []event.Column, formats bool) []event.Column {
	for _, known := range [][]event.Column{earlier, y.described} {
		if y.describes(m, known, formats) {
			return known
		}
	}
	var columns []event.Column
	whole := true // the name of the last one
	for _, f := range y.fields {
		if f.Name == wire.Column {
			columns, whole = append(columns, event.Column{TypeModifier: -1}), false
		}
		if len(columns) == 0 {
			continue
		}
		c := &columns[len(columns)-1]
		switch f.Name {
		case wire.ColumnName:
			var name []byte
			name, whole = wholeName(m, f)
			c.Name = string(name)
		case wire.TypeOID:
			c.TypeOID = uint32(f.Int)
		case wire.TypeModifier:
			if f.Kind == wire.Int32 { // all of it is there
				c.TypeModifier = int32(f.Int)
			}
		case wire.Format:
			c.Binary = formats && f.Int == 1
		}
	}
	if !whole {
		columns = columns[:len(columns)-1]
	}
	y.described = columns
	return columns
}

// describes reports whether the current fields describe columns.
func (y *memory) describes(m *wire.Message, columns []event.Column, formats bool) bool {
	if len(columns) == 0 {
		return false
	}
	at := -1
	for _, f := range y.fields {
		switch f.Name {
		case wire.Malformed, wire.Omitted:
			return false
		case wire.Column:
			if at++; at == len(columns) {
				return false
			}
		}
		if at < 0 {
			continue
		}
		c := &columns[at]
		if f.Name == wire.ColumnName && c.Name != string(text(m, f)) || f.Name == wire.TypeOID && c.TypeOID != uint32(f.Int) ||
			f.Name == wire.TypeModifier && c.TypeModifier != int32(f.Int) || f.Name == wire.Format && c.Binary != (formats && f.Int == 1) {
			return false
		}
	}
	return at == len(columns)-1
}

// parameterDescription learns the types that a Parse left open. It precedes the RowDescription or
// NoData that completes the Describe.
func (y *memory) parameterDescription(m *wire.Message) {
	r := y.requests.current()
	if r == nil || r.kind != wire.Describe || r.statement == nil {
		return
	}
	y.types = y.types[:0]
	y.fields = wire.AppendFields(y.fields[:0], m)
	for _, f := range y.fields {
		if f.Name == wire.ParameterType && f.Kind == wire.Int32 {
			y.types = append(y.types, uint32(f.Int))
		}
	}
	if slices.Equal(r.statement.context.ParameterTypes, y.types) {
		return
	}
	c := *r.statement.context
	c.ParameterTypes = slices.Clone(y.types)
	r.statement.context = &c
}
