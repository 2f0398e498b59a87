package text

import (
	"encoding/binary"
	"slices"
	"unicode"
	"unicode/utf8"
)

// style is how bytes are written in a string.
type style uint8

const (
	// readable keeps printable characters as they are, in UTF-8.
	readable style = iota
	// ascii also escapes every byte above 0x7e.
	ascii
	// hex escapes every byte.
	hex
)

// appendEscaped writes the inside of a string in double quotes.
func appendEscaped(dst, b []byte, s style) []byte {
	if s == hex {
		return appendHex(dst, b)
	}
	for len(b) > 0 {
		n := plainPrefix(b)
		dst = append(dst, b[:n]...)
		b = b[n:]
		if len(b) == 0 {
			break
		}
		if s == readable && b[0] >= utf8.RuneSelf {
			n = printablePrefix(b)
			dst = append(dst, b[:n]...)
			b = b[n:]
			if n > 0 {
				continue
			}
		}
		dst = appendByte(dst, b)
		b = b[1:]
	}
	return dst
}

// plainPrefix counts the leading bytes that need no escape, whatever follows. If there are many, it
// looks at eight at a time.
func plainPrefix(b []byte) int {
	i := 0
	for i < len(b) && plain[b[i]] {
		if i++; i%8 != 0 {
			continue
		}
		for len(b)-i >= 8 && allPlain(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
		}
	}
	return i
}

// allPlain reports whether eight bytes are all plain. Subtracting 1 from a byte sets its top bit if
// the byte was 0 or the bit was set before. What one byte borrows from the next does not matter,
// because then the answer is already known.
func allPlain(x uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	control := x - ones*' '
	quote := (x | ones) ^ ones*'#' // '"' or '#'
	backslash := x ^ ones*'\\'
	del := x ^ ones*0x7f
	return (x|control|(quote-ones)&^quote|(backslash-ones)&^backslash|(del-ones)&^del)&tops == 0
}

// plain are the bytes that need no escape.
var plain = plainBytes()

func plainBytes() (table [256]bool) {
	for c := ' '; c <= '~'; c++ {
		table[c] = c != '"' && c != '\\' && c != '#'
	}
	return table
}

// printablePrefix returns the number of bytes in a printable character beyond ASCII, or 0.
func printablePrefix(b []byte) int {
	r, size := utf8.DecodeRune(b)
	if r == utf8.RuneError && size <= 1 || !unicode.IsPrint(r) {
		return 0
	}
	return size
}

// appendByte writes the first byte of b, escaped if necessary. The escapes are those of Ruby's
// String#inspect, which readers of the log know. "#" is escaped only if it would begin an
// interpolation.
func appendByte(dst, b []byte) []byte {
	c := b[0]
	switch {
	case c == '#' && (len(b) == 1 || b[1] != '{' && b[1] != '$' && b[1] != '@'):
		return append(dst, c)
	case c < ' ' && short[c] != 0:
		return append(dst, '\\', short[c])
	case c == '"' || c == '\\' || c == '#':
		return append(dst, '\\', c)
	case ' ' <= c && c <= '~':
		return append(dst, c)
	}
	return append(dst, '\\', 'x', upperDigits[c>>4], upperDigits[c&15])
}

// short are the control characters that have a letter.
var short = [' ']byte{'\a': 'a', '\b': 'b', '\t': 't', '\n': 'n', '\v': 'v', '\f': 'f', '\r': 'r', 0x1b: 'e'}

const upperDigits = "0123456789ABCDEF"

func appendHex(dst, b []byte) []byte {
	dst = slices.Grow(dst, 4*len(b))
	for _, c := range b {
		dst = append(dst, hexEscapes[c][:]...)
	}
	return dst
}

// hexEscapes has all bytes as appendHex writes them.
var hexEscapes = escapeAll()

func escapeAll() (all [256][4]byte) {
	const digits = "0123456789abcdef"
	for c := range all {
		all[c] = [4]byte{'\\', 'x', digits[c>>4], digits[c&15]}
	}
	return all
}

// AppendSafe writes words without quotes around them, and without anything that a terminal would
// run as a command.
func AppendSafe[T string | []byte](dst []byte, s T) []byte {
	for len(s) > 0 {
		n := 0
		for n < len(s) && ' ' <= s[n] && s[n] <= '~' {
			n++
		}
		dst, s = append(dst, s[:n]...), s[n:]
		if len(s) == 0 {
			break
		}
		r, size := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
			for i := range size {
				dst = appendByte(dst, []byte{s[i]})
			}
		} else {
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return dst
}

// isText guesses whether a value is in text format: valid UTF-8 without control characters other
// than white space. An incomplete character at the end counts as one that was cut.
func isText(value []byte) bool {
	for i := 0; i < len(value); {
		if c := value[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(value[i:])
		if r == utf8.RuneError && size == 1 {
			return i > 0 && !utf8.FullRune(value[i:])
		}
		if unicode.IsControl(r) {
			return false
		}
		i += size
	}
	return true
}
