package sqltext

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Replace appends the replacement of a parameter, and reports whether it did. cast is the type that
// the SQL casts the parameter to, in lower case, if one word names it.
type Replace func(dst []byte, number int, cast string) (replaced []byte, ok bool)

// AppendLine appends SQL to dst on one line that means the same. A run of spaces becomes one space.
// A comment to the end of its line becomes one between /* and */. A constant with a line end, or
// another character that is not shown in a log, becomes E'…' with escapes. parameter replaces
// parameters; a parameter stays if parameter is nil or reports false. asSent reports whether the
// line is what was sent, to the byte.
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
		return s.appendParameter(dst, t, parameter)
	case t.Kind == LineComment:
		return appendComment(dst, text[len("--"):])
	case isPlain(text):
	case t.Kind.IsString() && t.Doubt == NoDoubt, t.Kind.IsName() && t.Doubt == NoDoubt:
		if value, ok := s.AppendValue(nil, t); ok {
			return s.appendRewritten(appendGap(dst), t, value)
		}
	}
	return appendWithoutBreaks(dst, text)
}

// appendParameter appends the replacement of a parameter, and keeps it a token of its own.
func (s *Scanner) appendParameter(dst []byte, t Token, parameter Replace) []byte {
	start := len(dst)
	dst = appendGap(dst)
	ahead := *s
	next := ahead.NextSignificant()
	part := s.Is(next, "[") || s.Is(next, ".") // of the value: a cast must not bind to it
	if part {
		dst = append(dst, '(')
	}
	number, err := strconv.Atoi(string(s.sql[t.Start+1 : t.End]))
	dst, ok := parameter(dst, number, s.castTo())
	if err != nil || !ok {
		return append(dst[:start], s.Text(t)...)
	}
	if part {
		dst = append(dst, ')')
	}
	if c := s.at(t.End); joins(c) || c == '\'' || c == '"' {
		dst = append(dst, ' ')
	}
	return dst
}

// appendRewritten appends a constant or a name with the same meaning as the value.
func (s *Scanner) appendRewritten(dst []byte, t Token, value []byte) []byte {
	switch t.Kind {
	case BitString, HexString:
		dst = append(dst, s.sql[t.Start], '\'')
		return append(append(dst, value...), '\'')
	case NationalString:
		return AppendEscaped(append(dst, "nchar "...), value)
	case QuotedName, UnicodeName:
		s.skipUnicodeEscape(t)
		return appendUnicodeName(dst, value)
	}
	s.skipUnicodeEscape(t)
	if t.Kind == EscapeString {
		if joined, ok := s.appendJoined(append(dst, "E'"...), t); ok {
			return append(joined, '\'')
		}
	}
	return AppendEscaped(dst, value)
}

// appendJoined appends what is between the quotes of E'…', and keeps its escapes: servers before 17
// read \v as a letter. It returns false if an escape would continue in the next part.
func (s *Scanner) appendJoined(dst []byte, t Token) (joined []byte, ok bool) {
	escape := -1 // where the last one begins
	for p := s.Parts(t); p.Next(); {
		if p.Comment {
			continue
		}
		content := s.sql[p.Start:p.End]
		if len(content) > 0 && hexDigit(content[0]) < 16 && escape >= 0 && len(dst)-escape <= len(`\x1`) {
			return nil, false
		}
		for len(content) > 0 {
			if content[0] == '\\' && len(content) > 1 {
				escape = len(dst)
				content = content[1:]
			}
			_, size := utf8.DecodeRune(content)
			if escape == len(dst) && isPlain(content[:size]) {
				dst = append(dst, '\\') // not before a line end, for example, where it means nothing
			}
			if content[0] == '\\' || content[0] == '\'' { // the second of two, or escaped
				dst = append(dst, content[0])
			} else {
				dst = appendEscape(dst, content[:size])
			}
			content = content[size:]
		}
	}
	return dst, true
}

