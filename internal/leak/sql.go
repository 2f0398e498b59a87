package leak

import (
	"bytes"
	"regexp"
	"strings"

	"pgpi/internal/event"
)

// quoting is what a session's settings say about its SQL.
type quoting struct {
	// known is set if standard_conforming_strings was seen. escapes is set if it is off: then the
	// character after a backslash in '…' has no meaning of its own.
	known, escapes bool
	encoding       string
}

func quotingOf(s *event.Settings) quoting {
	if s == nil {
		return quoting{}
	}
	return quoting{
		known:   s.StandardStrings == "on" || s.StandardStrings == "off",
		escapes: s.StandardStrings == "off", encoding: s.ClientEncoding,
	}
}

// kind is the kind of a token.
type kind byte

const (
	symbol kind = iota // white space, operators, parameters and the like
	word
	name // in double quotes
	number
	comment
	constant
)

// token is a piece of SQL.
type token struct {
	kind kind
	text []byte // all of it
	// body is what is between the quotes of a constant. style says how to read it: the letter
	// before the first quote, $ for dollar quotes, or 0 for neither.
	body  []byte
	style byte
	// escape is the character that begins an escape in U&'…'.
	escape byte
	// isInterval is set after INTERVAL: most words of the constant are units.
	isInterval bool
}

// scanner cuts SQL into tokens, by the definitions in src/backend/parser/scan.l.
type scanner struct {
	quoting
	sql []byte
	// ascii is sql without ASCII bytes that are part of another character.
	ascii []byte
	// others are what ascii may be if no settings were seen.
	others [][]byte
	// unsure is set if a constant may end elsewhere, with settings that were not seen.
	unsure bool
	at     int
}

func newScanner(sql []byte, q quoting) scanner {
	s := scanner{quoting: q, sql: sql, ascii: withoutHalves(sql, q.encoding)}
	if !q.known && bytes.IndexByte(sql, '\\') >= 0 {
		s.others = [][]byte{s.ascii}
		if q.encoding == "" {
			s.others = append(s.others, withoutHalves(sql, "SJIS"), withoutHalves(sql, "GBK"))
		}
	}
	return s
}

// next returns the next token. There must be one.
func (s *scanner) next() token {
	rest := s.ascii[s.at:]
	t, n := token{}, 1
	switch c := rest[0]; {
	case hasPrefix(rest, "--"):
		t.kind, n = comment, lineLength(rest)
	case hasPrefix(rest, "/*"):
		t.kind, n = comment, commentLength(rest)
	case prefixLength(rest) > 0:
		return s.constant(prefixLength(rest))
	case c == '"':
		t.kind, n = name, 1+closing(rest[1:], '"', false)
	case c == '$':
		if tag := dollarTag(rest); tag != nil {
			return s.dollar(tag)
		}
		n = 1 + runLength(rest[1:], isDigit)
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		t.kind, n = number, numberLength(rest)
	case isWord(c):
		t.kind, n = word, runLength(rest, isWord)
	}
	t.text = s.take(n)
	return t
}

func (s *scanner) take(n int) []byte {
	start := s.at
	s.at = min(s.at+n, len(s.sql))
	return s.sql[start:s.at]
}

// constant reads a constant in single quotes. N'…' is read like '…'.
func (s *scanner) constant(prefix int) token {
	t := token{kind: constant, style: lower(s.ascii[s.at])}
	if t.style == '\'' || t.style == 'n' {
		t.style = 0
	}
	body := s.ascii[s.at+prefix:]
	escapes := t.style == 'e' || t.style == 0 && s.escapes
	n := closing(body, '\'', escapes)
	if !s.unsure && (t.style == 0 || t.style == 'e') && s.endsElsewhere(prefix, n) {
		s.unsure, s.others = true, nil // once is enough
	}
	t.text = s.take(prefix + n)
	t.body = bytes.TrimSuffix(t.text[prefix:], []byte("'"))
	switch {
	case t.style == 0 && escapes:
		t.style = 'e'
	case t.style == 'u':
		t.escape = '\\'
		if found := uescape.FindSubmatch(s.ascii[s.at:]); found != nil {
			t.escape = found[1][0]
		}
	}
	return t
}

// uescape matches what may follow U&'…' to name its escape character.
var uescape = regexp.MustCompile(`(?is)^\s*uescape\s*'(.)'`)

