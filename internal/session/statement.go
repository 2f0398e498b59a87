package session

import (
	"slices"
	"strings"

	"pgpi/internal/event"
)

// Limits on what a connection remembers about statements.
const (
	// maxSQL is how many bytes of one statement are kept. maxRemembered is how many of all
	// statements of a connection are kept together.
	maxSQL        = 64 << 10
	maxRemembered = 1 << 20
	// statementCost is the size that a statement counts for besides its SQL and name.
	statementCost = 200
	// maxNames is how many statements, and how many portals, have a name.
	maxNames = 10_000
)

// statement is a prepared statement, or that of a Query.
type statement struct {
	context *event.Context // SQL and parameter types, for Bind, Describe, Execute and Close
	cost    int
	// columns are those of its result, if they were described since the server parsed it. For a
	// prepared statement, their formats mean nothing. Columns that are not described only serve to
	// recognize those that will be.
	columns   []event.Column
	described bool
	row       *event.Context // columns with formats
	formats   []int16        // of the last Bind's result
	portal    *portal        // the last unnamed one
}

// source is what a statement is made from.
type source struct {
	sql      []byte
	omitted  int // bytes of SQL that were not kept
	types    []uint32
	settings *event.Settings
}

// statement returns a statement that keeps the beginning of the SQL.
func (f source) statement(kept int) *statement {
	return &statement{context: newContext(event.Context{
		SQL: string(f.sql[:kept]), Shortened: len(f.sql) - kept + f.omitted, Settings: f.settings,
	})}
}

// newContext makes a context with the place for what will be found out about its SQL, in one piece
// of memory.
func newContext(c event.Context) *event.Context {
	own := &struct {
		event.Context
		event.Shaped
	}{Context: c}
	own.Context.Shaped = &own.Shaped
	return &own.Context
}

// isFrom reports whether a statement was made from f.
func (s *statement) isFrom(f source) bool {
	c := s.context
	return c.Shortened == f.omitted && c.SQL == string(f.sql) && c.Settings == f.settings && slices.Equal(c.ParameterTypes, f.types)
}

// withoutSQL returns a statement of which only the name is known, at no cost that counts.
func (s *statement) withoutSQL() *statement {
	return &statement{context: newContext(event.Context{
		Shortened: len(s.context.SQL) + s.context.Shortened, ParameterTypes: s.context.ParameterTypes,
	})}
}

// describe notes the columns of a statement.
func (s *statement) describe(columns []event.Column) {
	if !same(columns, s.columns) {
		s.columns, s.row = columns, nil
	}
	s.described = true
}

// rowOf returns the context of a Query's rows.
func (s *statement) rowOf(columns []event.Column) *event.Context {
	s.describe(columns)
	if s.row == nil {
		s.row = withColumns(s.context, columns)
	}
	return s.row
}

// rowIn returns the context of a prepared statement's rows.
func (s *statement) rowIn(formats []int16) *event.Context {
	if s.row == nil || !slices.Equal(s.formats, formats) {
		s.formats = formats
		s.row = withColumns(s.context, inFormats(s.columns, formats))
	}
	return s.row
}

// portalIn returns a portal of a statement, which may be unknown. It reuses an equal unnamed one.
func (s *statement) portalIn(formats []int16, cut bool, name string) *portal {
	if s == nil || name != "" {
		return &portal{statement: s, formats: slices.Clone(formats), cut: cut}
	}
	if p := s.portal; p == nil || p.cut != cut || !slices.Equal(p.formats, formats) {
		s.portal = &portal{statement: s, formats: slices.Clone(formats), cut: cut}
	}
	return s.portal
}

// portal is a statement with its parameters.
type portal struct {
	statement *statement
	formats   []int16 // of its result
	cut       bool    // not all of the Bind was kept, so they may be different
	// columns are what a Describe of the portal has reported since it was made.
	columns   []event.Column
	described bool
	row       *event.Context
}

// describe notes the columns of a portal.
func (p *portal) describe(columns []event.Column) {
	if !same(columns, p.columns) {
		p.columns, p.row = columns, nil
	}
	p.described = true
}

// rowContext returns the context of a portal's DataRows, or nil if nothing is known about them.
func (p *portal) rowContext() *event.Context {
	s := p.statement
	switch {
	case p.described && p.row == nil:
		p.row = &event.Context{Columns: p.columns}
		if s != nil {
			p.row = withColumns(s.context, p.columns)
		}
		return p.row
	case p.described:
		return p.row
	case s == nil:
		return nil
	case !s.described || p.cut:
		return s.context
	}
	return s.rowIn(p.formats)
}

// same reports whether two lists of columns are the same slice.
func same(a, b []event.Column) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// withColumns returns a context for rows.
func withColumns(c *event.Context, columns []event.Column) *event.Context {
	return &event.Context{SQL: c.SQL, Brief: c.Brief, Shortened: c.Shortened, Shaped: c.Shaped, Settings: c.Settings, Columns: columns}
}

// inFormats returns columns with the formats of a Bind: none means text for all, and one applies to
// all.
func inFormats(columns []event.Column, formats []int16) []event.Column {
	own := slices.Clone(columns)
	for i := range own {
		switch {
		case len(formats) == 1:
			own[i].Binary = formats[0] == 1
		case i < len(formats):
			own[i].Binary = formats[i] == 1
		default:
			own[i].Binary = false
		}
	}
	return own
}

// maxBrief is how many characters of SQL serve to recognize it.
const maxBrief = 80

// brief returns the beginning of SQL, with each run of white space as one space.
func brief(sql []byte) string {
	var b strings.Builder
	count, space := 0, false
	for _, c := range sql {
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			space = count > 0
			continue
		case count >= maxBrief && !continues(c):
			return b.String() + " ..."
		}
		if space {
			b.WriteByte(' ')
			count++
			space = false
		}
		b.WriteByte(c)
		if !continues(c) {
			count++
		}
		if b.Len() > 4*maxBrief {
			break // it is not UTF-8
		}
	}
	return b.String()
}

// continues reports whether a byte continues a character of UTF-8.
func continues(c byte) bool { return c&0xc0 == 0x80 }
