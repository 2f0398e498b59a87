package jsonl

import (
	"bytes"
	"encoding/hex"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// isText reports whether bytes are text that a JSON string can hold exactly. Text in PostgreSQL
// contains no NUL, so a NUL means binary data.
func isText(b []byte) bool { return bytes.IndexByte(b, 0) < 0 && utf8.Valid(b) }

// quote writes a string (RFC 8259, section 7). The text is valid UTF-8. Characters that are not
// printable are escaped, so that a terminal does not run them as commands.
func (p *page) quote(text []byte) {
	p.text = append(p.text, '"')
	for len(text) > 0 {
		n := plainPrefix(text)
		p.text = append(p.text, text[:n]...)
		text = text[n:]
		if len(text) == 0 {
			break
		}
		r, size := utf8.DecodeRune(text)
		if r >= utf8.RuneSelf && unicode.IsPrint(r) {
			p.text = append(p.text, text[:size]...)
		} else {
			p.text = appendEscape(p.text, r)
		}
		text = text[size:]
	}
	p.text = append(p.text, '"')
}

// plainPrefix counts the leading bytes that need no escape, whatever follows them.
func plainPrefix(b []byte) int {
	for i, c := range b {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return i
		}
	}
	return len(b)
}

// appendEscape writes a character as an escape with a backslash.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	if high, low := utf16.EncodeRune(r); high != unicode.ReplacementChar {
		return appendUnit(appendUnit(dst, high), low)
	}
	return appendUnit(dst, r)
}

func appendUnit(dst []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}

// hex writes a string of hexadecimal digits.
func (p *page) hex(b []byte) {
	p.text = append(p.text, '"')
	p.text = hex.AppendEncode(p.text, b)
	p.text = append(p.text, '"')
}
