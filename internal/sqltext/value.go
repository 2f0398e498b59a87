package sqltext

import (
	"strings"
	"unicode/utf8"
)

// AppendValue appends to dst what a token means, and reports whether a server would accept it. For
// a word that is the word in lower case. For a name or constant in quotes it is what is between
// them, with doubled quotes and escapes replaced and continued parts joined. For any other token it
// is the text. If a constant does not end, or has an invalid escape, the closest meaning is
// appended.
//
// The value is in the client's encoding, like the text, with two exceptions. An escape for a byte,
// such as \xc3, means a byte in the server's encoding, and is appended as that byte. An escape for
// a character, such as \u00e9, is appended in UTF-8. It is not checked that the bytes are text in
// any encoding, and names are not cut off at 63 bytes.
func (s *Scanner) AppendValue(dst []byte, t Token) (value []byte, ok bool) {
	switch t.Kind {
	case Word:
		return s.settings.Encoding.appendFolded(dst, s.Text(t)), true
	case QuotedName, UnicodeName, UnicodeString:
		return s.appendUnescaped(dst, t)
	case String, EscapeString, NationalString, DollarString, BitString, HexString:
		return s.appendString(dst, t)
	}
	return append(dst, s.Text(t)...), !t.Unterminated
}

// appendFolded appends a word in lower case.
func (e Encoding) appendFolded(dst, word []byte) []byte {
	dst = append(dst, word...)
	folded := dst[len(dst)-len(word):]
	for i := 0; i < len(word); {
		if word[i] >= 0x80 {
			i += e.size(word[i:]) // the second half may look like a letter
			continue
		}
		folded[i] = fold(word[i])
		i++
	}
	return dst
}

// appendString appends what a constant means that is not U&'…'.
func (s *Scanner) appendString(dst []byte, t Token) (value []byte, ok bool) {
	start, r := len(dst), s.settings.rulesFor(t.Kind)
	ok = !t.Unterminated
	for p := s.Parts(t); p.Next(); {
		switch content := s.sql[p.Start:p.End]; {
		case p.Comment:
		case t.Kind == DollarString:
			dst = append(dst, content...)
		case r.escapes:
			var valid bool
			dst, valid = r.encoding.appendEscaped(dst, content)
			ok = ok && valid
		default:
			dst = appendUndoubled(dst, content, '\'')
		}
	}
	switch digits := dst[start:]; t.Kind {
	case BitString:
		_, n := number(digits, 2, len(digits))
		ok = ok && n == len(digits)
	case HexString:
		_, n := number(digits, 16, len(digits))
		ok = ok && n == len(digits)
	}
	return dst, ok
}

// appendUndoubled appends content with one quote for two.
func appendUndoubled(dst, content []byte, quote byte) []byte {
	for i := 0; i < len(content); i++ {
		dst = append(dst, content[i])
		if content[i] == quote {
			i++
		}
	}
	return dst
}

// appendEscaped appends what E'…' means (documentation section "String Constants with C-Style
// Escapes").
func (e Encoding) appendEscaped(dst, content []byte) (value []byte, ok bool) {
	ok = true
	for i := 0; i < len(content); {
		n := e.size(content[i:])
		switch c := content[i]; {
		case c == '\'':
			dst = append(dst, c)
			n = 2
		case c == '\\' && i+1 < len(content):
			var valid bool
			dst, n, valid = e.appendEscape(dst, content[i:])
			ok = ok && valid
		default:
			dst = append(dst, content[i:i+n]...)
		}
		i += n
	}
	return dst, ok
}

// appendEscape appends what the escape at the beginning of b means, and returns its length. \v is
// an escape since server 17; before, it was the letter.
func (e Encoding) appendEscape(dst, b []byte) (value []byte, n int, ok bool) {
	c := b[1]
	if i := strings.IndexByte("bfnrtv", c); i >= 0 {
		return append(dst, "\b\f\n\r\t\v"[i]), 2, true
	}
	if c == 'u' || c == 'U' {
		return appendCharacter(dst, b)
	}
	if code, digits := number(b[1:], 8, 3); digits > 0 {
		return append(dst, byte(code)), 1 + digits, byte(code) != 0
	}
	if code, digits := number(b[2:], 16, 2); c == 'x' && digits > 0 {
		return append(dst, byte(code)), 2 + digits, code != 0
	}
	n = 1 + e.size(b[1:])
	return append(dst, b[1:n]...), n, true
}

// appendCharacter appends what \u with four digits or \U with eight means, or two of them that are
// a surrogate pair.
func appendCharacter(dst, b []byte) (value []byte, n int, ok bool) {
	code, n := character(b)
	if n > 0 && isHighSurrogate(code) {
		second, more := character(b[n:])
		return appendPair(dst, code, second, n+more)
	}
	if n == 0 || !isCharacter(code) {
		return append(dst, b[1]), 2, false
	}
	return utf8.AppendRune(dst, rune(code)), n, true
}

