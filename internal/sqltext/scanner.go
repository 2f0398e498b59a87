package sqltext

import "bytes"

// Scanner cuts a text into tokens. It keeps the text, which must not change in the meantime.
type Scanner struct {
	sql      []byte
	settings Settings
	pos      int
	// signs is the end of a run of + and - that are tokens of their own. Without it, a long run
	// would be searched again for each of them.
	signs   int
	inDoubt bool // an earlier token may have ended elsewhere
}

// NewScanner returns a scanner at the beginning of a text.
func NewScanner(sql []byte, settings Settings) Scanner {
	return Scanner{sql: sql, settings: settings}
}

// Next returns the next token. After the last it returns tokens of kind [End].
func (s *Scanner) Next() Token {
	t := Token{Span: Span{Start: s.pos, End: s.pos}}
	if s.pos < len(s.sql) {
		t = s.cut(s.pos)
		s.pos = t.End
	}
	if s.inDoubt {
		t.Doubt = CutInDoubt
	}
	return t
}

// NextSignificant returns the next token that is neither space nor a comment. A comment that never
// ends is significant.
func (s *Scanner) NextSignificant() Token {
	t := s.Next()
	for t.Kind == Space || t.Kind.IsComment() && !t.Unterminated {
		t = s.Next()
	}
	return t
}

// Text returns a token as it is written.
func (s *Scanner) Text(t Token) []byte { return s.sql[t.Start:t.End] }

// Is reports whether a token is a key word, an operator or a punctuation mark. text must have key
// words in lower case; they match in any case.
func (s *Scanner) Is(t Token, text string) bool {
	if t.Kind != Word && t.Kind != Operator && t.Kind != Punctuation || t.End-t.Start != len(text) {
		return false
	}
	for i, c := range s.Text(t) {
		if fold(c) != text[i] {
			return false
		}
	}
	return true
}

// cut returns the token that begins at start.
func (s *Scanner) cut(start int) Token {
	c := s.sql[start]
	switch class := classes[c]; {
	case class&space != 0:
		end := start + 1
		for end < len(s.sql) && classes[s.sql[end]]&space != 0 {
			end++
		}
		return token(Space, start, end)
	case class&letter != 0:
		return s.word(start)
	case class&digit != 0, c == '.' && isDigit(s.at(start+1)):
		return token(Number, start, s.numberEnd(start))
	case class&operator != 0:
		return s.operator(start)
	case class&punctuation != 0:
		return token(Punctuation, start, s.punctuationEnd(start))
	case c == '\'':
		return s.constant(String, start, 1)
	case c == '"':
		return s.name(QuotedName, start, 1)
	case c == '$':
		return s.dollar(start)
	}
	return token(Other, start, start+1)
}

func token(k Kind, start, end int) Token { return Token{Kind: k, Span: Span{start, end}} }

// unterminated returns a token that extends to the end of the text.
func (s *Scanner) unterminated(k Kind, start int) Token {
	return Token{Kind: k, Unterminated: true, Span: Span{start, len(s.sql)}}
}

// at returns a byte of the text, or 0 beyond its end.
func (s *Scanner) at(i int) byte {
	if i < len(s.sql) {
		return s.sql[i]
	}
	return 0
}

// word cuts a word, or a constant or name that begins with a letter.
func (s *Scanner) word(start int) Token {
	switch kind, prefix := prefixed(s.sql[start:]); kind {
	case Word:
		return token(Word, start, s.wordEnd(start))
	case UnicodeName:
		return s.name(kind, start, prefix)
	default:
		return s.constant(kind, start, prefix)
	}
}

// prefixed returns what a text that starts with a letter begins with, and the length of its prefix
// including the opening quote. It is a constant or name in quotes with a letter before it, or a
// word.
func prefixed(b []byte) (k Kind, prefix int) {
	if len(b) < 2 || b[1] != '\'' && b[1] != '&' {
		return Word, 0
	}
	letter := fold(b[0])
	if letter == 'u' && b[1] == '&' && len(b) > 2 {
		switch b[2] {
		case '\'':
			return UnicodeString, 3
		case '"':
			return UnicodeName, 3
		}
	}
	if b[1] == '\'' {
		switch letter {
		case 'e':
			return EscapeString, 2
		case 'n':
			return NationalString, 2
		case 'b':
			return BitString, 2
		case 'x':
			return HexString, 2
		}
	}
	return Word, 0
}

