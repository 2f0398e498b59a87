package pseudonym

import (
	"pgpi/internal/event"
	"pgpi/internal/redact"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// containsValue reports whether a piece contains a value.
func (v *Values) containsValue(b []byte, p piece) bool {
	if p.kind != binaryPiece && p.kind != unknownPiece || isPrintable(b) {
		return v.seen.holds(b)
	}
	return v.seen.isField(b) || v.seen.holds(textOf(b, p.oid))
}

// cleanPiece removes values from a piece one by one, and blanks the piece if that fails.
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

// clean removes values from a text one by one, and returns what it had to blank.
func (v *Values) clean(b []byte) (blanked []event.Span) {
	const tries = 8
	last, tried := -1, byte(0)
	left := tries * (len(b) + 1) // one replacement can require another before it
	for start, end := v.seen.find(b, 0); end > 0; left-- {
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
		start, end = v.seen.find(b, max(0, start-longest))
	}
	return blanked
}

// blank overwrites a part of a message that has no pseudonym.
func (v *Values) blank(m *event.Message, start, end int) {
	v.blanked++
	redact.Overwrite(m.Bytes[start:end])
	v.mark(m, start, end)
}

// mark notes a span that was blanked. The spans of a message are in order and don't overlap.
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

// blankFragment blanks part of a message too large to hold. At its beginning the numbers of the
// protocol stay, above all the length, so that what follows can be read.
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

// replaceStatement replaces the data in SQL, or in text that may quote SQL. It was learned before:
// the secrets in it are blank now.
func (v *Values) replaceStatement(sql []byte, settings sqltext.Settings) {
	v.replaceLiterals(sql, settings)
	v.clean(sql)
}