// character reads \u0041 or \U00000041. The length is 0 if it is neither.
func character(b []byte) (code, n int) {
	if len(b) < 2 || b[0] != '\\' || b[1] != 'u' && b[1] != 'U' {
		return 0, 0
	}
	want := 4
	if b[1] == 'U' {
		want = 8
	}
	code, digits := number(b[2:], 16, want)
	if digits < want {
		return 0, 0
	}
	return code, 2 + want
}

// appendPair appends the character that two surrogates mean, or U+FFFD if they are not a pair.
func appendPair(dst []byte, high, low, n int) (value []byte, length int, ok bool) {
	if low < 0xdc00 || low > 0xdfff {
		return utf8.AppendRune(dst, utf8.RuneError), n, false
	}
	return utf8.AppendRune(dst, rune(0x10000+(high-0xd800)<<10+low-0xdc00)), n, true
}

func isHighSurrogate(code int) bool { return code >= 0xd800 && code <= 0xdbff }

// isCharacter reports whether a server accepts a code. It does not accept 0.
func isCharacter(code int) bool {
	return code > 0 && utf8.ValidRune(rune(code)) && code <= utf8.MaxRune
}

// number reads at most that many digits.
func number(b []byte, base, most int) (value, n int) {
	for n < len(b) && n < most && hexDigit(b[n]) < base {
		value = value*base + hexDigit(b[n])
		n++
	}
	return value, n
}

// appendUnescaped appends what a quoted name or U&'…' means, and replaces the escapes of U&"…" and
// U&'…' (src/backend/parser/parser.c, str_udeescape).
func (s *Scanner) appendUnescaped(dst []byte, t Token) (value []byte, ok bool) {
	quote, start := byte('"'), len(dst)
	if t.Kind == UnicodeString {
		quote = '\''
	}
	for p := s.Parts(t); p.Next(); {
		if !p.Comment {
			dst = appendUndoubled(dst, s.sql[p.Start:p.End], quote)
		}
	}
	ok = !t.Unterminated && (t.Kind == UnicodeString || len(dst) > start)
	if t.Kind == QuotedName {
		return dst, ok
	}
	escape, valid := s.unicodeEscape(t)
	ok = ok && valid && (t.Kind == UnicodeName || s.settings.Strings != EscapedStrings)
	raw := dst[start:]
	dst = dst[:start] // what an escape means is shorter than the escape
	for i := 0; i < len(raw); {
		n := s.settings.Encoding.size(raw[i:])
		if raw[i] == escape {
			dst, n, valid = appendUnicode(dst, raw[i:], escape)
			ok = ok && valid
		} else {
			dst = append(dst, raw[i:i+n]...)
		}
		i += n
	}
	return dst, ok
}

// appendUnicode appends what \0041 or \+000041 means, or two of them that are a surrogate pair, or
// two escape characters.
func appendUnicode(dst, b []byte, escape byte) (value []byte, n int, ok bool) {
	if len(b) > 1 && b[1] == escape {
		return append(dst, escape), 2, true
	}
	code, n := unicodeEscape(b, escape)
	if n > 0 && isHighSurrogate(code) {
		second, more := unicodeEscape(b[n:], escape)
		return appendPair(dst, code, second, n+more)
	}
	if n == 0 || !isCharacter(code) {
		return append(dst, escape), 1, false
	}
	return utf8.AppendRune(dst, rune(code)), n, true
}

// unicodeEscape reads \0041 or \+000041. The length is 0 if it is neither.
func unicodeEscape(b []byte, escape byte) (code, n int) {
	start, want := 1, 4
	if len(b) > 1 && b[1] == '+' {
		start, want = 2, 6
	}
	if len(b) < start || b[0] != escape {
		return 0, 0
	}
	code, digits := number(b[start:], 16, want)
	if digits < want {
		return 0, 0
	}
	return code, start + want
}

// unicodeEscape returns the escape character of U&'…' or U&"…": what a UESCAPE after it says, or a
// backslash.
func (s *Scanner) unicodeEscape(t Token) (escape byte, ok bool) {
	behind := Scanner{sql: s.sql, settings: s.settings, pos: t.End}
	if !behind.Is(behind.NextSignificant(), "uescape") {
		return '\\', true
	}
	switch c := behind.NextSignificant(); c.Kind {
	case String, EscapeString, DollarString:
		var room [16]byte
		value, ok := behind.AppendValue(room[:0], c)
		if ok && len(value) == 1 && isEscape(value[0]) {
			return value[0], true
		}
	}
	return '\\', false
}

// isEscape reports whether UESCAPE can name a character.
func isEscape(c byte) bool {
	return hexDigit(c) == 16 && c != '+' && c != '\'' && c != '"' && classes[c] != space
}
