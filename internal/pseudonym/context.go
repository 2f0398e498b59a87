package pseudonym

import (
	"bytes"
	"slices"

	"pgpi/internal/event"
)

// maxContexts bounds how many contexts are remembered: many messages share one.
const maxContexts = 1 << 10

// safeContext is a snapshot without values, as far as these were known.
type safeContext struct {
	*event.Context
	known int // how many values were known
}

// context returns a snapshot without values. An earlier one can be used again unless it contains a
// value that was learned since.
func (v *Values) context(conn uint32, c *event.Context) *event.Context {
	if c == nil {
		return nil
	}
	known := v.seen.count()
	if safe, made := v.contexts[c]; made && (safe.known == known || !v.isIn(safe.Context)) {
		v.contexts[c] = safeContext{safe.Context, known}
		return safe.Context
	}
	changed := *c
	changed.Brief = "" // it is made from what was there before
	settings := v.read(c.Settings)
	sql, redacted := v.passwords.Text(conn, c.SQL, func(sql []byte) { v.replaceStatement(sql, settings) })
	changed.SQL, changed.Redacted = sql, changed.Redacted || redacted
	changed.Relation = v.name(c.Relation)
	changed.Columns = slices.Clone(c.Columns)
	for i := range changed.Columns {
		changed.Columns[i].Name = v.name(changed.Columns[i].Name)
	}
	if v.contexts == nil || len(v.contexts) >= maxContexts {
		v.contexts = map[*event.Context]safeContext{}
	}
	v.contexts[c] = safeContext{&changed, known}
	return &changed
}

// isIn reports whether a value is in a snapshot.
func (v *Values) isIn(c *event.Context) bool {
	return v.seen.holds([]byte(c.SQL)) || v.seen.holds([]byte(c.Relation)) ||
		slices.ContainsFunc(c.Columns, func(column event.Column) bool { return v.seen.holds([]byte(column.Name)) })
}

// name returns a name without the values in it.
func (v *Values) name(name string) string {
	if !v.seen.holds([]byte(name)) {
		return name
	}
	b := bytes.Clone([]byte(name))
	v.clean(b)
	return string(b)
}
