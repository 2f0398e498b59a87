package pseudonym

// escape takes a backslash and the bytes that it changes. It is not always known which of the many
// rules applies (of E'…', COPY, JSON, bytea, arrays, or several, one around the other). What it
// does is right for all of them. In text without escapes, its only effect is to leave a letter
// after a backslash unchanged.
func (t *prose) escape() {
	run := backslashes(t.b[t.at:])
	t.at += run
	rest := t.b[t.at:]
	if len(rest) == 0 {
		return
	}
	if t.syntax == unicodeLiteral && run%2 == 1 {
		t.unicodeEscape()
		return
	}
	switch c := rest[0]; {
	case c == 'u' && len(rest) > 4 && isHex(rest[1:5]):
		t.code(rest[1:5])
		t.at += 5
	case c == 'U' && len(rest) > 8 && isHex(rest[1:9]):
		t.code(rest[1:9])
		t.at += 9
	case c == 'x':
		t.byteEscape()
	case isOctal(rest):
		t.words.replace(rest[:3], octal, t.salt)
		rest[0], rest[1] = '1', '4'+rest[1]%3
		if rest[2] == '0' {
			rest[2] = '1'
		}
		t.at += 3
	case c == '"' && run%2 == 1:
		t.at++
	case c == 'b', c == 'f', c == 'n', c == 'r', c == 't', c == 'v', c == 'N':
		t.at++
	}
}

// unicodeEscape takes \0041 or \+000041.
func (t *prose) unicodeEscape() {
	rest := t.b[t.at:]
	switch {
	case len(rest) > 3 && isHex(rest[:4]):
		t.code(rest[:4])
		t.at += 4
	case len(rest) > 6 && rest[0] == '+' && isHex(rest[1:7]):
		t.code(rest[1:7])
		t.at += 7
	}
}

// code replaces the number of a character with that of a letter.
func (t *prose) code(b []byte) {
	t.words.replace(b, hexadecimal, t.salt)
	for i := range len(b) - 2 {
		b[i] = '0'
	}
	b[len(b)-2] = '6'
	if b[len(b)-1] == '0' {
		b[len(b)-1] = '1'
	}
}

// byteEscape takes \x41. It leaves the digits of bytea, and anything else, to be taken as words.
func (t *prose) byteEscape() {
	word := t.b[t.at : t.at+alphanumericLength(t.b[t.at:])]
	if len(word) == 1 {
		t.at++
		return
	}
	if len(word) > 2 && isHex(word[1:]) || len(word) < 3 || !isHex(word[1:3]) {
		t.word(t.at + len(word))
		return
	}
	t.at++
	t.take(2, hexPairs)
}

func isOctal(b []byte) bool {
	if len(b) < 3 {
		return false
	}
	for _, x := range b[:3] {
		if x < '0' || x > '7' {
			return false
		}
	}
	return true
}

func backslashes(text []byte) int {
	n := 0
	for n < len(text) && text[n] == '\\' {
		n++
	}
	return n
}
