package pseudonym

import (
	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// piece is a part of a message, and what happens to it.
type piece struct {
	start, end int
	kind       pieceKind
	oid        uint32 // of a value's type, 0 if unknown
}

type pieceKind byte

const (
	// keptPiece is a name or a word of the server's: it stays, unless it contains a value.
	keptPiece pieceKind = iota
	textPiece
	binaryPiece
	copyPiece // a value of COPY in text or CSV
	sqlPiece
	errorPiece
	optionsPiece
	// unknownPiece is a value of unknown format. opaquePiece is bytes that can't be read: those are
	// blanked.
	unknownPiece
	opaquePiece
)

// pieces finds the parts of a message that are more than numbers of the protocol.
type pieces struct {
	reader reading.Reader
	all    []piece
}

// of returns the pieces of a message, in order. They are valid until the next call.
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
			return // a letter, an end, or part of a number
		default:
			one.kind = opaquePiece // the rest of a message that was cut off
		}
	}
	if one.start < one.end {
		p.all = append(p.all, one)
	}
}

// valueKind returns what happens to a value.
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

// partKind returns what happens to data that is not a whole value, or has no type.
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

// mayHoldValues reports whether a field may have been chosen by a user or read from a table. The
// words of the login are the protocol's own. So are the names of parameters, without which nobody
// could read their values.
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
