package redact

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// meaning is what a context says of the values of its messages.
type meaning struct {
	safe *event.Context // without its secrets, nil where nobody has asked for it
	// parameters and columns are those that are called secrets, from 0.
	parameters, columns []int
	// copies says that rows of COPY have secrets, wherever they are in them.
	copies bool
}

// maxContexts bounds what is remembered of contexts: many messages share one.
const maxContexts = 1 << 10

var nothing = &meaning{}

// meaning finds out what a context says. Messages without one say nothing.
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

// isSecretColumn reports whether a column is called a secret, and its type does not say that it is
// a moment or a flag.
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

// context returns a snapshot whose SQL has lost its secrets: c itself where there are none.
func (p *Passwords) context(conn uint32, c *event.Context) *event.Context {
	if c == nil || c.SQL == "" {
		return c
	}
	of := p.meaning(c)
	if of.safe == nil {
		of.safe = c
		if safe, redacted := p.Text(conn, c.SQL, nil); redacted {
			changed := *c
			changed.SQL, changed.Brief, changed.Redacted = safe, "", true // Brief is made of what was there before
			of.safe = &changed
		}
	}
	return of.safe
}

// analysis is what was found in a text: it is often the same as the one before, because contexts
// have the SQL of messages.
type analysis struct {
	sql         []byte // its own: that of a message is overwritten
	named       named
	spans       []Span // verifiers among them
	beforeVague int    // how many of the spans are certain
	tail        int    // from here on quotes don't match
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

// sqlSpans returns what is to be hidden in SQL, or in text that may quote some, and remembers the
// secrets in it. It is valid until the next call.
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
	return joined(p.found)
}

// learn remembers a secret of a connection. What was found out about SQL before may have it in it.
func (p *Passwords) learn(conn uint32, secret []byte) {
	if len(bytes.TrimSpace(secret)) < shortestKnown {
		return
	}
	if p.of(conn).known.add(secret) {
		p.contexts = nil
	}
}

// appendKnown appends the places of a text where a secret of the connection is.
func (p *Passwords) appendKnown(dst []Span, conn uint32, text []byte, base int) []Span {
	c := p.connections[conn]
	if c == nil {
		return dst
	}
	return c.rows.appendKnown(c.known.appendKnown(dst, text, base), text, base)
}

// of returns what is remembered of a connection.
func (p *Passwords) of(conn uint32) *connection {
	c := p.connections[conn]
	if c == nil {
		if p.connections == nil {
			p.connections = map[uint32]*connection{}
		}
		c = &connection{}
		p.connections[conn] = c
	}
	return c
}

// learnLogin remembers the password of a login, or the token in the attributes of one.
func (p *Passwords) learnLogin(conn uint32, secret []byte) {
	const bearer = "Bearer "
	if at := bytes.Index(secret, []byte(bearer)); at >= 0 {
		secret, _, _ = bytes.Cut(secret[at+len(bearer):], []byte{1})
	}
	p.learn(conn, secret)
}

// setting hides the value of a parameter that is called a secret, and secrets in a command line of
// the server's. What is known to be one is hidden in others.
func (p *Passwords) setting(conn uint32, m *event.Message, i int) {
	f := &p.reader.Fields[i]
	value, start := m.Content(f), int(f.Start)
	var name []byte
	if i > 0 && p.reader.Fields[i-1].Name == wire.Key {
		name = m.Content(&p.reader.Fields[i-1])
	}
	if secretIn(name, false) >= 0 {
		p.hideContent(m, f, event.PasswordSpan)
		p.learn(conn, value)
		return
	}
	p.hideWords(conn, m, f)
	if string(name) != "options" {
		return
	}
	for at := 0; at < len(value); {
		n := secretIn(value[at:], false)
		if n < 0 {
			return
		}
		at += n
		if equals := bytes.IndexAny(value[at:], "= "); equals >= 0 {
			at += equals + 1
		}
		end := at
		for end < len(value) && value[end] != ' ' {
			if value[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(value))
		p.hide(int32(start+at), int32(start+end), event.PasswordSpan)
		p.learn(conn, value[at:end])
		at = end
	}
}

// value hides a parameter or a value of a row that is called a secret, and verifiers in all others.
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

// hideValue hides a value, or a part of one. The quotes of CSV stay: without them others would be a
// part of it.
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

func isText(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) < 0
}

// part hides data whose rows are not known, and a part of a value of COPY, where they may be called
// a secret; else verifiers, also in a value that goes on in the next message.
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

// Text returns SQL, or text that may quote some, with a word in the place of each secret, and
// reports whether there was one. What is left of it, replace may change, which must not change its
// length; it may be nil.
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

// learnRows remembers the secrets in rows that a client has sent before the server asked for them,
// so that nobody knows where they begin: those of lines that are as the statement says.
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

// withoutSpans is a text with a word in the place of each span.
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
