package sqltext

import "bytes"

// rules are how a constant in single quotes is read.
type rules struct {
	escapes  bool // a backslash changes what the next character means
	doubles  bool // two quotes are one, which does not close the constant
	encoding Encoding
}

// rulesFor returns the rules for a kind of constant.
func (s Settings) rulesFor(k Kind) rules {
	return rules{
		escapes:  k == EscapeString || s.Strings == EscapedStrings && (k == String || k == NationalString),
		doubles:  k != BitString && k != HexString,
		encoding: s.Encoding,
	}
}

// constant cuts a constant in single quotes. The prefix includes the opening quote.
func (s *Scanner) constant(k Kind, start, prefix int) Token {
	opening := start + prefix
	end, unterminated := s.settings.rulesFor(k).constantEnd(s.sql, opening)
	t := Token{Kind: k, Unterminated: unterminated, Span: Span{start, end}}
	if !s.mayDiffer(k, s.sql[opening:end]) {
		return t
	}
	t.Doubt = ValueInDoubt
	for r := range s.settings.Readings() {
		other, unterminated := r.rulesFor(k).constantEnd(s.sql, opening)
		s.inDoubt = s.inDoubt || other != end || unterminated != t.Unterminated
	}
	return t
}

// mayDiffer reports whether unknown settings may change how a constant is read: whether backslashes
// are escapes, or whether an escape is the second half of a character.
func (s *Scanner) mayDiffer(k Kind, content []byte) bool {
	plain := k == String || k == NationalString
	if plain && s.settings.Strings == UnknownStrings {
		return bytes.IndexByte(content, '\\') >= 0
	}
	if s.settings.Encoding != UnknownEncoding || !s.settings.rulesFor(k).escapes {
		return false
	}
	for i := 1; i < len(content); i++ {
		if content[i] == '\\' && content[i-1] >= 0x80 {
			return true
		}
	}
	return false
}

// constantEnd returns the end of the constant whose opening quote is just before pos. The constant
// continues if another quote follows on another line.
func (r rules) constantEnd(sql []byte, pos int) (end int, unterminated bool) {
	for {
		end, closed := r.partEnd(sql, pos)
		if !closed {
			return end, true
		}
		if pos = continuation(sql, end+1); pos < 0 {
			return end + 1, false
		}
	}
}

// partEnd returns where the content of a constant, or of a part of one, ends if it begins at pos,
// and whether a quote closes it.
func (r rules) partEnd(sql []byte, pos int) (end int, closed bool) {
	for pos < len(sql) {
		switch c := sql[pos]; {
		case c == '\'' && r.doubles && pos+1 < len(sql) && sql[pos+1] == '\'':
			pos += 2
		case c == '\'':
			return pos, true
		case c == '\\' && r.escapes:
			pos++
			pos += r.encoding.size(sql[pos:])
		case c >= 0x80 && r.escapes:
			pos += r.encoding.size(sql[pos:])
		default:
			pos++
		}
	}
	return len(sql), false
}

// continuation returns the position after the opening quote of a constant's next part, or -1 if
// there is none. Between the parts may be only space and line comments, with at least one line end
// (rule {quotecontinue}).
func continuation(sql []byte, pos int) int {
	for newLine := false; pos < len(sql); pos++ {
		switch c := sql[pos]; {
		case c == '\n' || c == '\r':
			newLine = true
		case classes[c] == space:
		case c == '-' && pos+1 < len(sql) && sql[pos+1] == '-':
			n := bytes.IndexAny(sql[pos:], "\n\r")
			if n < 0 {
				return -1
			}
			pos += n - 1
		case c == '\'' && newLine:
			return pos + 1
		default:
			return -1
		}
	}
	return -1
}

// Parts iterates over a token without its quotes. Most tokens have one part. A continued constant
// has one for each pair of quotes, and one for each comment between them. A part may be empty.
//
//	for p := tokens.Parts(t); p.Next(); {
//		part := sql[p.Start:p.End]
//		…
//	}
type Parts struct {
	// Span is where the current part is.
	Span
	// Comment is set if the part is a comment.
	Comment bool

	sql   []byte // up to the end of the token
	rules rules
	token Token
	began bool
}

// Parts returns the parts of a token, positioned before the first.
func (s *Scanner) Parts(t Token) Parts {
	p := Parts{Span: t.Span, Comment: t.Kind.IsComment(), sql: s.sql[:t.End], token: t}
	switch t.Kind {
	case DollarString:
		tag := s.tagLength(s.sql[t.Start:])
		p.trim(tag, tag)
	case QuotedName:
		p.trim(len(`"`), len(`"`))
	case UnicodeName:
		p.trim(len(`U&"`), len(`"`))
	case String, EscapeString, UnicodeString, NationalString, BitString, HexString:
		p.rules = s.settings.rulesFor(t.Kind)
		p.content(t.Start + bytes.IndexByte(p.sql[t.Start:], '\'') + 1)
	}
	return p
}

// trim removes the quotes of a token that can't be continued.
func (p *Parts) trim(opening, closing int) {
	p.Start += opening
	if !p.token.Unterminated {
		p.End -= closing
	}
}

// content moves to what is in quotes from pos on.
func (p *Parts) content(pos int) {
	p.Comment, p.Start = false, pos
	p.End, _ = p.rules.partEnd(p.sql, pos)
}

// Next moves to the next part, and reports whether there is one.
func (p *Parts) Next() bool {
	if !p.began {
		p.began = true
		return true
	}
	if !p.token.Kind.IsString() || p.token.Kind == DollarString {
		return false
	}
	pos := p.End
	if !p.Comment {
		pos++ // the closing quote
	}
	for ; pos < len(p.sql); pos++ {
		switch p.sql[pos] {
		case '-':
			p.Comment, p.Start = true, pos
			p.End = pos + bytes.IndexAny(p.sql[pos:], "\n\r")
			return true
		case '\'':
			p.content(pos + 1)
			return true
		}
	}
	return false
}
