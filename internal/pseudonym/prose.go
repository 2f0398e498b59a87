package pseudonym

import "bytes"

const (
	// plainText is any text about which nothing more is known.
	plainText syntax = iota
	// keepLetters is for times and intervals: their words belong to the type.
	keepLetters
	// numbers have no words except Infinity.
	numbers
	// hexText consists of hexadecimal digits: hardware addresses, positions in the WAL.
	hexText
	// bitText consists of binary digits.
	bitText
	// networkAddress is an IPv4 or IPv6 address. networkOnly is the part of one before the prefix
	// length.
	networkAddress
	networkOnly
	// xmlText has entities, which stay.
	xmlText
	// searchText is a text search vector or query: positions and weights stay.
	searchText
	// jsonText has numbers that can't begin with zeros.
	jsonText
	// unicodeLiteral has the escapes of U&'…'.
	unicodeLiteral
)

// replaceText replaces what b says.
func (v *Values) replaceText(b []byte, s syntax, salt byte) {
	t := prose{words: &v.words, b: b, syntax: s, salt: salt}
	switch {
	case (s == keepLetters || s == numbers) && bytes.EqualFold(bytes.TrimPrefix(b, []byte("-")), []byte("infinity")):
		t.infinity()
	case s == networkAddress || s == networkOnly:
		t.network()
	case s == bitText:
		t.words.replace(b, binaryDigits, salt)
	default:
		if s == xmlText && hasPrefix(b, "<?xml ") {
			t.at = max(0, bytes.Index(b, []byte("?>"))) // the version and the encoding
		}
		for t.at < len(b) {
			t.token()
		}
	}
}

// token takes a word, or moves on.
func (t *prose) token() {
	c := t.b[t.at]
	switch {
	case c == '\\':
		t.escape()
	case c == '&' && t.syntax == xmlText:
		t.entity()
	case !isAlphanumeric(c), t.joinsTime(c):
		t.inside = t.inside != (c == '"')
		t.at++
	case !t.unit():
		t.word(t.at + alphanumericLength(t.b[t.at:]))
	}
}

// joinsTime reports whether a letter is the T between a date and a time, or the Z after one (ISO
// 8601).
func (t *prose) joinsTime(c byte) bool {
	if t.at == 0 || !isDigit(t.b[t.at-1]) {
		return false
	}
	rest := t.b[t.at+1:]
	return c == 'T' && timeLength(rest) > 0 || c == 'Z' && (len(rest) == 0 || !isAlphanumeric(rest[0]))
}

// word takes a run of letters and digits.
func (t *prose) word(end int) {
	word := t.b[t.at:end]
	n := len(word)
	switch {
	case isConstant(word), t.keeps(word):
		t.at = end
	case t.syntax == hexText:
		t.take(n, hexadecimal)
	case t.syntax == numbers && string(word) == "Infinity":
		t.infinite()
	case t.at > 0 && t.b[t.at-1] == '\\' && word[0] == 'x' && n > 2 && isHex(word[1:]):
		t.at++
		t.take(n-1, hexPairs)
	case n > 2 && hasPrefixFold(word, "0x") && isHex(word[2:]):
		t.at += 2
		t.take(n-2, hexadecimal)
	case n > 2 && hasPrefixFold(word, "0b") && digits(word[2:]) == n-2:
		t.at += 2
		t.take(n-2, binaryDigits)
	case n > 2 && hasPrefixFold(word, "0o") && digits(word[2:]) == n-2:
		t.at += 2
		t.take(n-2, octal)
	case isOneOf(word, months):
		t.take(n, month)
	case isOneOf(word, weekdays):
		t.take(n, weekday)
	case n == 2 && digits(word) == 2:
		t.take(n, t.pair())
	case isDigit(word[0]) && t.exponent(word):
	case t.syntax == keepLetters:
		t.digitsOnly(end)
	default:
		t.take(n, letters)
		t.settleJSON(word)
	}
}

// keeps reports whether a word is a position or a weight in a text search vector.
func (t *prose) keeps(word []byte) bool {
	if t.syntax != searchText || t.at == 0 {
		return false
	}
	before := t.b[t.at-1]
	return before == ':' || before == ',' && isDigit(word[0])
}

