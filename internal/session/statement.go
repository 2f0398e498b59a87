package session

import (
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Limits of what a connection remembers of statements.
const (
	// maxSQL is how many bytes of one statement are kept, and maxRemembered how many
	// of all statements of a connection together.
	maxSQL        = 64 << 10
	maxRemembered = 1 << 20
	// statementCost is what a statement weighs beside its SQL and name.
	statementCost = 200
)

// statement is a prepared statement, or the one of a Query.
type statement struct {
	name    string
	context *event.Context // SQL and parameter types: what Bind, Describe, Execute and Close are shown with
	columns []event.Column // as Describe of the statement told: their formats mean nothing
	row     *event.Context // columns in the formats of the last Bind
	formats []int16        // of that Bind's result
	cost    int
}

// portal is a statement with its parameters.
type portal struct {
	statement *statement
	formats   []int16        // of its result
	columns   []event.Column // as Describe of the portal told
	row       *event.Context
}

// rowContext is what DataRows of a portal are shown with, nil where its columns are
// unknown.
func (p *portal) rowContext() *event.Context {
	s := p.statement
	if p.row != nil || s == nil && p.columns == nil {
		return p.row
	}
	if p.columns != nil {
		p.row = &event.Context{Columns: p.columns}
		if s != nil {
			p.row = withColumns(s.context, p.columns)
		}
		return p.row
	}
	if s.columns == nil {
		return s.context
	}
	if s.row == nil || !slices.Equal(s.formats, p.formats) {
		s.formats = p.formats
		s.row = withColumns(s.context, inFormats(s.columns, p.formats))
	}
	p.row = s.row
	return p.row
}

// describe says what columns a portal has.
func (p *portal) describe(columns []event.Column) {
	if len(columns) == 0 || len(p.columns) == 0 || &columns[0] != &p.columns[0] {
		p.columns, p.row = columns, nil
	}
}

// rowOf is what the rows of a Query are shown with.
func (s *statement) rowOf(columns []event.Column) *event.Context {
	if s.row == nil || len(columns) == 0 || len(s.columns) == 0 || &columns[0] != &s.columns[0] {
		s.columns, s.row = columns, withColumns(s.context, columns)
	}
	return s.row
}

// withColumns is what rows are shown with.
func withColumns(c *event.Context, columns []event.Column) *event.Context {
	return &event.Context{SQL: c.SQL, Brief: c.Brief, Shortened: c.Shortened, Columns: columns}
}

// inFormats gives columns the formats of a Bind: none means text for all, one is for
// all alike.
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

// names are the statements and portals as the client sees them: what it has made
// and the server may not yet have answered is there. An error takes it back.
type names struct {
	statements map[string]*statement
	portals    map[string]*portal
	budget     *Budget
	remembered int // bytes, which the budget has given
}

// forget gives everything back.
func (n *names) forget() {
	n.budget.release(n.remembered)
	n.statements, n.portals, n.remembered = nil, nil, 0
}

func (n *names) setStatement(name string, s *statement) *statement {
	old := n.statements[name]
	if old != nil {
		n.remembered -= old.cost
		n.budget.release(old.cost)
	}
	if s == nil {
		delete(n.statements, name)
		return old
	}
	if !n.budget.reserve(s.cost) {
		s = s.withoutSQL()
	}
	if n.statements == nil {
		n.statements = map[string]*statement{}
	}
	n.remembered += s.cost
	n.statements[name] = s
	return old
}

func (n *names) setPortal(name string, p *portal) *portal {
	old := n.portals[name]
	if p == nil {
		delete(n.portals, name)
		return old
	}
	if n.portals == nil {
		n.portals = map[string]*portal{}
	}
	n.portals[name] = p
	return old
}

// forgetPortals drops named portals: none outlives its transaction. The unnamed one
// is kept, because its successor is likely to be equal.
func (n *names) forgetPortals() {
	for name := range n.portals {
		if name != "" {
			delete(n.portals, name)
		}
	}
}

// undo takes back what a request made, where nothing later has replaced it.
func (n *names) undo(r *request) {
	switch {
	case r.kind == wire.Parse && n.statements[r.name] == r.statement:
		n.setStatement(r.name, r.statement0)
	case r.kind == wire.Bind && n.portals[r.name] == r.portal:
		n.setPortal(r.name, r.portal0)
	case r.kind == wire.Close && r.statement0 != nil && n.statements[r.name] == nil:
		n.setStatement(r.name, r.statement0)
	case r.kind == wire.Close && r.portal0 != nil && n.portals[r.name] == nil:
		n.setPortal(r.name, r.portal0)
	}
}

// withoutSQL is a statement of which only the name is known, which costs nothing
// that counts.
func (s *statement) withoutSQL() *statement {
	c := &event.Context{Shortened: len(s.context.SQL) + s.context.Shortened, ParameterTypes: s.context.ParameterTypes}
	return &statement{name: s.name, context: c}
}

// newStatement remembers SQL, as much of it as there is room for. An equal one that
// stands under the same name already is used again.
func (n *names) newStatement(name, sql []byte, omitted int, types []uint32) *statement {
	if old := n.statements[string(name)]; old != nil && old.context.Shortened == omitted &&
		old.context.SQL == string(sql) && slices.Equal(old.context.ParameterTypes, types) {
		return old
	}
	c := &event.Context{ParameterTypes: slices.Clone(types)}
	kept := min(len(sql), maxSQL)
	if n.remembered+kept+statementCost > maxRemembered {
		kept = 0
	}
	c.SQL, c.Shortened = string(sql[:kept]), len(sql)-kept+omitted
	c.Brief = brief(sql[:kept])
	return &statement{name: string(name), context: c, cost: kept + len(name) + statementCost}
}

// maxBrief is how many characters of SQL serve to recognize it.
const maxBrief = 80

// brief is the beginning of SQL, with each run of white space as one space.
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
			break // it is no UTF-8
		}
	}
	return b.String()
}

// continues reports whether a byte goes on with a character of UTF-8.
func continues(c byte) bool { return c&0xc0 == 0x80 }
