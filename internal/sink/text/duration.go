package text

import (
	"time"
	"unicode/utf8"
)

// colorOf returns the color of a duration.
func colorOf(d time.Duration) string {
	switch {
	case d >= time.Second:
		return red
	case d >= 100*time.Millisecond:
		return yellow
	}
	return reset
}

// appendPadded appends words, right-aligned in a number of columns.
func appendPadded(dst []byte, words string, width int) []byte {
	for n := utf8.RuneCountInString(words); n < width; n++ {
		dst = append(dst, ' ')
	}
	return append(dst, words...)
}
