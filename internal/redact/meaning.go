package redact

import (
	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
)

// meaning is what a context says about the values of its messages.
type meaning struct {
	safe *event.Context // without its secrets; nil until somebody asks for it
	// parameters and columns are those that are called secrets, from 0.
	parameters, columns []int
	// copies is set if rows of COPY have secrets, anywhere in them.
	copies bool
}

// maxContexts bounds how many contexts are remembered: many messages share one.
const maxContexts = 1 << 10

var nothing = &meaning{}

// meaning returns what a context says. Messages without a context say nothing.
func (p *Passwords) meaning(c *event.Context) *meaning {
	if c == nil {
		return nothing
	}
	if of, known := p.contexts[c]; known {
		return of
	}
	of := &meaning{}
	for i := range c.Columns {
		if isSecretColumn(&c.Columns[i]) {
			of.columns = append(of.columns, i)
		}
	}
	if c.SQL != "" {
		found := p.analyze([]byte(c.SQL)).named
		for _, n := range found.parameters {
			of.parameters = append(of.parameters, n-1)
		}
		if of.copies = found.copies; c.Columns == nil {
			of.columns = found.selected
		}
	}
	p.keep(c, of)
	return of
}

func (p *Passwords) keep(c *event.Context, of *meaning) {
	if p.contexts == nil || len(p.contexts) >= maxContexts {
		p.contexts = map[*event.Context]*meaning{}
	}
	p.contexts[c] = of
}

// isSecretColumn reports whether a column is called a secret, and has a type that can hold one: not
// a time or a flag.
func isSecretColumn(c *event.Column) bool {
	if secretIn([]byte(c.Name), false) < 0 {
		return false
	}
	switch pgvalue.TypeName(c.TypeOID) {
	case "bool", "date", "time", "timetz", "timestamp", "timestamptz", "interval":
		return false
	}
	return true
}

// context returns a snapshot whose SQL has no secrets, or c itself if it had none.
func (p *Passwords) context(conn uint32, c *event.Context) *event.Context {
	if c == nil || c.SQL == "" {
		return c
	}
	of := p.meaning(c)
	if of.safe == nil {
		of.safe = c
		if safe, redacted := p.Text(conn, c.SQL, nil); redacted {
			changed := *c
			// Brief is made from the SQL with secrets.
			changed.SQL, changed.Brief, changed.Redacted = safe, "", true
			of.safe = &changed
		}
	}
	return of.safe
}
