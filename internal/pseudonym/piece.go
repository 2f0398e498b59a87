package pseudonym

import (
	"bytes"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// piece is a part of a message with what becomes of it.
type piece struct {
	start, end int
	kind       pieceKind
	oid        uint32 // of a value's type, 0 where unknown
}

type pieceKind byte

const (
	// keptPiece is a name or a word of the server's: it stays, unless a value stands
	// in it.
	keptPiece pieceKind = iota
	textPiece
	binaryPiece
	copyPiece // a value of COPY in text or CSV
	sqlPiece
	errorPiece
	optionsPiece
	// unknownPiece is a value whose format nobody knows, opaquePiece bytes that nobody
	// can read: those are blanked.
	unknownPiece
	opaquePiece
)

// pieces finds the parts of a message that are more than numbers of the protocol.
type pieces struct {
	reader reading.Reader
	all    []piece
}

// of gives the pieces of a message, in order. They are valid until the next call.
func (p *pieces) of(m *event.Message) []piece {
	p.reader.Read(m)
	p.all = p.all[:0]
	for i := range p.reader.Fields {
		if f := &p.reader.Fields[i]; f.Kind != wire.Group && f.Start < f.End {
			p.field(m, i)
		}
	}
	return p.all
}

func (p *pieces) field(m *event.Message, i int) {
	f := &p.reader.Fields[i]
	one := piece{start: int(f.Start), end: int(f.Start) + len(m.Content(f))}
	switch f.Name {
	case wire.ColumnValue, wire.ParameterValue, wire.OldValue, wire.OldKeyValue, wire.CopyValue, wire.ArgumentValue, wire.ResultValue:
		v := p.reader.Value(i)
		one.oid, one.kind = v.Type, p.valueKind(m, &v, i)
	case wire.CopyPart, wire.Content, wire.NotifyPayload, wire.FailReason, wire.Data:
		one.kind = partKind(m, f)
	case wire.SQL:
		one.kind = sqlPiece
	case wire.KeyValue:
		one.kind = p.settingKind(m, i)
	case wire.ErrorText:
		one.kind = errorPiece
	case wire.ErrorValue:
		one.kind = errorKind(m, p.reader.ErrorCode(i))
	case wire.Unknown, wire.Malformed, wire.Trailing, wire.Extension:
		one.kind = opaquePiece
	case wire.CopyHeading:
	default:
		switch {
		case !mayHoldValues(m.Type, f.Name), f.Kind.IsInteger():
			return
		case f.Kind == wire.CString, f.Kind == wire.Text:
		case f.End-f.Start < shortest:
			return // a letter, an end, or a part of a number
		default:
			one.kind = opaquePiece // the rest of a message that was cut off
		}
	}
	if one.start < one.end {
		p.all = append(p.all, one)
	}
}

// valueKind is what becomes of a value.
func (p *pieces) valueKind(m *event.Message, v *reading.Value, i int) pieceKind {
	switch {
	case m.Type == wire.CopyText || m.Type == wire.CopyCSV:
		return copyPiece
	case v.Name == wire.ResultValue, v.Name == wire.ColumnValue && v.Kind == wire.Value && v.Column == nil:
		return unknownPiece
	case !v.Binary:
		return textPiece
	case p.reader.IsCut(i):
		return opaquePiece
	}
	return binaryPiece
}

// partKind is what becomes of data that is no whole value, or of no type.
func partKind(m *event.Message, f *wire.Field) pieceKind {
	switch {
	case f.Name == wire.NotifyPayload || f.Name == wire.FailReason:
		return textPiece
	case m.Type == wire.CopyText || m.Type == wire.CopyCSV:
		return copyPiece
	case isPrintable(m.Bytes[f.Start:f.End]) && m.Type != wire.BackupData && m.Type != wire.BackupTar:
		return textPiece
	}
	return opaquePiece
}

// mayHoldValues reports whether a field can have been chosen by a user or read from a
// table. The words of the login are the protocol's own, and so are the names of
// parameters, without which nobody could read their values.
func mayHoldValues(t wire.Type, n wire.Name) bool {
	switch t.Code() {
	case 'R', 'p', 'K', 'v':
		return false
	}
	switch n {
	case wire.Key, wire.CopyDelimiter, wire.CopyNull, wire.CopyDefault, wire.RowEnd, wire.CopyEnd, wire.CopySignature:
		return false
	}
	return true
}

// replace gives a piece of a message its pseudonyms.
func (v *Values) replace(m *event.Message, p piece, salt byte) {
	b := m.Bytes[p.start:p.end]
	switch p.kind {
	case textPiece, copyPiece:
		v.replaceTyped(b, pgvalue.TypeName(p.oid), salt)
	case binaryPiece:
		v.replaceBinary(b, p.oid, salt)
	case unknownPiece:
		v.guess(b, salt)
	case sqlPiece:
		v.replaceSQL(b)
	case errorPiece:
		v.replaceError(b)
	case optionsPiece:
		v.replaceOptions(b)
	}
}

// replaceTyped replaces a value in text.
func (v *Values) replaceTyped(b []byte, name string, salt byte) {
	switch s := syntaxOf(name); {
	case name == "bool" && len(b) == 1:
		if v.flip == 1 {
			b[0] ^= 't' ^ 'f'
		}
	case strings.Contains(name, "range"):
		v.replaceRange(withoutBounds(b), salt)
	case strings.HasSuffix(name, "[]"):
		v.replaceArray(withoutBounds(b), s, salt)
	default:
		v.replaceText(b, s, salt)
	}
}

// learn remembers the values in a piece.
func (v *Values) learn(m *event.Message, p piece) {
	b := m.Bytes[p.start:p.end]
	switch p.kind {
	case textPiece:
		v.learnText(b)
	case copyPiece:
		v.learnCopied(m, b)
	case binaryPiece, unknownPiece:
		v.learnBinary(b, p.oid)
	case sqlPiece:
		v.learnSQL(b)
	case errorPiece:
		v.learnError(b)
	case optionsPiece:
		v.learnOptions(b)
	}
}

// learnText remembers a value in which there is something to hide.
func (v *Values) learnText(b []byte) {
	if hasWords(b) {
		v.memory.add(b)
	}
}

// learnCopied remembers a value of COPY, as it is written and what it means.
func (v *Values) learnCopied(m *event.Message, b []byte) {
	quote := m.State.Copy.Quote
	if quote == 0 {
		quote = '"'
	}
	if m.Type == wire.CopyCSV && len(b) > 1 && b[0] == quote && b[len(b)-1] == quote {
		b = b[1 : len(b)-1]
	}
	v.learnQuoted(b, quote)
}

// learnBinary remembers a value in binary format and its text.
func (v *Values) learnBinary(b []byte, oid uint32) {
	name := pgvalue.TypeName(oid)
	text, err := pgvalue.AppendText(nil, oid, pgvalue.Binary, b, nil)
	switch {
	case name == "tid" || name == "pg_snapshot" || name == "txid_snapshot":
	case isPrintable(b):
		v.learnText(b)
	case err == nil && name != "":
		if hasWords(text) {
			v.memory.addField(b)
			v.memory.add(text)
		}
	case len(bytes.Trim(b, "\x00")) > 0:
		v.memory.addField(b)
	}
}

// hasWords reports whether a text has letters or digits other than in constants.
func hasWords(b []byte) bool {
	for at := 0; at < len(b); at++ {
		if n := alphanumericLength(b[at:]); n > 0 {
			if !isConstant(b[at : at+n]) {
				return true
			}
			at += n
		}
	}
	return false
}
