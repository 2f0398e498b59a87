package pseudonym

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	mathrand "math/rand/v2"
	"unicode/utf8"
)

// class says what the bytes of a word may become.
type class byte

const (
	// letters keep the case of letters and leave digits digits.
	letters class = iota
	// hexadecimal, octal and binary digits stay such.
	hexadecimal
	octal
	binaryDigits
	// hexPairs are hexadecimal digits of bytes, each of which becomes a printable
	// character: text made of them is text in every encoding.
	hexPairs
	// below60, below24 and below12 are two digits of a time or of a zone.
	below60
	below24
	below12
	// octet is a part of an IPv4 address.
	octet
	// dateISO is YYYY-MM-DD, with four digits of the year or more. dateISOBC is one
	// before Christ. dateOther has two numbers, and the year last.
	dateISO
	dateISOBC
	dateOther
	// timeOfDay is HH:MM, with seconds and a fraction or without.
	timeOfDay
	// month and weekday are names of three letters.
	month
	weekday
)

// Limits of the search for a pseudonym.
const (
	// maxTries is how many are tried before one is repaired.
	maxTries = 8
	// maxWords bounds what is remembered of pseudonyms, maxWordLength their length.
	maxWords      = 1 << 17
	maxWordLength = 64
)

var (
	months   = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
)

// words gives words their pseudonyms: other words of the same length and class, the
// same each time. They are made with a key that nobody knows, by SHA-256, so that one
// can't be led back to its word by trying all words.
type words struct {
	key    [sha256.Size]byte
	known  map[string]string
	memory *memory
	// Memory for the word at hand.
	buffer, original, input []byte
}

func newWords(m *memory) words {
	w := words{known: map[string]string{}, memory: m}
	_, _ = rand.Read(w.key[:]) // it never fails
	return w
}

// replace puts a pseudonym in the place of a word. Another salt gives another one.
func (w *words) replace(word []byte, c class, salt byte) {
	if len(word) == 0 {
		return
	}
	w.buffer = append(append(w.buffer[:0], byte(c), salt), word...)
	known, ok := w.known[string(w.buffer)]
	if ok && !w.memory.holds([]byte(known)) {
		copy(word, known)
		return
	}
	key := string(w.buffer)
	w.invent(word, c, salt)
	if len(word) > maxWordLength {
		return
	}
	if len(w.known) >= maxWords {
		clear(w.known)
	}
	w.known[key] = string(word)
}

// invent makes a pseudonym that is not the word itself and in which no value stands.
func (w *words) invent(word []byte, c class, salt byte) {
	w.original = append(w.original[:0], word...)
	random := w.source(word, c, salt)
	for range maxTries {
		fill(word, c, random)
		if !bytes.Equal(word, w.original) && !w.memory.holds(word) {
			return
		}
		copy(word, w.original) // what becomes of a byte depends on what it was
	}
	fill(word, c, random)
	w.repair(word, c, random)
}

// repair takes values out of a pseudonym one by one. Where numbers have used up all
// there are, as those of four digits do in a long list of numbers, it comes to begin
// with zeros.
func (w *words) repair(word []byte, c class, r *mathrand.Rand) {
	from := 0
	for range 4 * len(word) {
		start, end := w.memory.find(word, from)
		switch last := end - 1; {
		case end == 0:
			return
		case c == hexPairs:
			word[(last-1)|1] = "abcde"[r.IntN(5)]
		case c == hexadecimal:
			word[last] = "abcdef"[r.IntN(6)]
		case c == dateISO || c == dateISOBC:
			earlyYear(word[:len(word)-6])
		case c == dateOther:
			earlyYear(word[6:])
		case c == timeOfDay && end > len("00:00:00."):
			word[max(start, len("00:00:00."))] = '0'
		case c != letters:
			return // whoever called finds out
		case isDigit(word[start]) && word[start] != '0':
			putZero(word, start)
		default:
			fillLetters(word[start:end], r)
		}
		from = max(0, start-longest)
	}
}

// putZero puts a zero at a place in a word. A number that begins with one may be read
// as octal.
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

// earlyYear makes a year begin with a zero: one of the first thousand.
func earlyYear(year []byte) {
	year[0] = '0'
	if year[1] == '0' {
		year[1] = '1' // there is no year 0
	}
}

// source gives random numbers that only the key and the word decide.
func (w *words) source(word []byte, c class, salt byte) *mathrand.Rand {
	w.input = append(append(append(w.input[:0], w.key[:]...), byte(c), salt), word...)
	return mathrand.New(mathrand.NewChaCha8(sha256.Sum256(w.input))) //nolint:gosec // the seed is what has to be secret
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

// fillDate makes a date that every type of dates takes: none before 4713 BC, none after
// the year 199,999.
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

// fillDigits overwrites digits of a base other than ten. The first one is not zero
// where it was not.
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
		case c == hexPairs && word[i-1]&1 == 1: // 7f is none
			word[i] = '1' + byte(r.IntN(9))
		case 'A' <= x && x <= 'F':
			word[i] = hexDigit("0123456789ABCDEF", least, r)
		default:
			word[i] = hexDigit("0123456789abcdef", least, r)
		}
	}
}

func hexDigit(digits string, least int, r *mathrand.Rand) byte { return digits[least+r.IntN(16-least)] }

// fillLetters overwrites letters and digits. A number that only just fits into an
// integer type, with 5, 10, 19 or 20 digits, is followed by one that fits too.
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

// fillRune overwrites a character beyond ASCII by another one of the same length, and
// returns the length. Bytes that are no UTF-8 stay in a range that is part of
// characters in every encoding.
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

// digits counts the decimal digits that b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}
