package sqltext

import (
	"bytes"
	"strconv"
)

// Replace appends what is to be in the place of a parameter, and reports whether it did. Cast says
// that the SQL casts it already.
type Replace func(dst []byte, number int, cast bool) (replaced []byte, ok bool)

// AppendLine appends SQL to dst on one line that means the same: a run of spaces is one, a comment
// to the end of its line is one between /* and */, and a constant with a line end in it is E'…'
// with \n. Parameter appends what is to be in the place of a parameter, by its number, and reports
// whether it did; where it did not, or is nil, the parameter stays. AsSent reports whether the line
// is what was sent, to the byte.
func AppendLine(dst, sql []byte, settings Settings, parameter Replace) (line []byte, asSent bool) {
	start := len(dst)
	tokens := NewScanner(sql, settings)
	space := false
	for t := tokens.Next(); t.Kind != End; t = tokens.Next() {
		if t.Kind == Space {
			space = len(dst) > start
			continue
		}
		if space {
			dst = append(dst, ' ')
			space = false
		}
		dst = tokens.appendOnLine(dst, t, parameter)
	}
	return dst, bytes.Equal(dst[start:], sql)
}

func (s *Scanner) appendOnLine(dst []byte, t Token, parameter Replace) []byte {
	text := s.Text(t)
	switch {
	case t.Kind == Parameter && parameter != nil:
		number, err := strconv.Atoi(string(text[1:]))
		if replaced, ok := parameter(dst, number, s.isCast()); err == nil && ok {
			return replaced
		}
	case t.Kind == LineComment:
		return appendComment(dst, text[len("--"):])
	case !bytes.ContainsAny(text, "\r\n"):
	case t.Kind.IsString() && t.Doubt == NoDoubt:
		if value, ok := s.AppendValue(nil, t); ok && t.Kind != BitString && t.Kind != HexString {
			return AppendEscaped(dst, value)
		}
	}
	return appendWithoutBreaks(dst, text)
}

// isCast reports whether what comes next is a cast.
func (s *Scanner) isCast() bool {
	ahead := *s
	return ahead.Is(ahead.NextSignificant(), "::")
}

// appendComment appends a comment to the end of its line as one that has an end of its own.
func appendComment(dst, text []byte) []byte {
	dst = append(dst, "/*"...)
	for i, c := range text {
		if i > 0 && (text[i-1] == '*' && c == '/' || text[i-1] == '/' && c == '*') {
			dst = append(dst, ' ') // or it would end there, or another one begin
		}
		dst = append(dst, c)
	}
	if len(text) > 0 && text[len(text)-1] != ' ' {
		dst = append(dst, ' ')
	}
	return append(dst, "*/"...)
}

// AppendEscaped appends a text as a constant with C-style escapes, E'…', that means it.
func AppendEscaped(dst, text []byte) []byte {
	dst = append(dst, "E'"...)
	for _, c := range text {
		switch c {
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\'', '\\':
			dst = append(dst, c, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '\'')
}

// AppendQuoted appends a text as a constant that means it whatever the settings are: '…', or E'…'
// where it has backslashes or line ends.
func AppendQuoted(dst, text []byte) []byte {
	if bytes.ContainsAny(text, "\\\r\n") {
		return AppendEscaped(dst, text)
	}
	dst = append(dst, '\'')
	for _, c := range text {
		if c == '\'' {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, '\'')
}

// appendWithoutBreaks appends a text with a space for each of its line ends.
func appendWithoutBreaks(dst, text []byte) []byte {
	start := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[start:] {
		if c == '\n' || c == '\r' {
			dst[start+i] = ' '
		}
	}
	return dst
}
