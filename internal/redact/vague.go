package redact

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// appendVague appends to dst the spans of sql that may hold a secret, in order and without overlap,
// and returns the extended slice. Spans are relative to sql, which is the text of a query without
// its NUL. A span is inside the quotes of a literal, so that the statement stays readable:
//
//	ALTER ROLE joe PASSWORD 'hidden' VALID UNTIL 'hidden as well'
//	SELECT dblink_connect('host=db user=joe password hidden to the end of this literal')
//	SELECT dblink_connect('postgres:// hidden from here')
//
// Three rules decide, and each hides too much rather than too little:
//
//   - From a secret word (one that contains password, passwd, pwd, secret, token and the like,
//     whatever its case, or CONNECTION before a literal) to the end of its statement, every literal
//     is hidden.
//   - Inside a literal, a quoted name or a comment, everything after a secret word is hidden, and
//     everything after the "://" of a URI with a password. This covers connection strings, SQL
//     within SQL, DO blocks and function bodies.
//   - Where quotes don't match, or may not, everything after the first secret word of the text is
//     hidden: literals cut off, a backslash before a quote (standard_conforming_strings decides
//     what it means, and so does the client encoding), bit strings with anything but digits in
//     them, and a secret literal that runs straight into a word, as in PASSWORD 'it's'.
//
// Literals that can spell letters by escapes (U&'…', and E'…' with \x, \u or octal ones) are hidden
// whole. From the place tail on everything is hidden, because quotes don't match there.
func appendVague(dst []Span, sql []byte, h hints) (spans []Span, tail int) {
	if !h.secret && !h.connection && !h.escapes {
		return dst, len(sql)
	}
	s := search{
		sql: sql, tokens: sqltext.NewScanner(sql, sqltext.Settings{}), spans: dst, before: len(dst),
		end: len(sql), first: -1, quote: -1,
	}
	for t := s.tokens.Next(); t.Kind != sqltext.End && t.Start < s.end; t = s.tokens.Next() {
		s.token(t)
	}
	return s.finish()
}

// search goes through the tokens of SQL. It reads them without the session's settings: if a
// literal's end depends on them, nothing is taken for granted.
type search struct {
	sql    []byte
	tokens sqltext.Scanner
	spans  []Span
	before int // how many spans there were before
	end    int // from here on everything is hidden

	first      int  // where the text begins to be secret, or -1
	quote      int  // where the last token ended, if a quote closed it, or -1
	secret     bool // this statement contains a secret word
	wordBefore bool // the last token was a secret word
	connection bool // the last token was CONNECTION
	searched   bool // everything after a literal whose end is not known has been searched
}

// token decides about a token. What the last token was still counts after spaces, comments, bytes
// that are not a token, and an equals sign: password = "typed in the wrong quotes".
func (s *search) token(t sqltext.Token) {
	if s.secret && t.Start == s.quote && runsOn(t.Kind) {
		s.mismatch(t.Start, t.Kind)
		return
	}
	switch t.Kind {
	case sqltext.Space, sqltext.Other:
	case sqltext.LineComment, sqltext.BlockComment:
		s.comment(t.Start, t.End)
	case sqltext.Word, sqltext.Number:
		s.word(t)
	case sqltext.QuotedName, sqltext.UnicodeName:
		s.name(t)
	case sqltext.Parameter:
		s.lastWord(false, false)
	case sqltext.Operator:
		if !s.tokens.Is(t, "=") {
			s.lastWord(false, false)
		}
	case sqltext.Punctuation:
		s.secret = s.secret && !s.tokens.Is(t, ";")
		s.lastWord(false, false)
	default:
		s.literal(t)
	}
}

// runsOn reports whether a token begins with a letter or digit, so that none is expected after a
// closing quote.
func runsOn(k sqltext.Kind) bool {
	switch k {
	case sqltext.String, sqltext.DollarString, sqltext.QuotedName:
		return false
	}
	return k.IsName() || k.IsConstant()
}

// comment decides about a comment.
func (s *search) comment(start, end int) {
	if at := secretIn(s.sql[start:end], end == len(s.sql)); at >= 0 {
		s.hide(start+at, end)
	}
}

// word decides about a key word or a name, or about a number that is directly followed by one.
func (s *search) word(t sqltext.Token) {
	text := s.tokens.Text(t)
	secret := secretIn(text, false) >= 0
	if secret {
		s.secretFrom(t.End)
	}
	const connection = "connection"
	s.lastWord(secret, len(text) >= len(connection) && hasPrefixFold(text[len(text)-len(connection):], connection))
}

