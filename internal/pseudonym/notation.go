package pseudonym

import (
	"bytes"
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

// address takes an IPv4 address, without its prefix length.
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

// match returns the length of a layout that b begins with. In a layout, 0 matches a digit, x a
// hexadecimal digit, and everything else itself. It returns 0 if a letter or digit follows in b.
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

// timeLength returns the length of a time of day, including its fraction.
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
