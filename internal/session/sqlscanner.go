package session

import (
	"strings"
)

// sqlScanner divides SQL into tokens, as src/backend/parser/scan.l does, as far as it
// takes to find statements and their options.
type sqlScanner struct {
	text    string
	pos     int
	escapes bool // in every string: standard_conforming_strings is off
}

// sqlToken is a word, a string or a character.
type sqlToken struct {
	kind sqlKind
	text string // words in lower case, names and strings without their quotes
	cut  bool   // of the end: in the middle of something
}

type sqlKind uint8

const (
	sqlEnd sqlKind = iota
	sqlWord
	sqlName // in quotes
	sqlString
	sqlNumber
	sqlSymbol
	sqlOther // strings of bits, Unicode escapes: nothing that an option could be
)

// next gives the next token.
func (s *sqlScanner) next() sqlToken {
	if !s.skipSpace() {
		return sqlToken{cut: true}
	}
	if s.pos >= len(s.text) {
		return sqlToken{}
	}
	switch c := s.text[s.pos]; {
	case c == '\'':
		return s.quoted(sqlString, s.escapes)
	case c == '"':
		return s.quoted(sqlName, false)
	case c == '$':
		return s.dollar()
	case c >= '0' && c <= '9':
		return sqlToken{kind: sqlNumber, text: s.while(isDigit)}
	case isWordStart(c):
		return s.word()
	}
	s.pos++
	return sqlToken{kind: sqlSymbol, text: s.text[s.pos-1 : s.pos]}
}

// skipSpace reports false where a comment does not end.
func (s *sqlScanner) skipSpace() bool {
	for s.pos < len(s.text) {
		switch rest := s.text[s.pos:]; {
		case strings.IndexByte(" \t\n\r\f\v", rest[0]) >= 0:
			s.pos++
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexAny(rest, "\n\r")
			if end < 0 {
				end = len(rest)
			}
			s.pos += end
		case strings.HasPrefix(rest, "/*"):
			if !s.skipComment() {
				return false
			}
		default:
			return true
		}
	}
	return true
}

// skipComment reads a comment, which may have others in it.
func (s *sqlScanner) skipComment() bool {
	depth := 0
	for s.pos < len(s.text) {
		switch rest := s.text[s.pos:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			s.pos += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			s.pos += 2
			if depth == 0 {
				return true
			}
		default:
			s.pos++
		}
	}
	return false
}

func (s *sqlScanner) while(in func(byte) bool) string {
	start := s.pos
	for s.pos < len(s.text) && in(s.text[s.pos]) {
		s.pos++
	}
	return s.text[start:s.pos]
}

// word reads a word, or a string that begins with a letter.
func (s *sqlScanner) word() sqlToken {
	rest := s.text[s.pos:]
	switch {
	case len(rest) > 1 && (rest[0]|0x20) == 'e' && rest[1] == '\'':
		s.pos++
		return s.quoted(sqlString, true)
	case len(rest) > 1 && strings.IndexByte("bBxXnN", rest[0]) >= 0 && rest[1] == '\'':
		s.pos++
		return s.other(s.quoted(sqlString, false))
	case len(rest) > 2 && (rest[0]|0x20) == 'u' && rest[1] == '&' && (rest[2] == '\'' || rest[2] == '"'):
		s.pos += 2
		return s.other(s.quoted(sqlString, false))
	}
	return sqlToken{kind: sqlWord, text: lower(s.while(isWord))}
}

func (s *sqlScanner) other(t sqlToken) sqlToken {
	if t.kind != sqlEnd {
		t.kind = sqlOther
	}
	return t
}

// quoted reads up to the quote that the position is at, doubled quotes and escapes
// aside.
func (s *sqlScanner) quoted(kind sqlKind, escapes bool) sqlToken {
	quote := s.text[s.pos]
	var b strings.Builder
	for i := s.pos + 1; i < len(s.text); i++ {
		c := s.text[i]
		switch {
		case c == quote && i+1 < len(s.text) && s.text[i+1] == quote:
			i++
		case c == quote:
			s.pos = i + 1
			return sqlToken{kind: kind, text: b.String()}
		case c == '\\' && escapes && i+1 < len(s.text):
			n := unescape(&b, s.text[i+1:])
			i += n
			continue
		}
		b.WriteByte(c)
	}
	s.pos = len(s.text)
	return sqlToken{cut: true}
}

// unescape writes what the characters behind a backslash stand for, and gives their
// number (documentation section "String Constants with C-Style Escapes").
func unescape(b *strings.Builder, rest string) int {
	if i := strings.IndexByte("bfnrtv", rest[0]); i >= 0 {
		b.WriteByte("\b\f\n\r\t\v"[i])
		return 1
	}
	base, start, most := 8, 0, 3
	switch rest[0] {
	case 'x':
		base, start, most = 16, 1, 2
	case 'u':
		base, start, most = 16, 1, 4
	case 'U':
		base, start, most = 16, 1, 8
	}
	n, end := 0, start
	for end < len(rest) && end < start+most && digit(rest[end]) < base {
		n = n*base + digit(rest[end])
		end++
	}
	switch {
	case end == start:
		b.WriteByte(rest[0])
		return 1
	case most > 3:
		b.WriteRune(rune(n))
	default:
		b.WriteByte(byte(n))
	}
	return end
}

// digit is the value of a hexadecimal digit, or 16.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case (c|0x20) >= 'a' && (c|0x20) <= 'f':
		return int(c|0x20) - 'a' + 10
	}
	return 16
}

// dollar reads a string in dollar quotes, or the number of a parameter.
func (s *sqlScanner) dollar() sqlToken {
	rest := s.text[s.pos+1:]
	end := strings.IndexByte(rest, '$')
	if end < 0 || end > 0 && !isWordStart(rest[0]) || strings.ContainsFunc(rest[:max(end, 0)], func(r rune) bool { return r < 0x80 && !isWord(byte(r)) }) {
		s.pos++
		return sqlToken{kind: sqlSymbol, text: "$"}
	}
	tag := s.text[s.pos : s.pos+end+2]
	body, _, found := strings.Cut(s.text[s.pos+len(tag):], tag)
	if !found {
		s.pos = len(s.text)
		return sqlToken{cut: true}
	}
	s.pos += 2*len(tag) + len(body)
	return sqlToken{kind: sqlString, text: body}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c == '_' || c >= 0x80 || (c|0x20) >= 'a' && (c|0x20) <= 'z'
}

func isWord(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }

// lower folds letters of ASCII, as the server does with words that are not quoted.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