// digitsOnly takes a word of an interval or of a time zone, as in P1Y2M: its letters stay.
func (t *prose) digitsOnly(end int) {
	for t.at < end {
		if n := digits(t.b[t.at:end]); n > 0 {
			t.take(n, letters)
		} else {
			t.at++
		}
	}
}

// settleJSON changes a number that begins with a zero but did not before, because JSON forbids
// that.
func (t *prose) settleJSON(word []byte) {
	if t.syntax != jsonText || len(word) < shortest || digits(word) != len(word) || word[0] != '0' || t.inside ||
		t.at > len(word) && t.b[t.at-len(word)-1] == '.' {
		return
	}
	if t.at < len(t.b) && t.b[t.at] == '.' {
		word[0] = '1'
		return
	}
	for i := range len(word) - 1 {
		word[i] = '0'
	}
	word[0], word[1] = '1', 'e'
}

// pair says what two digits are, by what is around them.
func (t *prose) pair() class {
	before, twoBefore, after := byte(0), byte(0), byte(0)
	if t.at > 0 {
		before = t.b[t.at-1]
	}
	if t.at > 1 {
		twoBefore = t.b[t.at-2]
	}
	if t.at+2 < len(t.b) {
		after = t.b[t.at+2]
	}
	switch {
	case before == ':' && isDigit(twoBefore):
		return below60
	case t.isZone():
		return below12
	case after == ':' && t.syntax != keepLetters:
		return below24
	}
	return letters
}

// exponent takes a number like 15e+30, which may have its point before it. The exponent stays so
// small that every numeric type has room for it.
func (t *prose) exponent(word []byte) bool {
	n := digits(word)
	if n == len(word) || lower(word[n]) != 'e' {
		return false
	}
	at := t.at + n + 1
	if at == t.at+len(word) && at < len(t.b) && (t.b[at] == '+' || t.b[at] == '-') {
		at++
	}
	size := digits(t.b[at:])
	if size == 0 || size > 3 || at+size < len(t.b) && isAlphanumeric(t.b[at+size]) {
		return false
	}
	t.take(n, letters)
	exponent := t.b[at : at+size]
	t.words.replace(exponent, letters, t.salt)
	if size > 1 {
		exponent[0] = '1' + exponent[0]%2
	}
	t.at = at + size
	return true
}

// infinity is replaced by a date, or a number, of the same length.
func (t *prose) infinity() {
	if t.syntax == numbers {
		t.at = len(t.b) - len("infinity")
		t.infinite()
		return
	}
	copy(t.b, "2000-1-10")
	t.words.replace(t.b[:4], letters, t.salt)
	if string(t.b[:4]) == "0000" {
		t.b[3] = '1'
	}
	t.b[5], t.b[7] = '1'+(t.b[3]-'0')%9, '1'
}

// infinite takes the word Infinity.
func (t *prose) infinite() {
	copy(t.b[t.at:], "12345678")
	t.take(len("12345678"), letters)
}

// network takes an address. If it is only the beginning of addresses, only the groups that are
// wholly in it are replaced.
func (t *prose) network() {
	address, prefix, _ := bytes.Cut(t.b, []byte("/"))
	width, c, separator := 8, octet, byte('.')
	if bytes.IndexByte(address, ':') >= 0 {
		width, c, separator = 16, hexadecimal, ':'
	}
	groups := 8
	if t.syntax == networkOnly {
		bits := 0
		for _, x := range prefix {
			bits = 10*bits + int(x-'0')
		}
		groups = bits / width
	}
	for ; groups > 0 && t.at < len(address); groups-- {
		n := bytes.IndexByte(address[t.at:], separator)
		if n < 0 {
			n = len(address) - t.at
		}
		if bytes.IndexByte(address[t.at:t.at+n], '.') >= 0 { // ::ffff:1.2.3.4
			t.address()
			return
		}
		t.take(n, c)
		t.at++
	}
}

// entity skips an entity of XML.
func (t *prose) entity() {
	end := t.at + 1
	for end < len(t.b) && (isAlphanumeric(t.b[end]) || t.b[end] == '#') {
		end++
	}
	t.at = end
}
