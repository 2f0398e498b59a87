package text

import (
	"strconv"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// listWidth is how many elements of a list of small integers are on a line.
const listWidth = 4

// annotate writes a message field by field: its bytes as a string, followed by what they are.
func (p *page) annotate(m *event.Message) {
	p.reader.Read(m)
	fields := p.reader.Fields
	p.operation(m)
	first, run := true, 0
	var previous wire.Name
	index := 0 // of the current column
	rows, begin := p.writesRows(m), 0
	if rows && p.rowHeader(m) {
		begin, first, previous = 2, false, wire.Length
	}
	for i := begin; i < len(fields); i++ {
		f := &fields[i]
		if f.Kind == wire.Group {
			index = int(f.Int)
			if rows && p.columnText(i+1, index) {
				previous = wire.ColumnValue
				i += 2
			}
			continue
		}
		if rows {
			if n := p.copyText(i, index, previous); n > 0 {
				i += n - 1
				previous = fields[i].Name
				continue
			}
		}
		if p.joins(i) {
			fields[i+1].Start = f.Start
			continue
		}
		if run++; f.Name != previous {
			run = 0
		}
		l := layoutOf(m.Type, f.Name, f.Kind)
		switch {
		case first: // after the label
		case l.place == sameLine, l.place == list && run%listWidth > 0,
			l.place == inRow && previous != wire.Length && previous != wire.RowEnd:
			p.text = append(p.text, ' ')
		default:
			p.wrap()
		}
		p.field(l, i)
		first, previous = false, f.Name
	}
}

// joins reports whether a field is one string with the next: packets that request something are
// recognized by length and code together.
func (p *page) joins(i int) bool {
	fields := p.reader.Fields
	return fields[i].Name == wire.Length && i+1 < len(fields) &&
		fields[i+1].Name == wire.RequestCode && fields[i+1].Kind == wire.Int32
}

// writesRows reports whether a message is a row whose values rowHeader, columnText and copyText may
// write.
func (p *page) writesRows(m *event.Message) bool {
	switch m.Type {
	case wire.DataRow, wire.CopyText, wire.CopyCSV:
	default:
		return false
	}
	return len(m.Redacted) == 0 && m.Size == int64(len(m.Bytes)) && !p.Color && p.reader.IsUTF8()
}

// rowHeader writes the type byte and the length of a row, like field.
func (p *page) rowHeader(m *event.Message) bool {
	fields := p.reader.Fields
	if len(fields) < 2 || fields[1].Kind != wire.Int32 {
		return false
	}
	p.text = append(p.text, '"', m.Bytes[0])
	p.text = append(p.text, `" = `...)
	p.text = messageName(p.text, m.Type, fields[0])
	p.text = append(p.text, ` "`...)
	p.text = appendHex(p.text, m.Bytes[1:wire.HeaderSize])
	p.text = append(p.text, `" = `...)
	p.text = strconv.AppendInt(p.text, fields[1].Int, 10)
	p.text = append(p.text, " bytes"...)
	return true
}

// columnText writes a value in text format with its length, like field, but in a third of the time:
// most of what servers say is such values. It leaves all other values to field.
func (p *page) columnText(at, index int) bool {
	m, fields := p.reader.Message, p.reader.Fields
	c := p.reader.Column(index)
	if m.Type != wire.DataRow || c == nil || c.Binary || c.TypeOID == 0 || at+1 >= len(fields) {
		return false
	}
	length, value := &fields[at], &fields[at+1]
	if length.Name != wire.ValueLength || length.Kind != wire.Int32 || value.Name != wire.ColumnValue ||
		p.MaxValue > 0 && int(value.End-value.Start) > p.MaxValue || !utf8.Valid(m.Bytes[value.Start:value.End]) {
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
	p.text = AppendSafe(p.text, c.Name)
	return true
}

// copyText writes what rows of COPY mostly consist of, like field, but in a third of the time. It
// begins with a field in the group of the given index, and returns how many fields it has written.
// It leaves all others to field.
func (p *page) copyText(at, index int, previous wire.Name) int {
	m := p.reader.Message
	text, i := p.text, at
	for ; i < len(p.reader.Fields); i++ {
		f := &p.reader.Fields[i]
		if f.Name == wire.Column {
			index = int(f.Int)
			continue
		}
		b, means := m.Bytes[f.Start:f.End], copyMeaning(f.Name)
		if means == "" || f.Name == wire.CopyValue && (p.MaxValue > 0 && len(b) > p.MaxValue || !utf8.Valid(b)) {
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
			text = appendColumn(text, p.reader.Column(index), index)
		}
		previous = f.Name
	}
	p.text = text
	return p.countCopied(at, i)
}

// copyMeaning returns what follows the bytes of a field that copyText writes, and "" for other
// fields.
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

// countCopied counts the fields up to end, except the group that the next field is in.
func (p *page) countCopied(at, end int) int {
	for end > at && p.reader.Fields[end-1].Kind == wire.Group {
		end--
	}
	return end - at
}

// appendColumn appends the name of a column of COPY, or its number: a COPY may not have named any.
func appendColumn(dst []byte, c *event.Column, index int) []byte {
	if c != nil {
		return AppendSafe(dst, c.Name)
	}
	return strconv.AppendInt(append(dst, "column "...), int64(index)+1, 10)
}

// field writes the i-th field.
func (p *page) field(l *layout, i int) {
	f := &p.reader.Fields[i]
	if f.Name == wire.Omitted {
		p.text = append(p.text, "omitted: "...)
		p.text = strconv.AppendInt(p.text, f.Int, 10)
		p.text = append(p.text, " bytes"...)
		return
	}
	if f.Kind.IsValue() {
		p.value = p.reader.Value(i)
	}
	omitted := p.writeQuoted(l, f)
	p.text = append(p.text, ' ')
	p.paint(yellow)
	p.text = append(p.text, "= "...)
	if f.Kind == wire.IntegerPart {
		p.text = append(p.text, "part of "...) // the rest was not kept
		p.text = append(p.text, noun(f.Name)...)
	} else {
		p.text = l.appendTo(p.text, &l.means, &p.reader, *f)
		p.notes = l.appendTo(p.notes, &l.notes, &p.reader, *f)
		p.explain(i)
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
		p.text = append(p.text, noun(wire.Name(f.Int))...)
	}
	p.unpaint()
}

// writeQuoted writes the bytes of a field, or that they are redacted. It leaves out part of a long
// value, and returns how many bytes.
func (p *page) writeQuoted(l *layout, f *wire.Field) (omitted int) {
	m := p.reader.Message
	if reading.IsRedacted(m, f) {
		p.text = append(p.text, "[redacted]"...)
		return 0
	}
	start, end := int(f.Start), int(f.End)
	if f.Kind.IsValue() && p.MaxValue > 0 {
		omitted = max(0, end-start-p.MaxValue)
		end -= omitted
	}
	s := readable
	if l.hex || f.Kind.IsInteger() || f.Kind == wire.IntegerPart || f.Kind.IsValue() && p.isHex(m.Bytes[start:end]) {
		s = hex
	}
	p.text = append(p.text, '"')
	p.writeEscaped(m, start, end, s)
	p.text = append(p.text, '"')
	return omitted
}

// isHex reports whether a value is shown in hexadecimal: because its format is binary and its type
// is not text, or because it looks like that and its format is not known.
func (p *page) isHex(shown []byte) bool {
	switch v := &p.value; {
	case v.Kind == wire.TextValue:
		return false
	case v.Type != 0:
		return v.Binary && !pgvalue.IsText(v.Type)
	}
	return !isText(shown)
}

// writeEscaped writes bytes of a message, with a word in place of redacted ones.
func (p *page) writeEscaped(m *event.Message, start, end int, s style) {
	if len(m.Redacted) == 0 {
		p.text = appendEscaped(p.text, m.Bytes[start:end], s)
		return
	}
	for part := range reading.Parts(m, start, end) {
		if part == nil {
			p.text = append(p.text, "[redacted]"...)
		} else {
			p.text = appendEscaped(p.text, part, s)
		}
	}
}

// raw writes a message as one string.
func (p *page) raw(m *event.Message) {
	if m.Secret {
		p.text = append(p.text, "[password message redacted]"...)
		return
	}
	p.text = append(p.text, '"')
	p.writeEscaped(m, 0, len(m.Bytes), ascii)
	p.text = append(p.text, '"')
	if omitted := m.Size - int64(len(m.Bytes)); omitted > 0 {
		p.text = append(p.text, " omitted: "...)
		p.text = strconv.AppendInt(p.text, omitted, 10)
		p.text = append(p.text, " bytes"...)
	}
}
