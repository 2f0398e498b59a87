package text

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// What the session knew about a message beyond its bytes, and what the bytes mean on a closer look,
// is written at the end of lines as notes.

// maxQuote is how many characters of SQL a note quotes.
const maxQuote = 80

// explain adds the notes of the i-th field.
func (p *page) explain(i int) {
	switch f := &p.reader.Fields[i]; f.Name {
	case wire.Portal, wire.Statement:
		p.namedSQL(f)
	case wire.ValueLength:
		if p.reader.IsNull(i) {
			v := p.reader.Value(i)
			p.valueName(&v)
		}
	case wire.CopyNull, wire.CopyDefault, wire.CopyPart:
		p.valueName(&p.value)
	case wire.ValueFormat:
		if p.reader.IsNull(i) || p.reader.IsUnchanged(i) {
			v := p.reader.Value(i)
			p.noteAbsent(&v)
		}
	case wire.ColumnValue, wire.ParameterValue, wire.CopyValue, wire.OldValue, wire.OldKeyValue:
		p.valueName(&p.value)
		if !p.reader.IsCut(i) {
			p.valueText(&p.value)
		}
	case wire.FunctionOID:
		if name := p.reader.Function(uint32(f.Int)).Name; name != "" {
			p.notes = append(p.notes, ": "...)
			p.notes = append(p.notes, name...)
		}
	case wire.ArgumentValue, wire.ResultValue:
		if name := pgvalue.TypeName(p.value.Type); name != "" {
			p.notes = append(p.notes, ": "...)
			p.notes = append(p.notes, name...)
			if !p.reader.IsCut(i) {
				p.valueText(&p.value)
			}
		}
	case wire.ParameterType, wire.TypeOID:
		p.typeName(f)
	case wire.ErrorValue:
		p.writeDecoded(i)
		if p.reader.ErrorCode(i) == 'P' {
			p.position(f)
		}
	case wire.SCRAMClientFirst, wire.SCRAMClientFinal, wire.SCRAMServerFirst, wire.OAuthClientFirst, wire.OAuthServerError:
		p.sasl(f)
	default:
		if f.Kind == wire.CString {
			p.writeDecoded(i)
		}
	}
}

// namedSQL quotes the beginning of the SQL of a statement or portal. A Bind names both, one after
// the other on the same line.
func (p *page) namedSQL(f *wire.Field) {
	m := p.reader.Message
	if m.Context == nil || m.Type == wire.Parse || m.Type == wire.Bind && f.Name == wire.Portal {
		return
	}
	sql := m.Context.SQL
	switch {
	case m.Context.NeverParsed:
		p.notes = append(p.notes, ": no Parse had it"...)
		return
	case sql == "" && m.Context.Shortened > 0:
		p.notes = append(p.notes, ": SQL not kept"...)
		return
	case sql == "":
		return
	case m.Type == wire.Execute: // its row limit is between the name and the note
		p.notes = append(p.notes, ", SQL"...)
	}
	p.notes = append(p.notes, ": "...)
	if brief := m.Context.Brief; brief != "" && isASCII(brief) {
		p.notes = AppendSafe(p.notes, brief)
		return
	}
	start := sql[:min(len(sql), 4*maxQuote)]
	p.scratch = p.reader.AppendUTF8(p.scratch[:0], []byte(start))
	p.quote(p.scratch, m.Context.Shortened > 0 || len(start) < len(sql))
}

// quote writes the beginning of a text in UTF-8, on one line.
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
		p.notes = AppendSafe(p.notes, line[i:i+size])
		i += size
	}
	if cut {
		p.notes = append(p.notes, " ..."...)
	}
}

