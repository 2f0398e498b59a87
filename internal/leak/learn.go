package leak

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// learn remembers the values in an event, and the words that must be replaced.
func (d *Detector) learn(e *event.Event) {
	switch e.Kind {
	case event.Undecoded, event.Bytes, event.End:
		d.unread += int64(len(e.Data))
	case event.Said:
		d.learnFact(e)
	}
	for i := range e.Messages {
		m := &e.Messages[i]
		d.settings[e.Conn] = m.Settings
		if int64(len(m.Bytes)) < m.Size {
			d.shortened++
		}
		for _, p := range d.reader.read(m) {
			d.learnPart(m, p, place{field: p.field, of: m.Type, conn: e.Conn})
		}
	}
}

// learnPart remembers the values in a part of a message.
func (d *Detector) learnPart(m *event.Message, p part, where place) {
	switch p.holds {
	case aValue, raisedText:
		d.learned.addText(p.text)
		d.addWords(p.text, p.oid, where)
	case aBinaryValue:
		d.learnBinary(p, where)
	case aCopiedValue:
		d.learnCopied(m, p)
		d.addWords(p.text, p.oid, where)
	case sqlText:
		d.learnSQL(p.text, quotingOf(m.Settings), where)
	case serverText:
		d.learnServerText(p.text, quotingOf(m.Settings), where)
	}
}

// learnBinary remembers a value in binary format, and its text.
func (d *Detector) learnBinary(p part, where place) {
	switch pgvalue.TypeName(p.oid) {
	case "tid", "pg_snapshot", "txid_snapshot":
		return // they are the server's own
	}
	if isText(p.text) {
		d.learned.addText(p.text)
		d.addWords(p.text, p.oid, where)
		return
	}
	text, known := textOf(p)
	if known && hasWords(text) || !known && len(bytes.Trim(p.text, "\x00")) > 0 {
		d.learned.addField(p.text)
		d.learned.addText(text)
	}
}

// textOf returns the text of a value in binary format, and whether it has one.
func textOf(p part) ([]byte, bool) {
	if pgvalue.TypeName(p.oid) == "" {
		return nil, false
	}
	text, err := pgvalue.AppendText(nil, p.oid, pgvalue.Binary, p.text, nil)
	return text, err == nil
}

// learnCopied remembers a value of COPY in text or CSV, as written and as meant. What part of a
// value means is not known.
func (d *Detector) learnCopied(m *event.Message, p part) {
	written := p.text
	if quote := quoteOf(m); m.Type == wire.CopyCSV && len(written) > 1 && written[0] == quote && written[len(written)-1] == quote {
		written = written[1 : len(written)-1]
	}
	d.learned.addText(written)
	if p.field == wire.CopyValue {
		d.learned.addText(meaningOf(m, p))
	}
}

// meaningOf returns a value of COPY without its quotes and backslashes, or nil if it has none.
func meaningOf(m *event.Message, p part) []byte {
	if m.Type == wire.CopyText {
		return copyMeaning(p.text)
	}
	quote := quoteOf(m)
	escape := m.State.Copy.Escape
	if escape == 0 {
		escape = quote
	}
	return unquote(p.text, quote, escape)
}

func quoteOf(m *event.Message) byte {
	if quote := m.State.Copy.Quote; quote != 0 {
		return quote
	}
	return '"'
}

// learnSQL remembers the literals in SQL.
func (d *Detector) learnSQL(sql []byte, q quoting, where place) {
	sure := literals(sql, q, func(t token) {
		switch t.kind {
		case number:
			d.learned.addText(t.text)
		case comment:
			d.learnComment(t.text)
			d.addWords(t.text, 0, where)
		default:
			d.learned.addText(t.body)
			d.learned.addText(t.meaning())
			if !t.isInterval {
				d.addWords(t.body, 0, where)
			}
		}
	})
	if !sure {
		d.unsure.add(where)
	}
}

// learnComment remembers a comment, if it has a word that can't equal its pseudonym by chance.
func (d *Detector) learnComment(text []byte) {
	const long = 4
	text = text[:min(len(text), longest)]
	if longestWord(text) >= long && bytes.IndexByte(text, '\\') < 0 {
		d.learned.addText(text)
	}
}

// learnFact remembers the SQL that a sentence of pgpi quotes, which is that of another connection.
func (d *Detector) learnFact(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.CancelForwarded:
		d.learnQuoted(e.Conn, f.Connection, f.SQL)
	case event.CancelFor:
		d.learnQuoted(e.Conn, f.Connection, f.SQL)
	case event.Ended:
		delete(d.settings, e.Conn)
	}
}

func (d *Detector) learnQuoted(conn, of uint32, sql string) {
	d.learnSQL([]byte(sql), quotingOf(d.settings[of]), place{what: "a sentence of pgpi", conn: conn})
}

// learnServerText remembers what an error or a notice repeats, if its words leave no doubt that it
// is data: the values of a key, a row that failed, a value after a colon, parameters, the literals
// of a statement.
func (d *Detector) learnServerText(text []byte, q quoting, where place) {
	for len(text) > 0 {
		opening := ""
		for _, one := range []string{`SQL statement "`, `: "`, `value "`, `=(`, `= (`, ` contains (`, `= '`} {
			if hasPrefix(text, one) {
				opening = one
				break
			}
		}
		if opening == "" {
			text = text[1:]
			continue
		}
		text = text[len(opening):]
		n := quotedLength(text, opening)
		if opening[0] == 'S' {
			d.learnSQL(text[:n], q, where)
		} else {
			d.learned.addText(text[:n])
		}
		text = text[n:]
	}
}

// quotedLength returns how far data extends in the text of an error.
func quotedLength(text []byte, opening string) int {
	switch opening {
	case `SQL statement "`, `: "`: // the data can contain quotes
		return max(0, bytes.LastIndexByte(text, '"'))
	case `value "`:
		if n := bytes.Index(text, []byte(`" `)); n >= 0 {
			return n
		}
		return len(bytes.TrimSuffix(text, []byte(`"`)))
	case `= '`:
		n := closing(text, '\'', false)
		return len(bytes.TrimSuffix(text[:n], []byte("'")))
	}
	text = text[:min(len(text), 1<<10)] // that is all of a value that is looked for
	end := bytes.LastIndexByte(text, ')')
	for _, words := range []string{") already exists", ") conflicts with ", ") is "} {
		if n := bytes.Index(text, []byte(words)); n >= 0 {
			end = min(end, n)
		}
	}
	if end < 0 {
		return len(text)
	}
	return end
}

// Watch remembers the values in an event of the input, calls redact on the event, and compares. It
// notices a word of a value that stays even where no value is left whole.
func (d *Detector) Watch(e *event.Event, redact func(*event.Event)) {
	d.words, d.before = d.words[:0], d.before[:0]
	d.learn(e)
	redact(e)
	d.compared += int64(len(d.words))
	for _, w := range d.words {
		if bytes.Equal(w.now, d.before[w.start:w.start+len(w.now)]) {
			d.kept.add(w.where)
		}
	}
}
