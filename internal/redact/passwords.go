package redact

import (
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// Passwords hides the secrets in events: what proves an identity, or allows guessing a password. It
// serves one goroutine at a time.
//
// There are two sorts. Most secrets are only hidden where they are. Passwords, and what SQL itself
// calls a secret, are also remembered for their connection, because servers repeat them in errors.
type Passwords struct {
	// Strict leaves alone what only may be a secret: a literal somewhere after the word token, a
	// comment with the word password. It is for callers that replace all literals and comments
	// anyway.
	Strict bool
	// Again also searches what was redacted before it was recorded, even if the recording notes
	// what that was.
	Again bool

	reader      reading.Reader
	spans       []Span
	connections map[uint32]*remembered
	contexts    map[*event.Context]*meaning
	last        analysis
	found       []Span
}

// Take hides the secrets in an event: Passwords is an [event.Stage].
func (p *Passwords) Take(e *event.Event, emit func(*event.Event)) {
	p.Apply(e)
	emit(e)
}

// Apply hides the secrets in an event, in place, and marks the spans. The event has its own bytes,
// not those that are relayed.
func (p *Passwords) Apply(e *event.Event) {
	for i := range e.Messages {
		if m := &e.Messages[i]; p.passes(e) {
			p.readNoted(e.Conn, m)
		} else {
			p.message(e.Conn, m)
		}
	}
	if !p.passes(e) {
		p.Identity(e)
		p.Sentence(e, nil)
	}
	if _, ended := e.Fact.(event.Ended); ended {
		p.Forget(e.Conn)
	}
	switch e.Kind {
	case event.Fragment: // it is not known what it is part of, but a recording needs the header
		header := min(int64(len(e.Data)), max(0, wire.HeaderSize-e.Offset))
		Overwrite(e.Data[header:])
	case event.Undecoded, event.Bytes, event.End:
		Overwrite(e.Data)
		e.Opaque, e.Redacted = e.Opaque || e.Kind == event.Undecoded, e.Redacted || len(e.Data) > 0
	}
}

// passes reports whether an event was redacted before it was recorded, and need not be searched
// again.
func (p *Passwords) passes(e *event.Event) bool { return e.Noted && !p.Again }

// Forget drops what is remembered about a connection.
func (p *Passwords) Forget(conn uint32) { delete(p.connections, conn) }

// Sentence hides the secrets in what a peer wrote in a fact, and lets replace, if it is not nil,
// change the rest.
func (p *Passwords) Sentence(e *event.Event, replace func(w event.Written, text []byte)) {
	e.Fact = event.ReplaceWritten(e.Fact, func(w event.Written, text string) string {
		safe, _ := p.Text(e.Conn, text, func(b []byte) {
			if replace != nil {
				replace(w, b)
			}
		})
		return safe
	})
}

// message hides the secrets of a message, including those in its context.
func (p *Passwords) message(conn uint32, m *event.Message) {
	p.Message(conn, m)
	about, same := m.About, m.About == m.Context
	m.Context = p.context(conn, m.Context)
	if m.About = m.Context; !same {
		m.About = p.context(conn, about)
	}
}

// Message hides the secrets of a message. It does not change the message's context.
func (p *Passwords) Message(conn uint32, m *event.Message) {
	of := p.meaning(m.Context)
	p.spans = append(p.spans[:0], m.Redacted...) // some may be from before it was recorded
	if p.mayHold(conn, m, of) {
		p.reader.Read(m)
		for i := range p.reader.Fields {
			p.field(conn, m, of, i)
		}
		p.reader.Trim()
	}
	m.Secret = m.Type.Code() == 'p'
	if len(p.spans) == 0 {
		return
	}
	m.Redacted = slices.Clone(joinSpans(p.spans))
	for _, s := range m.Redacted {
		Overwrite(m.Bytes[s.Start:s.End])
	}
}

// mayHold reports whether there may be something to hide. There are many rows, and most have
// nothing.
func (p *Passwords) mayHold(conn uint32, m *event.Message, of *meaning) bool {
	switch m.Type {
	case wire.DataRow, wire.CopyText, wire.CopyCSV, wire.CopyBinary, wire.CopyData:
		return len(of.columns) > 0 || m.Type == wire.CopyData && p.meaning(m.About).copies || holdsVerifier(m.Bytes) || p.connections[conn] != nil && p.connections[conn].inVerifier
	}
	return true
}

// field adds what is secret in a field.
func (p *Passwords) field(conn uint32, m *event.Message, of *meaning, i int) {
	f := &p.reader.Fields[i]
	switch f.Name {
	case wire.Password, wire.GSSToken, wire.SASLData, wire.OAuthClientFirst, wire.OAuthAbort:
		p.hideContent(m, f, event.PasswordSpan)
		p.learnLogin(conn, m.Content(f))
	case wire.MD5Hash:
		p.hideContent(m, f, event.VerifierSpan)
	case wire.SecretKey:
		p.hideContent(m, f, event.KeySpan)
	case wire.SelectedMechanism:
		if wire.MechanismOf(string(m.Content(f))) == wire.OtherMechanism {
			// Perhaps a password that was sent before it was asked for.
			p.hideContent(m, f, event.PasswordSpan)
		}
	case wire.DataLength:
		if m.Type == wire.SASLInitialResponse && f.Int != -1 && f.Int != m.Size-int64(f.End) {
			p.hide(f.Start, f.End, event.PasswordSpan) // likewise
		}
	case wire.SCRAMClientFinal:
		p.hideAttribute(m, f, ",p=")
	case wire.SCRAMServerFinal:
		p.hideAttribute(m, f, "v=")
	case wire.SQL:
		p.hideSQL(conn, m, f)
	case wire.ErrorValue, wire.ErrorText:
		p.hideSQL(conn, m, f)
		p.hideKey(m, f)
	case wire.NotifyPayload, wire.FailReason:
		p.hideWords(conn, m, f)
	case wire.KeyValue:
		p.setting(conn, m, i)
	case wire.ParameterValue, wire.ColumnValue, wire.CopyValue, wire.OldValue, wire.OldKeyValue:
		p.value(conn, m, of, i)
	case wire.ArgumentValue, wire.ResultValue, wire.Content:
		p.spans = appendVerifiers(p.spans, m.Bytes[f.Start:f.End], int(f.Start))
	case wire.CopyPart, wire.Data:
		p.part(conn, m, of, f)
	case wire.Unknown, wire.Malformed, wire.Trailing:
		p.hideUnknown(conn, m, f)
	}
}

// hideUnknown hides bytes that are not in any field.
func (p *Passwords) hideUnknown(conn uint32, m *event.Message, f *wire.Field) {
	switch m.Type {
	case wire.Query, wire.Parse, wire.ErrorResponse, wire.NoticeResponse, wire.OldErrorResponse:
		p.hideSQL(conn, m, f)
	case wire.CancelRequest, wire.BackendKeyData:
		p.hide(f.Start, f.End, event.KeySpan)
	default:
		if code := m.Type.Code(); code == 'p' || code == 'R' {
			p.hide(f.Start, f.End, event.PasswordSpan)
		}
	}
}
