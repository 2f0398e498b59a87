package leak

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// meaning returns what a constant means, or nil if that is its body. A constant that continues on
// another line is still one constant.
func (t *token) meaning() []byte {
	escaped := t.style == 'e' && bytes.IndexByte(t.body, '\\') >= 0 || t.style == 'u' && bytes.IndexByte(t.body, t.escape) >= 0
	if t.style == '$' || bytes.IndexByte(t.body, '\'') < 0 && !escaped {
		return nil
	}
	b := make([]byte, 0, len(t.body))
	for i := 0; i < len(t.body); i++ {
		switch c := t.body[i]; {
		case c == '\\' && t.style == 'e':
			var n int
			b, n = appendEscaped(b, t.body[i+1:], true)
			i += n
		case c != '\'':
			b = append(b, c)
		case i+1 < len(t.body) && t.body[i+1] == '\'':
			b = append(b, c)
			i++
		default:
			i += gapLength(t.body[i+1:])
		}
	}
	if t.style == 'u' { // after the parts were joined (src/backend/parser/parser.c)
		return withoutUnicode(b, t.escape)
	}
	return b
}

// appendEscaped appends what a backslash and the bytes after it mean, in E'…' and in COPY. It
// returns how many bytes that took. Only E'…' has \u and \U (src/backend/parser/scan.l;
// src/backend/commands/copyfromparse.c).
func appendEscaped(dst, b []byte, isSQL bool) ([]byte, int) {
	if len(b) == 0 {
		return append(dst, '\\'), 0
	}
	switch c := b[0]; c {
	case 'b', 'f', 'n', 'r', 't', 'v':
		return append(dst, controls[c]), 1
	case 'x':
		if n, size := digits(b[1:], 16, 1, 2); size > 0 {
			return append(dst, byte(n)), 1 + size
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n, size := digits(b, 8, 1, 3)
		return append(dst, byte(n)), size
	case 'u', 'U':
		width := 4
		if c == 'U' {
			width = 8
		}
		if n, size := digits(b[1:], 16, width, width); size > 0 && isSQL {
			return utf8.AppendRune(dst, rune(n)), 1 + size
		}
	}
	return append(dst, b[0]), 1
}

// withoutUnicode returns the text of U&'…' with its escapes decoded.
func withoutUnicode(b []byte, escape byte) []byte {
	text := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != escape {
			text = append(text, b[i])
			continue
		}
		from, width := i+1, 4
		if from < len(b) && b[from] == '+' {
			from, width = from+1, 6
		}
		if n, size := digits(b[from:], 16, width, width); size > 0 {
			text = utf8.AppendRune(text, rune(n))
			i = from + size - 1
		} else {
			text = append(text, escape)
			i++
		}
	}
	return text
}

// digits reads up to most digits of a base, and returns how many there were. It returns 0 if there
// are fewer than least.
func digits(b []byte, base, least, most int) (n int64, size int) {
	for size < min(len(b), most) {
		digit, err := strconv.ParseInt(string(b[size]), base, 64)
		if err != nil {
			break
		}
		n = n*int64(base) + digit
		size++
	}
	if size < least {
		return 0, 0
	}
	return n, size
}

// controls are the characters whose escape is a letter.
var controls = map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// copyMeaning returns what a value of COPY in text format means, or nil if that is the value as
// written.
func copyMeaning(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return nil
	}
	var text []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			text = append(text, b[i])
			continue
		}
		var n int
		text, n = appendEscaped(text, b[i+1:], false)
		i += n
	}
	return text
}

// unquote does the same for CSV. Quotes can be anywhere in a value.
func unquote(b []byte, quote, escape byte) []byte {
	if bytes.IndexByte(b, quote) < 0 {
		return nil
	}
	var text []byte
	inside := false
	for i := 0; i < len(b); i++ {
		switch {
		case inside && b[i] == escape && i+1 < len(b) && (b[i+1] == quote || b[i+1] == escape):
			i++
			text = append(text, b[i])
		case b[i] == quote:
			inside = !inside
		default:
			text = append(text, b[i])
		}
	}
	return text
}

// unescape returns text without the backslashes that JSON and arrays put before punctuation, or nil
// if there are none. It leaves escapes that spell letters: random bytes would otherwise spell words
// by chance.
func unescape(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return nil
	}
	var text []byte
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			if next := b[i+1]; next == '"' || next == '\\' || next == '/' {
				i++
			} else if control := controls[next]; control != 0 {
				text = append(text, control)
				i++
				continue
			}
		}
		text = append(text, b[i])
	}
	return text
}
