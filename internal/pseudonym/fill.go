package pseudonym

import (
	mathrand "math/rand/v2"
	"unicode/utf8"
)

// putZero puts a zero into a word. A number that begins with a zero may be read as octal.
func putZero(word []byte, at int) {
	word[at] = '0'
	if at > 0 || digits(word) < len(word) {
		return
	}
	for i, x := range word {
		if x > '7' {
			word[i] -= 2
		}
	}
}

// earlyYear makes a year begin with a zero: it becomes one of the first thousand.
func earlyYear(year []byte) {
	year[0] = '0'
	if year[1] == '0' {
		year[1] = '1' // there is no year 0
	}
}

// fill overwrites a word with another one of its class.
func fill(word []byte, c class, r *mathrand.Rand) {
	switch c {
	case below60:
		number(word, r.IntN(60))
	case below24:
		number(word, r.IntN(24))
	case below12:
		number(word, r.IntN(12))
	case octet:
		number(word, []int{r.IntN(10), 10 + r.IntN(90), 100 + r.IntN(156)}[min(len(word), 3)-1])
	case dateISO, dateISOBC:
		fillDate(word, c, r)
	case dateOther:
		number(word[:2], 1+r.IntN(12))
		number(word[3:5], 1+r.IntN(12))
		fillLetters(word[6:], r)
	case timeOfDay:
		number(word[:2], r.IntN(24))
		number(word[3:5], r.IntN(60))
		if len(word) >= 8 {
			number(word[6:8], r.IntN(60))
		}
		for i := 9; i < len(word); i++ {
			word[i] = '0' + byte(r.IntN(10))
		}
	case month:
		copy(word, months[r.IntN(len(months))])
	case weekday:
		copy(word, weekdays[r.IntN(len(weekdays))])
	case hexadecimal, octal, binaryDigits, hexPairs:
		fillDigits(word, c, r)
	default:
		fillLetters(word, r)
	}
}

// fillDate makes a date that every date type accepts: not before 4713 BC, and not after the year
// 199,999.
func fillDate(word []byte, c class, r *mathrand.Rand) {
	year := word[:len(word)-6]
	fillLetters(year, r)
	if c == dateISOBC || len(year) > 4 {
		year[0] = '1'
	}
	number(word[len(word)-5:len(word)-3], 1+r.IntN(12))
	number(word[len(word)-2:], 1+r.IntN(28))
}

// number writes a number with leading zeros.
func number(dst []byte, n int) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
}

// fillDigits overwrites digits of a base other than ten. The first digit becomes zero only if it
// was.
func fillDigits(word []byte, c class, r *mathrand.Rand) {
	for i, x := range word {
		least := 0
		if i == 0 && x != '0' {
			least = 1
		}
		switch {
		case c == binaryDigits:
			word[i] = '0' + byte(r.IntN(2))
		case c == octal:
			word[i] = '0' + byte(least+r.IntN(8-least))
		case c == hexPairs && i%2 == 0:
			word[i] = '4' + byte(r.IntN(4))
		case c == hexPairs && word[i-1]&1 == 1: // 7f is not printable
			word[i] = '1' + byte(r.IntN(9))
		case 'A' <= x && x <= 'F':
			word[i] = hexDigit("0123456789ABCDEF", least, r)
		default:
			word[i] = hexDigit("0123456789abcdef", least, r)
		}
	}
}

func hexDigit(digits string, least int, r *mathrand.Rand) byte { return digits[least+r.IntN(16-least)] }

// fillLetters overwrites letters and digits. A number that only just fits into an integer type,
// with 5, 10, 19 or 20 digits, is replaced by one that fits too.
func fillLetters(word []byte, r *mathrand.Rand) {
	first, limit := byte(0), 9
	if isNumber := digits(word) == len(word); isNumber && word[0] != '0' || len(word) == 1 {
		first = 1
		switch {
		case !isNumber:
		case len(word) == 5:
			limit = 2
		case len(word) == 10, len(word) == 20:
			limit = 1
		case len(word) == 19:
			limit = 8
		}
	}
	for i := 0; i < len(word); {
		switch x := word[i]; {
		case isDigit(x) && i == 0 && first == 1:
			word[i] = '1' + byte(r.IntN(limit))
		case isDigit(x):
			word[i] = '0' + byte(r.IntN(10))
		case 'a' <= x && x <= 'z':
			word[i] = 'a' + byte(r.IntN(26))
		case 'A' <= x && x <= 'Z':
			word[i] = 'A' + byte(r.IntN(26))
		case x >= utf8.RuneSelf:
			i += fillRune(word[i:], r)
			continue
		}
		i++
	}
	if len(word) == 20 && limit == 1 {
		word[1] -= word[1] & 8 // 8 and 9 become 0 and 1
	}
}

// fillRune overwrites a character beyond ASCII with another one of the same length, and returns the
// length. Bytes that are not UTF-8 stay in a range that is part of characters in every encoding.
func fillRune(b []byte, r *mathrand.Rand) int {
	old, size := utf8.DecodeRune(b)
	var another rune
	switch {
	case old == utf8.RuneError && size <= 1:
		b[0] = 0xb0 + byte(r.IntN(32))
		return 1
	case size == 2:
		another = 'à' + rune(r.IntN('ö'-'à'+1))
	case size == 3:
		another = '一' + rune(r.IntN(0x4000))
	default:
		another = 0x20000 + rune(r.IntN(0x8000))
	}
	utf8.EncodeRune(b, another)
	return size
}