// valueName names the column or parameter that a value belongs to.
func (p *page) valueName(v *reading.Value) {
	m := p.reader.Message
	switch {
	case m.Type == wire.Bind:
		p.notes = append(p.notes, ": $"...)
		p.notes = strconv.AppendInt(p.notes, int64(v.Index)+1, 10)
		if name := pgvalue.TypeName(v.Type); name != "" {
			p.notes = append(p.notes, ' ')
			p.notes = append(p.notes, name...)
		}
	case m.Type >= wire.CopyText && m.Type <= wire.CopyBinary:
		p.notes = append(p.notes, ": "...)
		p.notes = appendColumn(p.notes, v.Column, v.Index)
	case v.Column != nil:
		p.notes = append(p.notes, ": "...)
		if m.Type.LogicalLetter() != 0 {
			p.notes = AppendSafe(p.notes, m.Context.Relation)
			p.notes = append(p.notes, '.')
		}
		p.notes = AppendSafe(p.notes, v.Column.Name)
	}
}

// valueText writes the text of a value in binary format as the server would print it, or text in an
// encoding that readers of the log could not read.
func (p *page) valueText(v *reading.Value) {
	m := p.reader.Message
	switch {
	case reading.IsRedacted(m, &v.Field):
		return
	case !v.Binary:
		p.writeDecodedText(m.Bytes[v.Start:v.End])
		return
	case v.Type == 0 || pgvalue.IsText(v.Type):
		return
	}
	var err error
	if p.scratch, err = p.reader.AppendText(p.scratch[:0], v); err != nil {
		p.notes = append(p.notes, ", malformed: "...)
		p.notes = append(p.notes, err.Error()...)
		return
	}
	p.notes = append(p.notes, " = "...)
	shown := p.scratch
	if p.MaxValue > 0 && len(shown) > p.MaxValue {
		shown = shown[:p.MaxValue]
	}
	p.notes = AppendSafe(p.notes, shown)
	if len(shown) < len(p.scratch) {
		p.notes = append(p.notes, " ..."...)
	}
}

// writeDecoded writes a string in the log's encoding if the session's is different.
func (p *page) writeDecoded(i int) {
	f := &p.reader.Fields[i]
	if m := p.reader.Message; !reading.IsRedacted(m, f) && !p.reader.IsCut(i) {
		p.writeDecodedText(m.Content(f))
	}
}

// writeDecodedText writes text in the log's encoding, or says that it is not in the session's.
func (p *page) writeDecodedText(b []byte) {
	m := p.reader.Message
	if len(m.Redacted) > 0 || isASCII(b) {
		return
	}
	if p.scratch = p.reader.AppendUTF8(p.scratch[:0], b); !bytes.Equal(p.scratch, b) {
		p.notes = append(p.notes, " = "...)
		p.notes = AppendSafe(p.notes, p.scratch)
	}
	if !utf8.Valid(p.scratch) && p.reader.KnowsText() {
		p.notes = append(p.notes, ", not text in "...)
		p.notes = AppendSafe(p.notes, []byte(m.Settings.ClientEncoding))
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

// typeName writes the name of the type with an OID. There may be several on a line.
func (p *page) typeName(f *wire.Field) {
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
	case f.Name == wire.TypeOID: // other fields are between it and the note
		p.notes = append(p.notes, ", type: "...)
	case len(p.notes) == 0:
		p.notes = append(p.notes, ": "...)
	default:
		p.notes = append(p.notes, ", "...)
	}
	p.notes = append(p.notes, name...)
}

// position quotes the SQL at the position in an error, which counts characters from 1.
func (p *page) position(f *wire.Field) {
	m := p.reader.Message
	if m.Context == nil || m.Context.Redacted {
		return
	}
	n, err := strconv.Atoi(string(m.Content(f)))
	if err != nil || n < 1 {
		return
	}
	p.scratch = p.reader.AppendUTF8(p.scratch[:0], []byte(m.Context.SQL))
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

// noteAbsent says which column has no value.
func (p *page) noteAbsent(v *reading.Value) {
	p.notes = append(p.notes, " = "...)
	p.notes = append(p.notes, logicalName(p.reader.Message.Type)...)
	switch v.Tuple {
	case 'N':
		p.notes = append(p.notes, " new value"...)
	case 'O':
		p.notes = append(p.notes, " old value"...)
	case 'K':
		p.notes = append(p.notes, " old key"...)
	}
	p.valueName(v)
}
