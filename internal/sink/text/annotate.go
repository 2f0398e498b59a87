package text

import (
	"strconv"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// listWidth is how many elements of a list of small integers share a line.
const listWidth = 4

// annotate writes a message field by field: its bytes as a string, and behind it
// what they are.
func (p *page) annotate(m *event.Message) {
	p.fields = wire.AppendFields(p.fields[:0], &m.Message)
	p.message, p.formats, p.errorCode = m, p.formats[:0], 0
	p.operation(m)
	first, run := true, 0
	var previous wire.Name
	index := int64(0) // of the group at hand
	rows, begin := p.writesRows(m), 0
	if rows && p.rowHeader(m) {
		begin, first, previous = 2, false, wire.Length
	}
	for i := begin; i < len(p.fields); i++ {
		f := p.fields[i]
		switch f.Name {
		case wire.Format:
			p.formats = append(p.formats, byte(f.Int))
		case wire.ErrorCode:
			p.errorCode = f.Int
		case wire.TupleType:
			p.tuple = f.Int
		}
		if f.Kind == wire.Group {
			index = f.Int
			if rows && p.columnText(m, i+1, index) {
				previous = wire.ColumnValue
				i += 2
			}
			continue
		}
		if rows {
			if n := p.copyText(m, i, index, previous); n > 0 {
				i += n - 1
				previous = p.fields[i].Name
				continue
			}
		}
		if p.joins(i) {
			p.fields[i+1].Start = f.Start
			continue
		}
		if run++; f.Name != previous {
			run = 0
		}
		l := layoutOf(m.Type, f.Name)
		switch {
		case first: // behind the label
		case l.place == sameLine, l.place == list && run%listWidth > 0,
			l.place == inRow && previous != wire.Length && previous != wire.RowEnd:
			p.text = append(p.text, ' ')
		default:
			p.wrap()
		}
		p.field(m, l, f, index)
		first, previous = false, f.Name
	}
}

// joins reports whether a field is one string with the next: the request packets
// are known by their length and code together.
func (p *page) joins(i int) bool {
	return p.fields[i].Name == wire.Length && i+1 < len(p.fields) &&
		p.fields[i+1].Name == wire.RequestCode && p.fields[i+1].Kind == wire.Int32
}

// writesRows reports whether a message is a row whose values may be written by
// rowHeader, columnText and copyText.
func (p *page) writesRows(m *event.Message) bool {
	switch m.Type {
	case wire.DataRow, wire.CopyText, wire.CopyCSV:
	default:
		return false
	}
	return len(m.Redacted) == 0 && m.Size == int64(len(m.Bytes)) && !p.Color &&
		(m.Settings == nil || m.Settings.ClientEncoding == "UTF8" || m.Settings.ClientEncoding == "")
}

// rowHeader writes the type byte and the length of a row, as field does.
func (p *page) rowHeader(m *event.Message) bool {
	if len(p.fields) < 2 || p.fields[1].Kind != wire.Int32 {
		return false
	}
	p.text = append(p.text, '"', m.Bytes[0])
	p.text = append(p.text, `" = `...)
	p.text = messageName(p.text, m.Type, p.fields[0])
	p.text = append(p.text, ` "`...)
	p.text = appendHex(p.text, m.Bytes[1:wire.HeaderSize])
	p.text = append(p.text, `" = `...)
	p.text = strconv.AppendInt(p.text, p.fields[1].Int, 10)
	p.text = append(p.text, " bytes"...)
	return true
}

// columnText writes a value in text format with its length, as field does it, in a
// third of the time: most of what servers say is such values. It leaves all others
// to field.
func (p *page) columnText(m *event.Message, at int, index int64) bool {
	c := column(m, index)
	if m.Type != wire.DataRow || c == nil || c.Binary || c.TypeOID == 0 || at+1 >= len(p.fields) {
		return false
	}
	length, value := p.fields[at], p.fields[at+1]
	if length.Name != wire.ValueLength || length.Kind != wire.Int32 || value.Name != wire.ColumnValue ||
		p.MaxValue > 0 && int(value.End-value.Start) > p.MaxValue {
		return false
	}
	p.wrap()
	p.text = append(p.text, '"')
	p.text = appendHex(p.text, m.Bytes[length.Start:length.End])
	p.text = append(p.text, `" = `...)
	p.text = strconv.AppendInt(p.text, length.Int, 10)
	p.text = append(p.text, ` bytes "`...)
	p.text = appendEscaped(p.text, m.Bytes[value.Start:value.End], readable)
	p.text = append(p.text, `" = column value: `...)
	p.text = appendSafe(p.text, c.Name)
	return true
}

// copyText writes what rows of COPY are mostly made of, as field does it, in a third of
// the time. It begins with a field in the group of the given index, and returns how many it
// has written; all others it leaves to field.
func (p *page) copyText(m *event.Message, at int, index int64, previous wire.Name) int {
	text := p.text
	i := at
	for ; i < len(p.fields); i++ {
		f := &p.fields[i]
		if f.Name == wire.Column {
			index = f.Int
			continue
		}
		b, means := m.Bytes[f.Start:f.End], copyMeaning(f.Name)
		if means == "" || f.Name == wire.CopyValue && p.MaxValue > 0 && len(b) > p.MaxValue {
			break
		}
		if previous == wire.Length || previous == wire.RowEnd {
			p.text = text
			p.wrap()
			text = p.text
		} else {
			text = append(text, ' ')
		}
		text = append(text, '"')
		text = appendEscaped(text, b, readable)
		text = append(text, means...)
		if f.Name == wire.CopyValue {
			text = appendColumn(text, m, index)
		}
		previous = f.Name
	}
	p.text = text
	return p.copied(at, i)
}

// copyMeaning is what stands behind the bytes of a field that copyText writes, "" for
// others.
func copyMeaning(n wire.Name) string {
	switch n {
	case wire.CopyValue:
		return `" = COPY value: `
	case wire.CopyDelimiter:
		return `" = delimiter`
	case wire.RowEnd:
		return `" = end of row`
	}
	return ""
}

// copied counts the fields up to an end, but for the group that the next is in.
func (p *page) copied(at, end int) int {
	for end > at && p.fields[end-1].Kind == wire.Group {
		end--
	}
	return end - at
}

// appendColumn appends the name of a column of COPY, or its number: a COPY may name none.
func appendColumn(dst []byte, m *event.Message, index int64) []byte {
	if c := column(m, index); c != nil {
		return appendSafe(dst, c.Name)
	}
	return strconv.AppendInt(append(dst, "column "...), index+1, 10)
}

// field writes one field.
func (p *page) field(m *event.Message, l *layout, f wire.Field, index int64) {
	if f.Name == wire.Omitted {
		p.text = append(p.text, "omitted: "...)
		p.text = strconv.AppendInt(p.text, f.Int, 10)
		p.text = append(p.text, " bytes"...)
		return
	}
	omitted := p.quoted(m, l, f, index)
	p.text = append(p.text, ' ')
	p.paint(yellow)
	p.text = append(p.text, "= "...)
	if l.number && f.Kind == wire.Binary {
		p.text = append(p.text, "part of "...) // and the rest was not kept
		p.text = append(p.text, nouns[f.Name]...)
	} else {
		p.text = l.appendTo(p.text, &l.means, m.Type, f)
		p.notes = l.appendTo(p.notes, &l.notes, m.Type, f)
		p.explain(m, f, index)
	}
	if omitted > 0 {
		p.notes = append(p.notes, ", omitted: "...)
		p.notes = strconv.AppendInt(p.notes, int64(omitted), 10)
		p.notes = append(p.notes, " bytes"...)
	}
	if l.place == inRow {
		p.text = append(p.text, p.notes...)
		p.notes = p.notes[:0]
	}
	if f.Name == wire.Malformed {
		p.text = append(p.text, " instead of "...)
		p.text = append(p.text, nouns[f.Int]...)
	}
	p.unpaint()
}

// quoted writes the bytes of a field, or that they are redacted. Of a long value it
// leaves some out, and tells how many.
func (p *page) quoted(m *event.Message, l *layout, f wire.Field, index int64) (omitted int) {
	start, end := int(f.Start), int(f.End)
	if p.redacts(m, f) {
		p.text = append(p.text, "[redacted]"...)
		return 0
	}
	if f.Kind.IsValue() && p.MaxValue > 0 {
		omitted = max(0, end-start-p.MaxValue)
		end -= omitted
	}
	s := readable
	if l.number || l.hex || f.Kind.IsValue() && p.isHex(m, f.Kind, m.Bytes[start:end], index) {
		s = hex
	}
	p.text = append(p.text, '"')
	p.escaped(m.Bytes, start, end, s)
	p.text = append(p.text, '"')
	return omitted
}

// isHex reports whether a value is shown in hexadecimal: because its format is binary
// and its type is no text, or because it looks like that and nobody knows.
func (p *page) isHex(m *event.Message, k wire.Kind, value []byte, index int64) bool {
	if k == wire.TextValue {
		return false
	}
	if oid := valueType(m, index); oid != 0 {
		return p.isBinary(m, k, index) && !isTextType(oid)
	}
	return !isText(value)
}

// redacts reports whether nothing of a field is left. The NUL that ends a string
// doesn't count.
func (p *page) redacts(m *event.Message, f wire.Field) bool {
	if len(p.spans) == 0 {
		return false
	}
	start, end := int(f.Start), int(f.End)
	if f.Kind == wire.CString && end > start && m.Bytes[end-1] == 0 {
		end--
	}
	p.skipSpans(start)
	return start < end && len(p.spans) > 0 && p.spans[0].Start <= start && p.spans[0].End >= end
}

// skipSpans forgets the redacted parts that lie before an offset.
func (p *page) skipSpans(start int) {
	for len(p.spans) > 0 && p.spans[0].End <= start {
		p.spans = p.spans[1:]
	}
}

// escaped writes bytes of a message, with a word in the place of those that are
// redacted.
func (p *page) escaped(b []byte, start, end int, s style) {
	p.skipSpans(start)
	for len(p.spans) > 0 && p.spans[0].Start < end {
		span := p.spans[0]
		if span.Start > start {
			p.text = appendEscaped(p.text, b[start:span.Start], s)
		}
		p.text = append(p.text, "[redacted]"...)
		start = min(span.End, end)
		if span.End > end {
			break // it goes on in the next field
		}
		p.spans = p.spans[1:]
	}
	p.text = appendEscaped(p.text, b[start:end], s)
}

// raw writes a message as one string.
func (p *page) raw(m *event.Message) {
	if m.Secret {
		p.text = append(p.text, "[password message redacted]"...)
		return
	}
	p.text = append(p.text, '"')
	p.escaped(m.Bytes, 0, len(m.Bytes), ascii)
	p.text = append(p.text, '"')
	if omitted := m.Size - int64(len(m.Bytes)); omitted > 0 {
		p.text = append(p.text, " omitted: "...)
		p.text = strconv.AppendInt(p.text, omitted, 10)
		p.text = append(p.text, " bytes"...)
	}
}
