package pseudonym

import "strings"

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

// hasPrefixFold reports whether text begins with prefix, ignoring the case of both.
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

// digits returns how many decimal digits b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

func isOneOf(word []byte, all []string) bool {
	for _, one := range all {
		if string(word) == one {
			return true
		}
	}
	return false
}
