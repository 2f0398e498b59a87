package redact

import (
	"bytes"
	"cmp"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// value hides a parameter or a value of a row that is called a secret. In all others it hides
// verifiers.
func (p *Passwords) value(conn uint32, m *event.Message, of *meaning, i int) {
	f := &p.reader.Fields[i]
	b := m.Bytes[f.Start:f.End]
	v := p.reader.Value(i)
	secret := of.columns
	if f.Name == wire.ParameterValue {
		secret = of.parameters
	}
	if slices.Contains(secret, v.Index) {
		p.hideValue(m, f)
		if f.Name == wire.ParameterValue {
			p.learn(conn, b)
		} else {
			p.of(conn).rows.add(b)
		}
		return
	}
	p.spans = appendVerifiers(p.spans, b, int(f.Start))
	if f.Name != wire.ParameterValue || v.Binary && !isText(b) {
		return
	}
	c := findConninfo(b)
	for _, s := range c.passwords {
		p.hide(f.Start+int32(s[0]), f.Start+int32(s[1]), event.PasswordSpan)
	}
	for _, word := range c.words {
		p.learn(conn, word)
	}
}

func isText(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) < 0
}

// part hides data whose rows are not known, or part of a value of COPY, if they may be called a
// secret. Otherwise it hides verifiers, even in a value that continues in the next message.
func (p *Passwords) part(conn uint32, m *event.Message, of *meaning, f *wire.Field) {
	b, start := m.Bytes[f.Start:f.End], int(f.Start)
	if len(of.columns) > 0 || p.meaning(m.About).copies {
		p.hideValue(m, f)
		p.learnRows(conn, m.About, b)
		return
	}
	p.spans = appendVerifiers(p.spans, b, start)
	c := p.connections[conn]
	if c != nil && c.inVerifier && start == wire.HeaderSize {
		n := countWhile(b, isOfSCRAM)
		p.hide(f.Start, f.Start+int32(n), event.VerifierSpan)
		c.inVerifier = n == len(b)
		return
	}
	if at := cutVerifier(b); at >= 0 && int(f.End) == len(m.Bytes) {
		p.hide(f.Start+int32(at), f.End, event.VerifierSpan)
		p.of(conn).inVerifier = true
	}
}

// learnRows remembers the secrets in rows that a client has sent before the server asked for them.
// It is not known where those rows begin, so it looks at the lines that fit the statement.
func (p *Passwords) learnRows(conn uint32, about *event.Context, rows []byte) {
	if about == nil {
		return
	}
	c, found := sqltext.FindCopy(about.SQL, 0, sqltext.Settings{})
	if !found || c.Format == "binary" || c.To {
		return
	}
	delimiter := cmp.Or(c.Delimiter, map[string]string{"csv": ",", "text": "\t"}[c.Format])
	for line := range bytes.Lines(rows) {
		values := bytes.Split(bytes.TrimRight(line, "\r\n"), []byte(delimiter))
		if len(values) != len(c.Columns) || c.Headings > 0 && string(values[0]) == c.Columns[0] {
			continue
		}
		for i, name := range c.Columns {
			if secretIn([]byte(name), false) >= 0 {
				p.of(conn).rows.add(bytes.Trim(values[i], `"`))
			}
		}
	}
}
