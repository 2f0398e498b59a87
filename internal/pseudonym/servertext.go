package pseudonym

import (
	"pgpi/internal/event"
	"pgpi/internal/servertext"
	"pgpi/internal/wire"
)

// raising are the server routines in which functions raise errors with their own text, in PL/pgSQL,
// PL/Python, PL/Perl and PL/Tcl.
var raising = []string{"exec_stmt_raise", "exec_stmt_assert", "PLy_output", "PLy_elog_impl", "do_util_elog", "pltcl_elog"}

// isRaised reports whether a function raised an error or a notice itself. Then its words are data,
// and so are the names of objects in it.
func isRaised(m *event.Message) bool {
	routine, _ := wire.ErrorFieldOf(m.Bytes, 'R')
	return isOneOf(routine, raising)
}

// errorKind returns what happens to a field of an error or a notice (documentation section "Error
// and Notice Message Fields").
func errorKind(m *event.Message, code byte) pieceKind {
	switch code {
	case 'S', 'V', 'C', 'P', 'p', 'F', 'L', 'R':
		return keptPiece
	case 's', 't', 'c', 'd', 'n':
		if isRaised(m) {
			return textPiece
		}
		return keptPiece
	case 'M', 'D', 'H':
		if isRaised(m) {
			return textPiece
		}
	case 'q':
		return sqlPiece
	}
	return errorPiece
}

// replaceError replaces what is not the server's own in the text of an error.
func (v *Values) replaceError(text []byte) {
	v.parts = servertext.AppendParts(v.parts[:0], text)
	for _, p := range v.parts {
		switch p.Kind {
		case servertext.SQL:
			v.replaceSQL(text[p.Start:p.End])
		case servertext.Data, servertext.Unknown:
			v.replaceText(text[p.Start:p.End], plainText, 0)
		}
	}
}

// learnError remembers the data in the text of an error. It can't know which words of an unknown
// text are data.
func (v *Values) learnError(text []byte) {
	v.parts = servertext.AppendParts(v.parts[:0], text)
	for _, p := range v.parts {
		switch p.Kind {
		case servertext.SQL:
			v.learnSQL(text[p.Start:p.End])
		case servertext.Data:
			v.learnText(text[p.Start:p.End])
		}
	}
}
