package redact

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// analysis is what was found in a text. Often the next text is the same, because contexts have the
// SQL of messages.
type analysis struct {
	sql         []byte // a copy, because that of a message is overwritten
	named       named
	spans       []Span // including verifiers
	beforeVague int    // how many of the spans are certain
	tail        int    // from here on, quotes don't match
}

// analyze finds out what is secret in a text by itself.
func (p *Passwords) analyze(sql []byte) *analysis {
	a := &p.last
	if bytes.Equal(a.sql, sql) {
		return a
	}
	h := hintsOf(sql)
	*a = analysis{sql: append(a.sql[:0], sql...), spans: a.spans[:0]}
	a.named = findNamed(a.sql, h)
	a.spans = appendVerifiers(append(a.spans, a.named.spans...), a.sql, 0)
	a.beforeVague = len(a.spans)
	a.spans, a.tail = appendVague(a.spans, a.sql, h)
	return a
}

// sqlSpans returns what to hide in SQL, or in text that may quote SQL, and remembers the secrets in
// it. The result is valid until the next call.
func (p *Passwords) sqlSpans(conn uint32, sql []byte) []Span {
	a := p.analyze(sql)
	for _, word := range a.named.words {
		p.learn(conn, word)
	}
	p.found = append(p.found[:0], a.spans...)
	if p.Strict {
		p.found = p.found[:a.beforeVague]
		if a.tail < len(sql) {
			p.found = append(p.found, Span{Start: a.tail, End: len(sql), Kind: event.PasswordSpan})
		}
	}
	p.found = p.appendKnown(p.found, conn, sql, 0)
	return joinSpans(p.found)
}

// hideSQL hides what is secret in a statement, or in text that may quote one.
func (p *Passwords) hideSQL(conn uint32, m *event.Message, f *wire.Field) {
	p.addSpans(f, p.sqlSpans(conn, bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0})))
}

// Text returns SQL, or text that may quote SQL, with a word in place of each secret, and reports
// whether there was one. replace, if not nil, may change the rest, but not its length.
func (p *Passwords) Text(conn uint32, text string, replace func([]byte)) (safe string, redacted bool) {
	b := []byte(text)
	spans := p.sqlSpans(conn, b)
	for _, s := range spans {
		Overwrite(b[s.Start:s.End])
	}
	if replace != nil {
		replace(b)
	}
	return withoutSpans(b, spans), len(spans) > 0
}
