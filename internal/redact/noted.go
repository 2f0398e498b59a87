package redact

import (
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// maxNoted bounds how many statements are remembered with what a recording notes about them, and
// maxNotedSize their size.
const (
	maxNoted     = 1 << 10
	maxNotedSize = 1 << 20
)

// noted are the statements of a recording whose secrets were overwritten, and where. The contexts
// of later messages have the same text.
type noted struct {
	spans map[string][]Span // by the text of a statement
	size  int
}

func (n *noted) add(sql string, spans []Span) {
	if n.spans == nil || len(n.spans) >= maxNoted || n.size+len(sql) > maxNotedSize {
		n.spans, n.size = map[string][]Span{}, 0
	}
	n.spans[sql] = spans
	n.size += len(sql)
}

// of returns the spans of a statement, or of its beginning if not all of it was kept.
func (n *noted) of(c *event.Context) []Span {
	if spans, found := n.spans[c.SQL]; found || c.Shortened == 0 {
		return spans
	}
	for sql, spans := range n.spans {
		if strings.HasPrefix(sql, c.SQL) {
			return event.CutSpans(spans, 0, len(c.SQL))
		}
	}
	return nil
}

// readNoted takes a message whose secrets were overwritten before it was recorded. It does not
// search again, because what is left of a statement could be mistaken for something else.
func (p *Passwords) readNoted(conn uint32, m *event.Message) {
	m.Secret = m.Type.Code() == 'p'
	if len(m.Redacted) > 0 && (m.Type == wire.Query || m.Type == wire.Parse) {
		p.reader.Read(m)
		for i := range p.reader.Fields {
			if f := &p.reader.Fields[i]; f.Name == wire.SQL {
				sql := string(m.Content(f))
				if spans := event.CutSpans(m.Redacted, int(f.Start), int(f.Start)+len(sql)); len(spans) > 0 {
					p.of(conn).noted.add(sql, spans)
				}
			}
		}
	}
	about, same := m.About, m.About == m.Context
	m.Context = p.notedContext(conn, m.Context)
	if m.About = m.Context; !same {
		m.About = p.notedContext(conn, about)
	}
}

// notedContext returns a snapshot with a word in place of what was overwritten.
func (p *Passwords) notedContext(conn uint32, c *event.Context) *event.Context {
	if c == nil || p.connections[conn] == nil {
		return c
	}
	if of, known := p.contexts[c]; known {
		return of.safe
	}
	safe := c
	if spans := p.connections[conn].noted.of(c); len(spans) > 0 {
		changed := *c
		changed.SQL, changed.Brief, changed.Redacted = withoutSpans([]byte(c.SQL), spans), "", true
		safe = &changed
	}
	p.keep(c, &meaning{safe: safe})
	return safe
}