// skipUnicodeEscape skips the UESCAPE of a token that may have one.
func (s *Scanner) skipUnicodeEscape(t Token) {
	ahead := *s
	if (t.Kind == UnicodeString || t.Kind == UnicodeName) && ahead.Is(ahead.NextSignificant(), "uescape") {
		ahead.NextSignificant()
		*s = ahead
	}
}

// castTo returns the name of the type if a cast comes next, or "" if there is none or one word does
// not name the type.
func (s *Scanner) castTo() string {
	ahead := *s
	if !ahead.Is(ahead.NextSignificant(), "::") {
		return ""
	}
	t := ahead.NextSignificant()
	if t.Kind != Word && t.Kind != QuotedName {
		return ""
	}
	name := strings.ToLower(string(ahead.Text(t)))
	next := ahead.NextSignificant()
	if ahead.Is(next, "[") && ahead.Is(ahead.NextSignificant(), "]") {
		name += "[]"
		next = ahead.NextSignificant()
	}
	for _, more := range []string{"(", ".", "[", "with", "without", "varying", "precision", "array", "year", "month", "day", "hour", "minute", "second"} {
		if ahead.Is(next, more) {
			return ""
		}
	}
	return name
}

// joins reports whether a byte would continue a word.
func joins(c byte) bool {
	return c == '_' || c == '$' || isDigit(c) || fold(c) >= 'a' && fold(c) <= 'z' || c >= 0x80
}

// appendGap appends a space if what follows would otherwise join what is there: U&'…' is one token.
func appendGap(dst []byte) []byte {
	if n := len(dst); n > 0 && (joins(dst[n-1]) || dst[n-1] == '&') {
		return append(dst, ' ')
	}
	return dst
}

// isPlain reports whether a text is shown as it is.
func isPlain(text []byte) bool {
	for _, r := range string(text) {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// appendComment appends a comment to the end of its line as one that is closed explicitly.
func appendComment(dst, text []byte) []byte {
	dst = append(dst, "/*"...)
	for i, c := range text {
		if i > 0 && (text[i-1] == '*' && c == '/' || text[i-1] == '/' && c == '*') {
			dst = append(dst, ' ') // otherwise the comment would end there, or another would begin
		}
		dst = append(dst, c)
	}
	if len(text) > 0 && text[len(text)-1] != ' ' {
		dst = append(dst, ' ')
	}
	return append(dst, "*/"...)
}

// AppendEscaped appends a text as a constant with C-style escapes, E'…'.
func AppendEscaped(dst, text []byte) []byte {
	dst = append(dst, "E'"...)
	for len(text) > 0 {
		_, size := utf8.DecodeRune(text)
		if c := text[0]; c == '\'' || c == '\\' {
			dst = append(dst, c, c)
		} else {
			dst = appendEscape(dst, text[:size])
		}
		text = text[size:]
	}
	return append(dst, '\'')
}

// appendEscape appends a character that is neither a quote nor a backslash. It is escaped if it is
// not shown in a log.
func appendEscape(dst, character []byte) []byte {
	r, size := utf8.DecodeRune(character)
	switch {
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r < ' ' || r == 0x7f || r == utf8.RuneError && size == 1:
		return fmt.Appendf(dst, `\x%02x`, character[0])
	case unicode.IsPrint(r):
		return append(dst, character...)
	case r > 0xffff:
		return fmt.Appendf(dst, `\U%08x`, r)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// appendUnicodeName appends a name in quotes, with Unicode escapes.
func appendUnicodeName(dst, name []byte) []byte {
	dst = append(dst, `U&"`...)
	for _, r := range string(name) {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, byte(r), byte(r))
		case unicode.IsPrint(r):
			dst = utf8.AppendRune(dst, r)
		default:
			dst = fmt.Appendf(dst, `\+%06x`, r)
		}
	}
	return append(dst, '"')
}

// AppendQuoted appends a text as a constant that means the same whatever the settings are: '…', or
// E'…' if there are backslashes, or characters that are not shown in a log.
func AppendQuoted(dst, text []byte) []byte {
	if bytes.IndexByte(text, '\\') >= 0 || !isPlain(text) {
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

// appendWithoutBreaks appends a text with a space in place of each line end.
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
