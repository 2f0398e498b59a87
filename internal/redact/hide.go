package redact

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Span is a run of bytes that is hidden. It is never empty.
type Span = event.Span

// joinSpans sorts spans, and joins those that overlap.
func joinSpans(spans []Span) []Span {
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	n := 0
	for _, s := range spans {
		switch {
		case s.Start == s.End:
		case n == 0 || s.Start >= spans[n-1].End:
			spans[n] = s
			n++
		default:
			spans[n-1].End = max(spans[n-1].End, s.End)
		}
	}
	return spans[:n]
}

// hideContent hides a field, except the NUL of a string: without it, the message would be a
// different one.
func (p *Passwords) hideContent(m *event.Message, f *wire.Field, k event.SpanKind) {
	p.hide(f.Start, f.Start+int32(len(m.Content(f))), k)
}

func (p *Passwords) hide(start, end int32, k event.SpanKind) {
	if start < end {
		p.spans = append(p.spans, Span{Start: int(start), End: int(end), Kind: k})
	}
}

// hideAttribute hides the value of an attribute of a SCRAM message (RFC 5802, section 5.1), up to
// the end: it is the last attribute that matters.
func (p *Passwords) hideAttribute(m *event.Message, f *wire.Field, name string) {
	b := m.Bytes[f.Start:f.End]
	at := bytes.Index(b, []byte(name))
	if at < 0 {
		p.hide(f.Start, f.End, event.VerifierSpan) // it is not what it should be
		return
	}
	p.hide(f.Start+int32(at+len(name)), f.End, event.VerifierSpan)
}

// addSpans adds the spans of a field.
func (p *Passwords) addSpans(f *wire.Field, spans []Span) {
	for _, s := range spans {
		p.spans = append(p.spans, Span{Start: s.Start + int(f.Start), End: s.End + int(f.Start), Kind: s.Kind})
	}
}

// hideKey hides what an error says about a column that is called a secret: Key (name,
// password)=(joe, hidden), and COPY users, line 1, column password: "hidden".
func (p *Passwords) hideKey(m *event.Message, f *wire.Field) {
	text := m.Content(f)
	for _, between := range []string{")=(", `: "`} {
		names, _, found := bytes.Cut(text, []byte(between))
		at := bytes.IndexAny(names, "(,")
		if found && at >= 0 && secretIn(names[at:], false) >= 0 {
			p.hide(f.Start+int32(len(names)+len(between)), f.Start+int32(len(text)), event.PasswordSpan)
		}
	}
}

// hideValue hides a value, or part of one. It leaves the quotes of CSV: without them, other values
// would become part of it.
func (p *Passwords) hideValue(m *event.Message, f *wire.Field) {
	start, end := f.Start, f.End
	if m.Type == wire.CopyCSV {
		quote := cmp.Or(m.State.Copy.Quote, '"')
		if start < end && m.Bytes[start] == quote {
			start++
		}
		if start < end && m.Bytes[end-1] == quote {
			end--
		}
	}
	p.hide(start, end, event.PasswordSpan)
}

// withoutSpans returns a text with a word in place of each span.
func withoutSpans(text []byte, spans []Span) string {
	var b strings.Builder
	end := 0
	for _, s := range spans {
		b.Write(text[end:s.Start])
		b.WriteString("[redacted]")
		end = s.End
	}
	b.Write(text[end:])
	return b.String()
}

// Overwrite blanks bytes. It keeps their number, which the message's length reveals anyway.
func Overwrite(b []byte) {
	for i := range b {
		b[i] = '*'
	}
}
