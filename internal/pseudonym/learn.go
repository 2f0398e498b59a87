package pseudonym

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

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

// learnCopied remembers a value of COPY, as written and as meant.
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

// learnBinary remembers a value in binary format, and its text.
func (v *Values) learnBinary(b []byte, oid uint32) {
	name := pgvalue.TypeName(oid)
	text, err := pgvalue.AppendText(nil, oid, pgvalue.Binary, b, nil)
	switch {
	case name == "tid" || name == "pg_snapshot" || name == "txid_snapshot":
	case isPrintable(b):
		v.learnText(b)
	case err == nil && name != "":
		if hasWords(text) {
			v.seen.addField(b)
			v.seen.add(text)
		}
	case len(bytes.Trim(b, "\x00")) > 0:
		v.seen.addField(b)
	}
}
