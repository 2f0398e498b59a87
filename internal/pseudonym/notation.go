package pseudonym

import (
	"bytes"
	"strings"
)

// unit takes what is more than one word: dates, times, addresses.
func (t *prose) unit() bool {
	rest := t.b[t.at:]
	if t.syntax == hexText {
		return false
	}
	if n := match(rest, "0000-00-00"); n > 0 {
		t.take(n, t.isoDate())
		return true
	}
	if year := digits(rest); year > 4 && year < 8 && match(rest[year:], "-00-00") > 0 {
		t.take(year+len("-00-00"), dateISO)
		return true
	}
	for _, layout := range []string{"00/00/0000", "00-00-0000", "00.00.0000"} {
		if n := match(rest, layout); n > 0 {
			t.take(n, dateOther)
			return true
		}
	}
	if n := timeLength(rest); n > 0 && !t.isZone() {
		t.take(n, timeOfDay)
		return true
	}
	if match(rest, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") > 0 {
		for _, n := range []int{8, 4, 4, 4, 12} {
			t.take(n, hexadecimal)
			t.at++
		}
		t.at--
		return true
	}
	return t.address()
}

// isZone reports whether a number follows the sign of a time zone.
func (t *prose) isZone() bool {
	return t.at > 1 && (t.b[t.at-1] == '+' || t.b[t.at-1] == '-') && isDigit(t.b[t.at-2])
}

func (t *prose) isoDate() class {
	if bytes.HasSuffix(t.b, []byte(" BC")) {
		return dateISOBC
	}
	return dateISO
}

// address takes an address of IPv4, without its prefix length.
func (t *prose) address() bool {
	rest, n := t.b[t.at:], 0
	for part := range 4 {
		width := digits(rest[n:])
		if width == 0 || width > 3 || part > 0 && rest[n-1] != '.' {
			return false
		}
		if n += width; part < 3 {
			if n == len(rest) {
				return false
			}
			n++
		}
	}
	if n < len(rest) && (isAlphanumeric(rest[n]) || rest[n] == '.' && n+1 < len(rest) && isDigit(rest[n+1])) {
		return false
	}
	for part := range 4 {
		t.take(digits(t.b[t.at:]), octet)
		if part < 3 {
			t.at++
		}
	}
	return true
}

// match returns the length of a layout that b begins with: 0 stands for a digit, x for
// a hexadecimal one, all else for itself. It is 0 where b goes on with a letter or
// digit.
func match(b []byte, layout string) int {
	if len(b) < len(layout) || len(b) > len(layout) && isAlphanumeric(b[len(layout)]) && b[len(layout)] != 'T' && b[len(layout)] != 'Z' {
		return 0
	}
	for i := range len(layout) {
		switch x := b[i]; layout[i] {
		case '0':
			if !isDigit(x) {
				return 0
			}
		case 'x':
			if !isHexDigit(x) {
				return 0
			}
		default:
			if x != layout[i] {
				return 0
			}
		}
	}
	return len(layout)
}

// timeLength returns the length of a time of day, with its fraction.
func timeLength(b []byte) int {
	n := match(b, "00:00:00")
	if n == 0 {
		n = match(b, "00:00")
	}
	if n == 0 || b[0] > '2' || n < len(b) && b[n] == ':' {
		return 0
	}
	if n == len("00:00:00") && n+1 < len(b) && b[n] == '.' {
		if fraction := digits(b[n+1:]); fraction > 0 {
			n += 1 + fraction
		}
	}
	return n
}

// isConstant reports whether a word is one of those that a type has only two or three
// of. They stay.
func isConstant(word []byte) bool {
	switch len(word) {
	case 3:
		return string(word) == "NaN"
	case 4:
		return hasPrefixFold(word, "true") || hasPrefixFold(word, "null")
	case 5:
		return hasPrefixFold(word, "false")
	}
	return false
}

func isOneOf(word []byte, all []string) bool {
	for _, one := range all {
		if string(word) == one {
			return true
		}
	}
	return false
}

func isHex(b []byte) bool {
	for _, x := range b {
		if !isHexDigit(x) {
			return false
		}
	}
	return len(b)%2 == 0
}

func isHexDigit(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isAlphanumeric(c byte) bool {
	return c >= 0x80 || lower(c) >= 'a' && lower(c) <= 'z' || isDigit(c)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// hasPrefixFold reports whether text begins with the prefix, whatever the case of either.
func hasPrefixFold(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(string(text[:len(prefix)]), prefix)
}

func alphanumericLength(b []byte) int {
	n := 0
	for n < len(b) && isAlphanumeric(b[n]) {
		n++
	}
	return n
}
