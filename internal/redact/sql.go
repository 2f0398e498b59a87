package redact

import (
	"bytes"

	"pgpi/internal/event"
)

// Span is a run of bytes that is hidden. It is never empty.
type Span = event.Span

// AppendSQLSecrets appends to dst the spans of sql that may hold a secret, in order and without overlap, and returns
// the extended slice. Spans are relative to sql, which is the text of a query without its NUL. A span lies inside the
// quotes of a literal, so that the statement stays readable:
//
//	ALTER ROLE joe PASSWORD 'hidden' VALID UNTIL 'hidden as well'
//	SELECT dblink_connect('host=db user=joe password hidden to the end of this literal')
//	SELECT dblink_connect('postgres:// hidden from here')
//
// Three rules decide, and each hides too much rather than too little:
//
//   - From a secret word (one that contains password, passwd, pwd, secret, token and the like, whatever its case,
//     or CONNECTION before a literal) to the end of its statement, every literal is hidden.
//   - Inside a literal, a quoted name or a comment, everything after a secret word is hidden, and everything after the
//     "://" of a URI with a password. This covers connection strings, SQL within SQL, DO blocks and function bodies.
//   - Where quotes don't match, or may not, everything after the first secret word of the text is hidden: literals
//     cut off, a backslash before a quote (standard_conforming_strings decides what it means, and so does the
//     client encoding), and a secret literal that runs straight into a word, as in PASSWORD 'it's'.
//
// Literals that can spell letters by escapes (U&'…', and E'…' with \x, \u or octal ones) are hidden whole. A password
// in no quotes at all, which no server accepts, is not seen.
func AppendSQLSecrets(dst []Span, sql []byte) []Span {
	s := scanner{sql: sql, spans: dst, first: -1, before: len(dst)}
	for s.pos < len(s.sql) {
		s.token()
	}
	return s.spans
}

// scanner walks through SQL as PostgreSQL's src/backend/parser/scan.l does, as far as literals need it.
type scanner struct {
	sql    []byte
	pos    int
	spans  []Span
	before int // how many spans were there before

	first      int  // where the text begins to be secret, or -1
	secret     bool // a secret word stands in this statement
	wordBefore bool // the last token was a secret word
	connection bool // the last token was CONNECTION
}

// token takes one token: whatever moves pos forward.
func (s *scanner) token() {
	c, rest := s.sql[s.pos], s.sql[s.pos:]
	switch {
	case isSpace(c), c == '=': // password = "typed in the wrong quotes"
		s.pos++
	case hasPrefix(rest, "--"):
		s.comment(lineEnd(rest))
	case hasPrefix(rest, "/*"):
		s.comment(commentEnd(rest))
	case c == '\'':
		s.quoted(1, plain)
	case hasPrefixFold(rest, "e'"):
		s.quoted(2, escaped)
	case hasPrefixFold(rest, "u&'"):
		s.quoted(3, unicode)
	case c == '"':
		s.name(1)
	case hasPrefixFold(rest, "u&\""):
		s.name(3)
	case isWordStart(c):
		s.word()
	case c == '$':
		s.dollar()
	default:
		s.secret = s.secret && c != ';'
		s.lastWord(false, false)
		s.pos++
	}
}

// comment takes n bytes of a comment. What the last token was still counts after it.
func (s *scanner) comment(n int) {
	end := s.pos + n
	if at := secretIn(s.sql[s.pos:end], end == len(s.sql)); at >= 0 {
		s.hide(s.pos+at, end)
	}
	s.pos = end
}

// word takes a key word or a name.
func (s *scanner) word() {
	rest := s.sql[s.pos:]
	n := wordLength(rest)
	s.pos += n
	secret := secretIn(rest[:n], false) >= 0
	if secret {
		s.secretFrom(s.pos)
	}
	s.lastWord(secret, n == len("connection") && hasPrefixFold(rest, "connection"))
}

// name takes a quoted name after so many bytes of prefix, its opening quote included. It hides a name in the place
// of a password, and what follows a secret word where a missing quote seems to have made SQL part of the name.
func (s *scanner) name(prefix int) {
	start := s.pos + prefix
	n, closed := quotedLength(s.sql[start:], '"')
	content := s.sql[start : start+n]
	at := secretIn(content, !closed)
	switch {
	case s.wordBefore:
		s.hide(start, start+n)
	case at >= 0 && bytes.IndexByte(content[at:], '\'') >= 0:
		s.hide(start+at, start+n)
	}
	secret := at >= 0 || prefix > 1 // U&"…" can spell any word
	if secret {
		s.secretFrom(start + max(at, 0))
	}
	s.lastWord(secret, false)
	s.closeQuote(start+n, 1, closed)
}

// flavor says what a backslash means in a literal in single quotes.
type flavor int

const (
	plain   flavor = iota // it depends on standard_conforming_strings
	escaped               // E'…': it escapes
	unicode               // U&'…': it may spell a letter
)

// quoted takes a literal in single quotes after so many bytes of prefix, its opening quote included.
func (s *scanner) quoted(prefix int, kind flavor) {
	start := s.pos + prefix
	n, closed := literalLength(s.sql[start:], kind)
	s.literal(start, start+n, kind)
	s.closeQuote(start+n, 1, closed)
}

// dollar takes a dollar-quoted literal, or only the "$" of anything else.
func (s *scanner) dollar() {
	tag := dollarTag(s.sql[s.pos:])
	if tag == nil {
		s.pos++
		return
	}
	start := s.pos + len(tag)
	n := bytes.Index(s.sql[start:], tag)
	closed := n >= 0
	if !closed {
		n = len(s.sql) - start
	}
	s.literal(start, start+n, plain)
	s.closeQuote(start+n, len(tag), closed)
}

// literal decides on the content of a literal.
func (s *scanner) literal(start, end int, kind flavor) {
	content := s.sql[start:end]
	cut := end+1 >= len(s.sql) // a quote at the end may have been the first half of a doubled one
	from := secretIn(content, cut)
	if s.secret || s.connection || kind == unicode || kind == escaped && spellsLetters(content) {
		from = 0
	}
	if from >= 0 {
		s.hide(start+from, end)
		s.secretFrom(start + from)
	}
	s.lastWord(false, false)
}

// closeQuote moves on behind a closing quote of so many bytes at end. Where there is none, or where it is followed
// at once by a word in a secret statement, the quotes of the text don't mean what they seem to.
func (s *scanner) closeQuote(end, length int, closed bool) {
	s.pos = min(end+length, len(s.sql))
	runsOn := s.secret && s.pos < len(s.sql) && (isWordStart(s.sql[s.pos]) || isDigit(s.sql[s.pos]))
	if s.first < 0 || closed && !runsOn {
		return
	}
	for len(s.spans) > s.before && s.spans[len(s.spans)-1].Start >= s.first {
		s.spans = s.spans[:len(s.spans)-1]
	}
	s.hide(s.first, len(s.sql))
	s.pos = len(s.sql)
}

// secretFrom notes that this statement is secret, from pos on.
func (s *scanner) secretFrom(pos int) {
	s.secret = true
	if s.first < 0 {
		s.first = pos
	}
}

// lastWord notes what the last token was.
func (s *scanner) lastWord(secret, connection bool) {
	s.wordBefore, s.connection = secret, connection
}

// hide adds a span unless it is empty.
func (s *scanner) hide(start, end int) {
	if start < end {
		s.spans = append(s.spans, Span{Start: start, End: end})
	}
}
