package redact

import (
	"bytes"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Passwords hides the secrets of events: what proves an identity, or lets a password
// be guessed. It serves one goroutine at a time.
type Passwords struct {
	fields   []wire.Field
	spans    []Span
	contexts map[*event.Context]*event.Context // with their secrets, and without
}

// Take hides the secrets of an event: Passwords is an [event.Stage].
func (p *Passwords) Take(e *event.Event, emit func(*event.Event)) {
	p.Apply(e)
	emit(e)
}

// Apply hides the secrets of an event, in place, and marks the spans. The event's
// bytes are not those that are relayed.
func (p *Passwords) Apply(e *event.Event) {
	for i := range e.Messages {
		p.Message(&e.Messages[i])
	}
	p.Sentence(e)
	switch e.Kind {
	case event.Fragment: // nobody can tell what it is a part of, but a recording needs the header
		header := min(int64(len(e.Data)), max(0, wire.HeaderSize-e.Offset))
		Overwrite(e.Data[header:])
	case event.Undecoded, event.Bytes, event.End:
		Overwrite(e.Data)
		e.Opaque, e.Redacted = e.Opaque || e.Kind == event.Undecoded, true
	}
}

// Sentence hides what is secret in what a peer wrote of a fact. Other events it leaves as they
// are.
func (p *Passwords) Sentence(e *event.Event) {
	e.Fact = event.ReplaceWritten(e.Fact, func(_ event.Written, text string) string {
		return withoutSpans(text, AppendSQLSecrets(nil, []byte(text)))
	})
}

// Message hides the secrets of one message, those of its context included.
func (p *Passwords) Message(m *event.Message) {
	p.fields = wire.AppendFields(p.fields[:0], &m.Message)
	p.spans = p.spans[:0]
	for i := range p.fields {
		p.field(m, &p.fields[i])
	}
	m.Secret = m.Type.Code() == 'p'
	about, same := m.About, m.About == m.Context
	m.Context = p.Context(m.Context)
	if m.About = m.Context; !same {
		m.About = p.Context(about)
	}
	if len(p.spans) == 0 {
		return
	}
	m.Redacted = append([]event.Span(nil), p.spans...)
	for _, s := range p.spans {
		Overwrite(m.Bytes[s.Start:s.End])
	}
}

// field adds what is secret in a field.
func (p *Passwords) field(m *event.Message, f *wire.Field) {
	switch f.Name {
	case wire.Password, wire.MD5Hash, wire.SecretKey, wire.GSSToken, wire.SASLData,
		wire.OAuthClientFirst, wire.OAuthAbort:
		p.hideContent(m, f)
	case wire.SelectedMechanism:
		if wire.MechanismOf(string(m.Content(f))) == wire.OtherMechanism {
			p.hideContent(m, f) // perhaps a password that was sent before it was asked for
		}
	case wire.DataLength:
		if m.Type == wire.SASLInitialResponse && f.Int != -1 && f.Int != m.Size-int64(f.End) {
			p.hide(f.Start, f.End) // likewise
		}
	case wire.SCRAMClientFinal:
		p.hideAttribute(m, f, ",p=")
	case wire.SCRAMServerFinal:
		p.hideAttribute(m, f, "v=")
	case wire.SQL, wire.ErrorValue, wire.ErrorText:
		p.hideSQL(m, f)
	case wire.Unknown, wire.Malformed, wire.Trailing:
		switch m.Type {
		case wire.Query, wire.Parse, wire.ErrorResponse, wire.NoticeResponse, wire.OldErrorResponse:
			p.hideSQL(m, f)
		case wire.CancelRequest, wire.BackendKeyData:
			p.hide(f.Start, f.End)
		default:
			if code := m.Type.Code(); code == 'p' || code == 'R' {
				p.hide(f.Start, f.End)
			}
		}
	}
}

// hideContent hides a field, less the NUL of a string: a message that has lost it would be
// another one.
func (p *Passwords) hideContent(m *event.Message, f *wire.Field) {
	p.hide(f.Start, f.Start+int32(len(m.Content(f))))
}

func (p *Passwords) hide(start, end int32) {
	if start < end {
		p.spans = append(p.spans, Span{Start: int(start), End: int(end)})
	}
}

// hideAttribute hides the value of an attribute of a SCRAM message (RFC 5802,
// section 5.1), up to the end: it is the last one that means anything.
func (p *Passwords) hideAttribute(m *event.Message, f *wire.Field, name string) {
	b := m.Bytes[f.Start:f.End]
	at := bytes.Index(b, []byte(name))
	if at < 0 {
		p.hide(f.Start, f.End) // it is not what it should be
		return
	}
	p.hide(f.Start+int32(at+len(name)), f.End)
}

// hideSQL hides what is secret in a statement, or in text that may quote one.
func (p *Passwords) hideSQL(m *event.Message, f *wire.Field) {
	sql := bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0})
	before := len(p.spans)
	p.spans = AppendSQLSecrets(p.spans, sql)
	for i := before; i < len(p.spans); i++ {
		p.spans[i].Start += int(f.Start)
		p.spans[i].End += int(f.Start)
	}
}

// maxContexts bounds what is remembered of contexts: many messages share one.
const maxContexts = 1 << 10

// Context returns a snapshot whose SQL has lost its secrets: c itself where there are none.
func (p *Passwords) Context(c *event.Context) *event.Context {
	if c == nil || c.SQL == "" {
		return c
	}
	if safe, known := p.contexts[c]; known {
		return safe
	}
	safe := c
	if spans := AppendSQLSecrets(nil, []byte(c.SQL)); len(spans) > 0 {
		changed := *c
		changed.SQL = withoutSpans(c.SQL, spans)
		changed.Brief = "" // it is made of what was there before
		changed.Redacted = true
		safe = &changed
	}
	if p.contexts == nil || len(p.contexts) >= maxContexts {
		p.contexts = map[*event.Context]*event.Context{}
	}
	p.contexts[c] = safe
	return safe
}

// withoutSpans is a text with a word in the place of each span.
func withoutSpans(text string, spans []Span) string {
	var b strings.Builder
	end := 0
	for _, s := range spans {
		b.WriteString(text[end:s.Start])
		b.WriteString("[redacted]")
		end = s.End
	}
	b.WriteString(text[end:])
	return b.String()
}

// Overwrite blanks bytes. Their number stays, because the message's length says it anyway.
func Overwrite(b []byte) {
	for i := range b {
		b[i] = '*'
	}
}
