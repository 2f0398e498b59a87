package text

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// What the session knew of a message beyond its bytes, and what the bytes mean on
// closer look, stands at the end of lines as notes.

// maxQuote is how many characters of SQL a note repeats.
const maxQuote = 80

// explain adds the notes of a field, which stands in the group of the given index.
func (p *page) explain(m *event.Message, f wire.Field, index int64) {
	switch f.Name {
	case wire.Portal, wire.Statement:
		p.namedSQL(m, f)
	case wire.ValueLength:
		if f.Int == -1 {
			p.valueName(m, index)
		}
	case wire.CopyNull, wire.CopyDefault, wire.CopyPart:
		p.valueName(m, index)
	case wire.ValueFormat:
		p.absent(m, f, index)
	case wire.ColumnValue, wire.ParameterValue, wire.CopyValue, wire.OldValue, wire.OldKeyValue:
		p.valueName(m, index)
		p.value(m, f, index)
	case wire.ArgumentValue, wire.ResultValue:
	case wire.ParameterType, wire.TypeOID:
		p.typeName(f)
	case wire.ErrorValue:
		p.decoded(m, f)
		p.position(m, f)
	case wire.SCRAMClientFirst, wire.SCRAMClientFinal, wire.SCRAMServerFirst, wire.OAuthClientFirst, wire.OAuthServerError:
		p.sasl(m, f)
	default:
		if f.Kind == wire.CString {
			p.decoded(m, f)
		}
	}
}

// namedSQL repeats the beginning of the SQL behind a statement or portal. A Bind
// names both, one behind the other on the same line.
func (p *page) namedSQL(m *event.Message, f wire.Field) {
	if m.Context == nil || m.Type == wire.Parse || m.Type == wire.Bind && f.Name == wire.Portal {
		return
	}
	sql := m.Context.SQL
	switch {
	case sql == "" && m.Context.Shortened > 0:
		p.notes = append(p.notes, ": SQL not kept"...)
		return
	case sql == "":
		return
	case m.Type == wire.Execute: // its row limit stands between the name and the note
		p.notes = append(p.notes, ", SQL"...)
	}
	p.notes = append(p.notes, ": "...)
	if brief := m.Context.Brief; brief != "" && isASCII(brief) {
		p.scratch = append(p.scratch[:0], brief...)
		p.notes = appendEscaped(p.notes, p.scratch, readable)
		return
	}
	start := sql[:min(len(sql), 4*maxQuote)]
	p.scratch = p.settings(m).AppendUTF8(p.scratch[:0], []byte(start))
	p.quote(p.scratch, m.Context.Shortened > 0 || len(start) < len(sql))
}

// quote repeats the beginning of a text in UTF-8, on one line.
func (p *page) quote(line []byte, cut bool) {
	count, space := 0, false
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			space = count > 0
			i++
			continue
		}
		if space {
			p.notes = append(p.notes, ' ')
			space = false
			count++
		}
		if count++; count > maxQuote {
			cut = true
			break
		}
		p.notes = appendEscaped(p.notes, line[i:i+size], readable)
		i += size
	}
	if cut {
		p.notes = append(p.notes, " ..."...)
	}
}

// valueName names the column or parameter that a value belongs to.
func (p *page) valueName(m *event.Message, index int64) {
	if m.Type == wire.Bind {
		p.notes = append(p.notes, ": $"...)
		p.notes = strconv.AppendInt(p.notes, index+1, 10)
		if name := pgvalue.TypeName(valueType(m, index)); name != "" {
			p.notes = append(p.notes, ' ')
			p.notes = append(p.notes, name...)
		}
		return
	}
	c := column(m, index)
	switch {
	case c != nil:
		p.notes = append(p.notes, ": "...)
		if m.Type.LogicalLetter() != 0 {
			p.notes = appendSafe(p.notes, m.Context.Relation)
			p.notes = append(p.notes, '.')
		}
		p.notes = appendSafe(p.notes, c.Name)
	case m.Type >= wire.CopyText && m.Type <= wire.CopyBinary: // a COPY may name none
		p.notes = append(p.notes, ": column "...)
		p.notes = strconv.AppendInt(p.notes, index+1, 10)
	}
}

// value gives the text of a value in binary format, as the server would print it,
// or of text in an encoding that the log's readers would not read.
func (p *page) value(m *event.Message, f wire.Field, index int64) {
	b := m.Bytes[f.Start:f.End]
	if p.redacts(m, f) || m.Size > int64(len(m.Bytes)) && int(f.End) == len(m.Bytes) {
		return
	}
	if !p.isBinary(m, f.Kind, index) {
		p.decodedText(m, b)
		return
	}
	oid := valueType(m, index)
	if oid == 0 || isTextType(oid) {
		return
	}
	var err error
	if p.scratch, err = pgvalue.AppendText(p.scratch[:0], oid, pgvalue.Binary, b, p.settings(m)); err != nil {
		p.notes = append(p.notes, ", malformed: "...)
		p.notes = append(p.notes, err.Error()...)
		return
	}
	p.notes = append(p.notes, " = "...)
	shown := p.scratch
	if p.MaxValue > 0 && len(shown) > p.MaxValue {
		shown = shown[:p.MaxValue]
	}
	p.notes = appendEscaped(p.notes, shown, readable)
	if len(shown) < len(p.scratch) {
		p.notes = append(p.notes, " ..."...)
	}
}

