package pseudonym

import (
	"bytes"
	"crypto/rand"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/redact"
	"pgpi/internal/servertext"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// Values replaces the data of users in events by pseudonyms: literals in SQL,
// parameters, rows in all their forms, what errors quote, payloads of notifications. It
// hides all that [redact.Passwords] hides, too. It serves one goroutine at a time.
//
// A pseudonym has the length of what it stands for, is of its kind, and parses as its
// type; equal words have equal pseudonyms for as long as a Values lives, and no longer.
// NULL stays NULL. Names and key words stay, but no value of four bytes or more that
// was seen before stands in what Apply has changed: where one stands in a name, that
// part of the name is replaced as well. Values that come later can be seen first, by
// [Values.Learn].
type Values struct {
	passwords redact.Passwords
	memory    *memory
	words     words
	flip      byte // what booleans are changed by, 0 or 1
	blanked   int64

	pieces   pieces
	reading  sqltext.Settings // of the SQL in the message at hand
	settings *event.Settings  // which it was made of
	contexts map[*event.Context]safeContext
	literals []literal
	parts    []servertext.Part
	scratch  []byte
	before   []byte // the piece at hand, as it was
	number   [64]byte
}

// New makes a redaction with a key of its own.
func New() *Values {
	m := newMemory()
	v := &Values{memory: m, words: newWords(m), passwords: redact.Passwords{Strict: true}}
	var random [1]byte
	_, _ = rand.Read(random[:]) // it never fails
	v.flip = random[0] & 1
	return v
}

// Learn remembers the values of an event, and leaves it as it is.
func (v *Values) Learn(e *event.Event) {
	for i := range e.Messages {
		m := &e.Messages[i]
		v.read(m.Settings)
		for _, p := range v.pieces.of(m) {
			v.learn(m, p)
		}
	}
}

// read prepares for SQL that was sent in a session with these settings.
func (v *Values) read(s *event.Settings) sqltext.Settings {
	if s != v.settings {
		v.settings, v.reading = s, sqltext.Settings{}
		if s != nil {
			v.reading = sqltext.SettingsOf(s.StandardStrings, s.ClientEncoding)
		}
	}
	return v.reading
}

// Take replaces the values of an event: Values is an [event.Stage].
func (v *Values) Take(e *event.Event, emit func(*event.Event)) {
	v.Apply(e)
	emit(e)
}

// Apply replaces the values of an event, in place. The event's bytes are not those that
// are relayed.
func (v *Values) Apply(e *event.Event) {
	v.Learn(e)
	switch e.Kind {
	case event.Fragment:
		v.blankFragment(e)
	case event.Undecoded, event.Bytes, event.End:
		redact.Overwrite(e.Data)
		e.Opaque, e.Redacted = e.Opaque || e.Kind == event.Undecoded, true
	case event.Said:
		v.said(e)
	}
	for i := range e.Messages {
		v.message(e.Conn, &e.Messages[i], e.Kind == event.Fragment)
	}
}

// said replaces what is data in the words of a peer.
func (v *Values) said(e *event.Event) {
	event.ReplaceWritten(e.Fact, func(w event.Written, text string) string {
		if !w.Name {
			v.learnLiterals([]byte(text), sqltext.Settings{})
		}
		return text
	})
	v.passwords.Sentence(e, func(w event.Written, text []byte) {
		if w.Name {
			v.clean(text)
		} else {
			v.replaceStatement(text, sqltext.Settings{})
		}
	})
	if _, ended := e.Fact.(event.Ended); ended {
		v.passwords.Forget(e.Conn)
	}
}

// replaceStatement replaces the data in SQL, or in text that may quote some. It was learned before:
// the secrets in it are blanks now.
func (v *Values) replaceStatement(sql []byte, settings sqltext.Settings) {
	v.replaceLiterals(sql, settings)
	v.clean(sql)
}

// message replaces the values of a message. One that was too large to hold is blanked,
// because its bytes were.
func (v *Values) message(conn uint32, m *event.Message, large bool) {
	context, about := m.Context, m.About
	v.read(m.Settings)
	v.passwords.Message(conn, m)
	for _, p := range v.pieces.of(m) {
		if reading.Hidden(m, p.start, p.end) == p.end-p.start {
			continue // it is a secret
		}
		if large || p.kind == opaquePiece {
			v.blank(m, p.start, p.end)
			continue
		}
		v.replacePiece(m, p)
	}
	m.Context = v.context(conn, context)
	if m.About = m.Context; about != context {
		m.About = v.context(conn, about)
	}
}

// replacePiece replaces a piece, with another pseudonym where values stand in the
// first.
func (v *Values) replacePiece(m *event.Message, p piece) {
	b := m.Bytes[p.start:p.end]
	isValue := p.kind == textPiece || p.kind == copyPiece || p.kind == binaryPiece || p.kind == unknownPiece
	if !isValue {
		v.replace(m, p, 0)
		v.cleanPiece(m, p)
		return
	}
	v.before = append(v.before[:0], b...)
	const tries = 4
	for salt := range byte(tries) {
		copy(b, v.before)
		v.replace(m, p, salt*maxSalts)
		rows := &m.State.Copy
		isMark := p.kind == copyPiece && (string(b) == rows.Null || rows.HasDefault && string(b) == rows.Default)
		if !isMark && !v.tells(b, p) {
			return
		}
	}
	v.cleanPiece(m, p)
}

// tells reports whether a value stands in a piece.
func (v *Values) tells(b []byte, p piece) bool {
	if p.kind != binaryPiece && p.kind != unknownPiece || isPrintable(b) {
		return v.memory.holds(b)
	}
	return v.memory.isField(b) || v.memory.holds(textOf(b, p.oid))
}

// cleanPiece takes values out of a piece one by one, and blanks it where that fails.
func (v *Values) cleanPiece(m *event.Message, p piece) {
	b := m.Bytes[p.start:p.end]
	if p.kind != binaryPiece && p.kind != unknownPiece || isPrintable(b) {
		for _, s := range v.clean(b) {
			v.mark(m, p.start+s.Start, p.start+s.End)
		}
		return
	}
	v.blank(m, p.start, p.end)
}

// clean takes values out of a text, one by one, and returns what it had to blank.
func (v *Values) clean(b []byte) (blanked []event.Span) {
	const tries = 8
	last, tried := -1, byte(0)
	left := tries * (len(b) + 1) // one replacement can make another necessary before it
	for start, end := v.memory.find(b, 0); end > 0; left-- {
		if start != last {
			last, tried = start, 0
		}
		if tried < tries && left > 0 {
			v.replaceText(b[start:end], plainText, tried)
			tried++
		} else {
			redact.Overwrite(b[start:end])
			v.blanked++
			blanked = append(blanked, event.Span{Start: start, End: end})
		}
		start, end = v.memory.find(b, max(0, start-longest))
	}
	return blanked
}

// blank overwrites a part of a message that has no pseudonym.
func (v *Values) blank(m *event.Message, start, end int) {
	v.blanked++
	redact.Overwrite(m.Bytes[start:end])
	v.mark(m, start, end)
}

// mark notes a span that was blanked. Those of a message are in order and don't
// overlap.
func (v *Values) mark(m *event.Message, start, end int) {
	before := m.Redacted
	m.Redacted = make([]event.Span, 0, len(before)+1)
	added := event.Span{Start: start, End: end, Kind: event.ValueSpan}
	for _, s := range before {
		switch {
		case s.End < added.Start:
			m.Redacted = append(m.Redacted, s)
		case s.Start > added.End:
			m.Redacted = append(m.Redacted, added)
			added = s
		default:
			added = event.Span{Start: min(s.Start, added.Start), End: max(s.End, added.End), Kind: s.Kind}
		}
	}
	m.Redacted = append(m.Redacted, added)
}

// blankFragment blanks a part of a message too large to hold. Of its beginning the
// numbers of the protocol stay, the length first: what follows them can be read.
func (v *Values) blankFragment(e *event.Event) {
	if e.Offset > 0 || wire.Size(e.Data) <= 0 {
		header := min(int64(len(e.Data)), max(0, wire.HeaderSize-e.Offset))
		redact.Overwrite(e.Data[header:])
		return
	}
	m := event.Message{Message: wire.Message{
		Type: wire.Identify(e.Direction.Sender(), e.Data), Bytes: e.Data, Size: wire.Size(e.Data),
	}}
	if c := m.Type.Code(); c == 'p' || c == 'R' || c == 'K' {
		redact.Overwrite(e.Data[wire.HeaderSize:])
		return
	}
	for _, p := range v.pieces.of(&m) {
		redact.Overwrite(e.Data[p.start:p.end])
	}
}

// maxContexts bounds what is remembered of contexts: many messages share one.
const maxContexts = 1 << 10

// safeContext is a snapshot without values, as far as these were known.
type safeContext struct {
	*event.Context
	known int // how many values were
}

// context is a snapshot without values. One that was made before holds good unless a value that was
// learned since is in it.
func (v *Values) context(conn uint32, c *event.Context) *event.Context {
	if c == nil {
		return nil
	}
	known := v.memory.count()
	if safe, made := v.contexts[c]; made && (safe.known == known || !v.isIn(safe.Context)) {
		v.contexts[c] = safeContext{safe.Context, known}
		return safe.Context
	}
	changed := *c
	changed.Brief = "" // it is made of what was there before
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
	return v.memory.holds([]byte(c.SQL)) || v.memory.holds([]byte(c.Relation)) ||
		slices.ContainsFunc(c.Columns, func(column event.Column) bool { return v.memory.holds([]byte(column.Name)) })
}

// name is a name without the values in it.
func (v *Values) name(name string) string {
	if !v.memory.holds([]byte(name)) {
		return name
	}
	b := bytes.Clone([]byte(name))
	v.clean(b)
	return string(b)
}
