package pseudonym

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	mathrand "math/rand/v2"
)

// class is what the bytes of a word may become.
type class byte

const (
	// letters keep their case, and digits stay digits.
	letters class = iota
	// hexadecimal, octal and binary digits stay such digits.
	hexadecimal
	octal
	binaryDigits
	// hexPairs are hexadecimal digits of bytes. Each byte becomes a printable character, because
	// those are text in every encoding.
	hexPairs
	// below60, below24 and below12 are two digits of a time or a zone.
	below60
	below24
	below12
	// octet is a part of an IPv4 address.
	octet
	// dateISO is YYYY-MM-DD, with four or more digits of the year. dateISOBC is one before Christ.
	// dateOther has two numbers, then the year.
	dateISO
	dateISOBC
	dateOther
	// timeOfDay is HH:MM, with or without seconds and a fraction.
	timeOfDay
	// month and weekday are names of three letters.
	month
	weekday
)

// Limits of the search for a pseudonym.
const (
	// maxTries is how many are tried before one is repaired.
	maxTries = 8
	// maxWords bounds how many pseudonyms are remembered, and maxWordLength their length.
	maxWords      = 1 << 17
	maxWordLength = 64
)

var (
	months   = []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
)

// words maps words to pseudonyms: other words of the same length and class, the same each time.
// They are made with SHA-256 from a key that nobody knows, so that nobody can find the word for a
// pseudonym by trying all words.
type words struct {
	key   [sha256.Size]byte
	known map[string]string
	seen  *seen
	// Memory for the current word.
	buffer, original, input []byte
}

func newWords(m *seen) words {
	w := words{known: map[string]string{}, seen: m}
	_, _ = rand.Read(w.key[:]) // it never fails
	return w
}

// replace replaces a word with its pseudonym. Another salt makes another one.
func (w *words) replace(word []byte, c class, salt byte) {
	if len(word) == 0 {
		return
	}
	w.buffer = append(append(w.buffer[:0], byte(c), salt), word...)
	known, ok := w.known[string(w.buffer)]
	if ok && !w.seen.holds([]byte(known)) {
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

// invent makes a pseudonym that differs from the word and contains no value.
func (w *words) invent(word []byte, c class, salt byte) {
	w.original = append(w.original[:0], word...)
	random := w.source(word, c, salt)
	for range maxTries {
		fill(word, c, random)
		if !bytes.Equal(word, w.original) && !w.seen.holds(word) {
			return
		}
		copy(word, w.original) // what a byte becomes depends on what it was
	}
	fill(word, c, random)
	w.repair(word, c, random)
}

// repair removes values from a pseudonym one by one. If numbers have used up all pseudonyms, as
// four-digit ones do in a long list of numbers, the pseudonym begins with zeros in the end.
func (w *words) repair(word []byte, c class, r *mathrand.Rand) {
	from := 0
	for range 4 * len(word) {
		start, end := w.seen.find(word, from)
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
			return // the caller will notice
		case isDigit(word[start]) && word[start] != '0':
			putZero(word, start)
		default:
			fillLetters(word[start:end], r)
		}
		from = max(0, start-longest)
	}
}

// source returns random numbers that depend only on the key and the word.
func (w *words) source(word []byte, c class, salt byte) *mathrand.Rand {
	w.input = append(append(append(w.input[:0], w.key[:]...), byte(c), salt), word...)
	return mathrand.New(mathrand.NewChaCha8(sha256.Sum256(w.input))) //nolint:gosec // the seed is what must be secret
}
