package sqltext

// Classes of bytes, as defined at the top of scan.l.
const (
	space           = 1 << iota
	letter          // begins a word: {ident_start}
	digit           // {decdigit}
	dollar          // continues a word
	operator        // {op_chars}
	unusualOperator // is in no operator of the SQL standard
	punctuation     // in {self}, but not an operator
)

var classes = classify()

func classify() (all [256]uint8) {
	for c := range all {
		if c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' {
			all[c] = letter
		}
		if c >= '0' && c <= '9' {
			all[c] = digit
		}
	}
	all['$'] = dollar
	for class, characters := range map[uint8]string{
		space:                      " \t\n\r\f\v",
		operator:                   "+-*/<>=",
		operator | unusualOperator: "~!@#^&|`?%",
		punctuation:                ",()[].;:",
	} {
		for _, c := range []byte(characters) {
			all[c] = class
		}
	}
	return all
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// fold returns a letter in lower case. Letters beyond ASCII stay: servers fold them only if the
// encoding of the database has one byte per character (src/backend/parser/scansup.c).
func fold(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// hexDigit returns the value of a hexadecimal digit, or 16.
func hexDigit(c byte) int {
	switch c = fold(c); {
	case isDigit(c):
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return 16
}