// name decides about a quoted name. It hides a name in place of a password. It also hides what
// follows a secret word if a missing quote seems to have made SQL part of the name.
func (s *search) name(t sqltext.Token) {
	p := s.tokens.Parts(t)
	p.Next()
	content := s.sql[p.Start:p.End]
	at := secretIn(content, t.Unterminated)
	switch {
	case s.wordBefore:
		s.hide(p.Start, p.End)
	case at >= 0 && bytes.IndexByte(content[at:], '\'') >= 0:
		s.hide(p.Start+at, p.End)
	}
	secret := at >= 0 || t.Kind == sqltext.UnicodeName // it can spell any word
	if secret {
		s.secretFrom(p.Start + max(at, 0))
	}
	s.lastWord(secret, false)
	s.closeQuote(t)
}

// literal decides about a literal.
func (s *search) literal(t sqltext.Token) {
	for p := s.tokens.Parts(t); p.Next(); {
		if p.Comment {
			s.comment(p.Start, p.End)
		} else {
			s.content(p.Start, p.End, t.Kind)
		}
	}
	s.closeQuote(t)
}

// content decides about what is between the quotes of a literal.
func (s *search) content(start, end int, kind sqltext.Kind) {
	content := s.sql[start:end]
	cut := end+1 >= len(s.sql) // a quote at the end may be the first half of a doubled one
	from := secretIn(content, cut)
	if s.secret || s.connection || kind == sqltext.UnicodeString || kind == sqltext.EscapeString && spellsLetters(content) {
		from = 0
	}
	if from >= 0 {
		s.hide(start+from, end)
		s.secretFrom(start + from)
	}
	s.lastWord(false, false)
}

// spellsLetters reports whether an E'…' literal has escapes that could be letters: \x41, \u0041,
// \101.
func spellsLetters(text []byte) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if c := text[i]; c == 'x' || c == 'u' || c == 'U' || '0' <= c && c <= '7' {
			return true
		}
	}
	return false
}

// closeQuote notes the end of a token in quotes.
func (s *search) closeQuote(t sqltext.Token) {
	s.quote = t.End
	if !s.isClosed(t) {
		content := s.tokens.Parts(t)
		content.Next()
		s.mismatch(content.Start, t.Kind)
	}
}

// isClosed reports whether a token in quotes certainly ends with its closing quote. A bit string
// with anything but digits in it is a sign that quotes don't match.
func (s *search) isClosed(t sqltext.Token) bool {
	if t.Kind == sqltext.BitString || t.Kind == sqltext.HexString {
		if _, valid := s.tokens.AppendValue(nil, t); !valid {
			return false
		}
	}
	return !t.Unterminated && t.Doubt != sqltext.CutInDoubt
}

// mismatch hides everything from where the text begins to be secret, because quotes don't match. If
// nothing was secret so far, the rest is searched as one text.
func (s *search) mismatch(from int, kind sqltext.Kind) {
	rest := s.sql[from:]
	switch {
	case kind == sqltext.EscapeString && !s.searched && spellsLetters(rest):
		s.end = min(s.end, from)
	case s.first >= 0:
		s.end = min(s.end, s.first)
	case !s.searched:
		s.searched = true
		if at := secretIn(rest, true); at >= 0 {
			s.end = min(s.end, from+at)
		}
	}
}

// finish hides what comes after the end, and returns all spans and the end.
func (s *search) finish() (spans []Span, tail int) {
	if s.end == len(s.sql) {
		return s.spans, s.end
	}
	if s.first >= 0 {
		s.end = min(s.end, s.first)
	}
	for len(s.spans) > s.before && s.spans[len(s.spans)-1].End > s.end {
		last := &s.spans[len(s.spans)-1]
		s.end = min(s.end, last.Start)
		s.spans = s.spans[:len(s.spans)-1]
	}
	s.hide(s.end, len(s.sql))
	return s.spans, s.end
}

// secretFrom notes that this statement is secret from pos on.
func (s *search) secretFrom(pos int) {
	s.secret = true
	if s.first < 0 {
		s.first = pos
	}
}

// lastWord notes what the last token was.
func (s *search) lastWord(secret, connection bool) {
	s.wordBefore, s.connection = secret, connection
}

// hide adds a span unless it is empty.
func (s *search) hide(start, end int) {
	if start < end {
		s.spans = append(s.spans, Span{Start: start, End: end, Kind: event.PasswordSpan})
	}
}