// endsElsewhere reports whether a constant is longer or shorter than n with other settings of the
// session.
func (s *scanner) endsElsewhere(prefix, n int) bool {
	for _, ascii := range s.others {
		if n != closing(ascii[s.at+prefix:], '\'', true) {
			return true
		}
	}
	return false
}

// dollar reads a constant in dollar quotes.
func (s *scanner) dollar(tag []byte) token {
	body := s.ascii[s.at+len(tag):]
	n := bytes.Index(body, tag)
	end := n + len(tag)
	if n < 0 {
		n, end = len(body), len(body)
	}
	text := s.take(len(tag) + end)
	return token{kind: constant, text: text, body: text[len(tag) : len(tag)+n], style: '$'}
}

// prefixLength returns the length of the beginning of a constant in single quotes, including the
// quote, or 0.
func prefixLength(b []byte) int {
	switch {
	case b[0] == '\'':
		return 1
	case len(b) > 1 && b[1] == '\'' && strings.IndexByte("ebxn", lower(b[0])) >= 0:
		return 2
	case len(b) > 2 && b[1] == '&' && b[2] == '\'' && lower(b[0]) == 'u':
		return 3
	}
	return 0
}

// closing returns the length of what follows an opening quote, up to and including the closing one.
// A constant continues if another one follows on another line.
func closing(b []byte, quote byte, escapes bool) int {
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '\\' && escapes:
			i++
		case b[i] != quote:
		case i+1 < len(b) && b[i+1] == quote:
			i++
		default:
			n := 0
			if quote == '\'' {
				n = gapLength(b[i+1:])
			}
			if n == 0 {
				return i + 1
			}
			i += n
		}
	}
	return len(b)
}

// gapLength returns the length of the white space between two parts of one constant, including the
// opening quote of the second, or 0. It must contain a line break, and may contain comments.
func gapLength(b []byte) int {
	newLine := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\n' || c == '\r':
			newLine = true
		case c == ' ' || c == '\t' || c == '\f' || c == '\v':
		case hasPrefix(b[i:], "--"):
			i += lineLength(b[i:]) - 1
		case c == '\'' && newLine:
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

// commentLength returns the length of a comment, including comments nested in it.
func commentLength(b []byte) int {
	depth := 0
	for i := 0; i+1 < len(b); i++ {
		switch string(b[i : i+2]) {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(b)
}

func lineLength(b []byte) int {
	return runLength(b, func(c byte) bool { return c != '\n' && c != '\r' })
}

// dollarTag returns the $$ or $tag$ that b begins with, or nil.
func dollarTag(b []byte) []byte {
	n := 1 + runLength(b[1:], func(c byte) bool { return isWord(c) && c != '$' })
	if n == len(b) || b[n] != '$' || isDigit(b[1]) {
		return nil
	}
	return b[:n+1]
}

// numberLength returns the length of a number with everything attached to it.
func numberLength(b []byte) int {
	for i := 1; i < len(b); i++ {
		c := b[i]
		sign := (c == '+' || c == '-') && lower(b[i-1]) == 'e' && i+1 < len(b) && isDigit(b[i+1])
		if !sign && c != '.' && (c == '$' || !isWord(c)) {
			return i
		}
	}
	return len(b)
}

// withoutHalves returns SQL in which the second byte of a character never looks like ASCII. Only
// clients can have such an encoding, and a backslash can be such a byte (src/common/encnames.c has
// the names, src/common/wchar.c the bytes).
func withoutHalves(sql []byte, encoding string) []byte {
	first := func(c byte) bool { return c >= 0x80 }
	switch encoding {
	case "SJIS", "SHIFT_JIS_2004":
		first = func(c byte) bool { return c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc }
	case "BIG5", "GBK", "UHC", "GB18030", "JOHAB":
	default:
		return sql
	}
	b := bytes.Clone(sql)
	for i := 0; i+1 < len(b); i++ {
		if first(b[i]) && b[i+1] >= '0' {
			i++
			b[i] |= 0x80
		}
	}
	return b
}

func runLength(b []byte, in func(byte) bool) int {
	n := 0
	for n < len(b) && in(b[n]) {
		n++
	}
	return n
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord reports whether a byte can be part of a name or a key word.
func isWord(c byte) bool { return isAlphanumeric(c) || c == '_' || c == '$' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 'a' - 'A'
	}
	return c
}