// decoded gives a string in the log's encoding where the session's is another.
func (p *page) decoded(m *event.Message, f wire.Field) {
	if !p.redacts(m, f) {
		p.decodedText(m, bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0}))
	}
}

func (p *page) decodedText(m *event.Message, b []byte) {
	if m.Settings == nil || len(m.Redacted) > 0 || m.Settings.ClientEncoding == "UTF8" || m.Settings.ClientEncoding == "" || isASCII(b) {
		return
	}
	if p.scratch = p.settings(m).AppendUTF8(p.scratch[:0], b); !bytes.Equal(p.scratch, b) {
		p.notes = append(p.notes, " = "...)
		p.notes = appendEscaped(p.notes, p.scratch, readable)
	}
}

func isASCII[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// typeName names the type behind an OID. Several may stand on a line.
func (p *page) typeName(f wire.Field) {
	name := pgvalue.TypeName(uint32(f.Int))
	switch {
	case name == "" && f.Name == wire.TypeOID:
		return
	case f.Int == 0:
		name = "unspecified"
	case name == "":
		name = "not built in"
	}
	switch {
	case f.Name == wire.TypeOID: // other fields stand between it and the note
		p.notes = append(p.notes, ", type: "...)
	case len(p.notes) == 0:
		p.notes = append(p.notes, ": "...)
	default:
		p.notes = append(p.notes, ", "...)
	}
	p.notes = append(p.notes, name...)
}

// position quotes the SQL at the place that an error names, which counts characters
// from 1.
func (p *page) position(m *event.Message, f wire.Field) {
	if m.Context == nil || m.Context.Redacted || p.errorCode != 'P' {
		return
	}
	n, err := strconv.Atoi(string(bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0})))
	if err != nil || n < 1 {
		return
	}
	p.scratch = p.settings(m).AppendUTF8(p.scratch[:0], []byte(m.Context.SQL))
	rest := p.scratch
	for ; n > 1 && len(rest) > 0; n-- {
		_, size := utf8.DecodeRune(rest)
		rest = rest[size:]
	}
	if len(rest) == 0 {
		return
	}
	p.notes = append(p.notes, ": at "...)
	p.quote(rest, m.Context.Shortened > 0)
}

// column describes the column of an index, or is nil.
func column(m *event.Message, index int64) *event.Column {
	if m.Context == nil || index >= int64(len(m.Context.Columns)) {
		return nil
	}
	return &m.Context.Columns[index]
}

// valueType is the type of the parameter or column of an index, 0 where unknown.
func valueType(m *event.Message, index int64) uint32 {
	if m.Type == wire.Bind {
		if m.Context == nil || index >= int64(len(m.Context.ParameterTypes)) {
			return 0
		}
		return m.Context.ParameterTypes[index]
	}
	if c := column(m, index); c != nil {
		return c.TypeOID
	}
	return 0
}

// isBinary reports whether a value is in binary format: by what its message or the
// session says, else by its looks.
func (p *page) isBinary(m *event.Message, k wire.Kind, index int64) bool {
	switch k {
	case wire.TextValue:
		return false
	case wire.BinaryValue:
		return true
	}
	if m.Type == wire.Bind {
		switch n := len(p.formats); {
		case n == 0:
			return false
		case n == 1:
			return p.formats[0] == 1
		case index < int64(n):
			return p.formats[index] == 1
		}
		return false
	}
	c := column(m, index)
	return c != nil && c.Binary
}

// isTextType reports whether a type's binary format is its text.
func isTextType(oid uint32) bool {
	switch oid {
	case 18, 19, 25, 114, 142, 705, 1042, 1043, 1790, 2275: // "char", name, text, json, xml, unknown, bpchar, varchar, refcursor, cstring
		return true
	}
	return false
}

// settings makes a session's settings ready, nil for none.
func (p *page) settings(m *event.Message) *pgvalue.Settings {
	if m.Settings == nil {
		return nil
	}
	if m.Settings != p.lastSettings {
		p.lastSettings = m.Settings
		p.ready = pgvalue.NewSettings(pgvalue.Parameters{
			TimeZone: m.Settings.TimeZone, DateStyle: m.Settings.DateStyle, IntervalStyle: m.Settings.IntervalStyle,
			ClientEncoding: m.Settings.ClientEncoding, ServerVersion: m.Settings.ServerVersion,
		})
	}
	return p.ready
}
