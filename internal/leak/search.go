package leak

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"pgpi/internal/event"
)

// Search looks for values in an event of the output.
func (d *Detector) Search(e *event.Event) {
	switch e.Kind {
	case event.Said:
		d.searchSentence(e)
	case event.Fragment:
		d.searchFragment(e)
	case event.Undecoded, event.Bytes, event.End:
		d.fields++
		if !isBlank(e.Data) {
			d.visible.add(place{what: "bytes that are not decoded", conn: e.Conn})
		}
	}
	for i := range e.Messages {
		m := &e.Messages[i]
		for _, p := range d.reader.read(m) {
			d.searchPart(m, p, e.Conn)
		}
		d.searchContext(m, m.Context, e.Conn)
		d.searchContext(m, m.About, e.Conn)
	}
}

func (d *Detector) searchPart(m *event.Message, p part, conn uint32) {
	d.fields++
	where := place{field: p.field, of: m.Type, conn: conn}
	if p.holds == unreadable && !isBlank(p.text) {
		d.visible.add(where)
	}
	if d.learned.hasText(p.text) || d.hasBinary(p) || d.hasMeaning(m, p) {
		d.found.add(where)
	}
}

// hasBinary reports whether a part is a value in binary format, or may be one.
func (d *Detector) hasBinary(p part) bool {
	if p.holds != aBinaryValue || isText(p.text) {
		return false
	}
	text, _ := textOf(p)
	return d.learned.hasField(p.text) || d.learned.hasText(text)
}

// longer is the minimum length of a value that is also looked for in the meaning of a text. Random
// bytes in a text could mean a shorter one by chance.
const longer = 8

// hasMeaning reports whether a value is in the meaning of a part, without its quotes and escapes.
func (d *Detector) hasMeaning(m *event.Message, p part) bool {
	meaning := unescape(p.text)
	switch p.holds {
	case sqlText:
		return d.hasConstant(p.text, quotingOf(m.Settings))
	case aCopiedValue:
		meaning = meaningOf(m, p)
	}
	return d.learned.hasLongText(meaning, longer)
}

// hasConstant reports whether a value is in the meaning of a constant in SQL.
func (d *Detector) hasConstant(sql []byte, q quoting) bool {
	found := false
	literals(sql, q, func(t token) { found = found || d.learned.hasLongText(t.meaning(), longer) })
	return found
}

// searchFragment searches part of a message too large to hold, together with the end of the part
// before.
func (d *Detector) searchFragment(e *event.Event) {
	d.fields++
	key := stream{e.Conn, e.Direction}
	b := slices.Concat(d.tails[key], e.Data)
	if d.learned.hasText(b) {
		d.found.add(place{what: "a part of a large message", conn: e.Conn})
	}
	d.tails[key] = bytes.Clone(b[max(0, len(b)-longest+1):])
	if len(e.Messages) > 0 {
		delete(d.tails, key)
	}
}

// searchSentence searches what a sentence of pgpi repeats from a client or a server.
func (d *Detector) searchSentence(e *event.Event) {
	if _, ended := e.Fact.(event.Ended); ended {
		maps.DeleteFunc(d.tails, func(s stream, _ []byte) bool { return s.conn == e.Conn })
	}
	quotes, found := false, false
	event.ReplaceWritten(e.Fact, func(_ event.Written, text string) string {
		quotes = true
		found = found || d.learned.hasText([]byte(text)) || d.hasConstant([]byte(text), quoting{})
		return text
	})
	if quotes {
		d.sentences++
	}
	if found {
		d.found.add(place{what: "a sentence of pgpi", conn: e.Conn})
	}
}

// maxContexts bounds how many contexts are remembered: many messages share one.
const maxContexts = 1 << 10

// searchContext searches what a message is shown with.
func (d *Detector) searchContext(m *event.Message, c *event.Context, conn uint32) {
	if c == nil || d.contexts[c] {
		return
	}
	if len(d.contexts) >= maxContexts {
		clear(d.contexts)
	}
	d.contexts[c] = true
	d.searched++
	texts := []string{c.SQL, c.Brief, c.Relation}
	for _, column := range c.Columns {
		texts = append(texts, column.Name)
	}
	if slices.ContainsFunc(texts, func(text string) bool { return d.learned.hasText([]byte(text)) }) {
		d.found.add(place{what: fmt.Sprintf("what %s is shown with", m.Type), conn: conn})
	}
}

// isBlank reports whether bytes are what a recording has in place of blanked ones.
func isBlank(b []byte) bool { return len(bytes.Trim(b, "*")) == 0 }