// wordEnd returns the end of the word that contains the byte at pos.
func (s *Scanner) wordEnd(pos int) int {
	for pos < len(s.sql) && classes[s.sql[pos]]&(letter|digit|dollar) != 0 {
		if s.sql[pos] < 0x80 {
			pos++
		} else {
			pos += s.settings.Encoding.size(s.sql[pos:])
		}
	}
	return pos
}

// name cuts a name in double quotes. The prefix includes the opening quote. A doubled quote does
// not close the name.
func (s *Scanner) name(k Kind, start, prefix int) Token {
	for pos := start + prefix; ; pos += 2 {
		n := bytes.IndexByte(s.sql[pos:], '"')
		if n < 0 {
			return s.unterminated(k, start)
		}
		if pos += n; s.at(pos+1) != '"' {
			return token(k, start, pos+1)
		}
	}
}

// dollar cuts a constant in dollar quotes, a parameter, or a $ by itself.
func (s *Scanner) dollar(start int) Token {
	end := start + 1
	for isDigit(s.at(end)) {
		end++
	}
	if end > start+1 {
		return token(Parameter, start, end)
	}
	rest := s.sql[start:]
	tag := s.tagLength(rest)
	if tag == 0 {
		return token(Other, start, start+1)
	}
	n := bytes.Index(rest[tag:], rest[:tag])
	if n < 0 {
		return s.unterminated(DollarString, start)
	}
	return token(DollarString, start, start+tag+n+tag)
}

// tagLength returns the length of the $$ or $tag$ at the beginning of b, or 0 if there is none. A
// tag is a word without a $. The caller has made sure that b is not a parameter.
func (s *Scanner) tagLength(b []byte) int {
	for n := 1; n < len(b); n += s.settings.Encoding.size(b[n:]) {
		switch classes[b[n]] {
		case dollar:
			return n + 1
		case letter, digit:
		default:
			return 0
		}
	}
	return 0
}

// operator cuts an operator, or a comment.
func (s *Scanner) operator(start int) Token {
	switch {
	case s.beginsComment(start, '-', '-'):
		end := len(s.sql)
		if n := bytes.IndexAny(s.sql[start:], "\n\r"); n >= 0 {
			end = start + n
		}
		return token(LineComment, start, end)
	case s.beginsComment(start, '/', '*'):
		return s.blockComment(start)
	case start < s.signs:
		return token(Operator, start, start+1)
	}
	return token(Operator, start, s.operatorEnd(start))
}

// operatorEnd returns where an operator ends. It ends before a comment. It also ends before any +
// and - at its end, unless it contains a character that is in no operator of the SQL standard (rule
// {operator} of scan.l).
func (s *Scanner) operatorEnd(start int) int {
	end, unusual := start, false
	for end < len(s.sql) && classes[s.sql[end]]&operator != 0 {
		if end > start && (s.beginsComment(end, '-', '-') || s.beginsComment(end, '/', '*')) {
			break
		}
		unusual = unusual || classes[s.sql[end]]&unusualOperator != 0
		end++
	}
	if unusual {
		return end
	}
	s.signs = end
	for end > start+1 && (s.sql[end-1] == '+' || s.sql[end-1] == '-') {
		end--
	}
	return end
}

// beginsComment reports whether two characters are at pos.
func (s *Scanner) beginsComment(pos int, first, second byte) bool {
	return s.sql[pos] == first && s.at(pos+1) == second
}

// blockComment cuts a comment that begins with /*. Comments nest.
func (s *Scanner) blockComment(start int) Token {
	depth := 0
	for pos := start; pos < len(s.sql); pos++ {
		switch {
		case s.beginsComment(pos, '/', '*'):
			depth++
			pos++
		case s.beginsComment(pos, '*', '/'):
			depth--
			pos++
			if depth == 0 {
				return token(BlockComment, start, pos+1)
			}
		}
	}
	return s.unterminated(BlockComment, start)
}

// punctuationEnd returns where a punctuation mark ends. Three of them have two characters.
func (s *Scanner) punctuationEnd(start int) int {
	end := start + 1
	switch next := s.at(end); s.sql[start] {
	case ':':
		if next == ':' || next == '=' {
			return end + 1
		}
	case '.':
		if next == '.' {
			return end + 1
		}
	}
	return end
}
