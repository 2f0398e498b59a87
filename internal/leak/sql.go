package leak

import (
	"bytes"
	"regexp"
	"strings"

	"pgpi/internal/event"
)

// quoting is what the settings of a session say of its SQL.
type quoting struct {
	// known is set where standard_conforming_strings was seen. escapes is set where it is
	// off: then a backslash in '…' takes the meaning of the character behind it.
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

// kind is what sort of token it is.
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
	// body is what is between the quotes of a constant, and style says what it means: the
	// letter before the first quote, $ for dollar quotes, 0 where there is none.
	body  []byte
	style byte
	// escape is what begins an escape in U&'…'.
	escape byte
	// isInterval is set behind INTERVAL: most of its words are units.
	isInterval bool
}

// scanner cuts SQL into tokens, by the definitions of src/backend/parser/scan.l.
type scanner struct {
	quoting
	sql []byte
	// ascii is sql, but without bytes of ASCII that are a part of another character.
	ascii []byte
	// others are what ascii may be where no settings were seen.
	others [][]byte
	// unsure is set where a constant ends elsewhere with settings that were not seen.
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

// constant takes one in single quotes. N'…' is read as '…' is.
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

// uescape is what may follow U&'…' to name its escape character.
var uescape = regexp.MustCompile(`(?is)^\s*uescape\s*'(.)'`)

// endsElsewhere reports whether a constant is longer or shorter than n with other
// settings of the session.
func (s *scanner) endsElsewhere(prefix, n int) bool {
	for _, ascii := range s.others {
		if n != closing(ascii[s.at+prefix:], '\'', true) {
			return true
		}
	}
	return false
}

// dollar takes a constant in dollar quotes.
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

// prefixLength returns the length of the beginning of a constant in single quotes, its
// quote included, or 0.
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

// closing returns the length of what is behind an opening quote, up to the closing one
// and with it. A constant continues where another one follows on another line.
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

// gapLength returns the length of the white space between two parts of one constant, the
// opening quote of the second included, or 0. There is a new line in it, and there may be
// comments.
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

// commentLength returns the length of a comment with those nested in it.
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

// numberLength returns the length of a number with all that runs on behind it.
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

// withoutHalves returns SQL in which a byte that is the second one of a character never
// looks like ASCII. Only clients can have such an encoding, and a backslash can be such a
// byte (src/common/encnames.c has the names, src/common/wchar.c the bytes).
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

// isWord reports whether a byte can be a part of a name or a key word.
func isWord(c byte) bool { return isAlphanumeric(c) || c == '_' || c == '$' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 'a' - 'A'
	}
	return c
}
