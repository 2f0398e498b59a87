package text

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Duration returns a time with three significant digits, such as "1.23 ms", or "-" if it was not
// seen. Zero is "0 µs": the reply was read at once with the one before.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-"
	case d == 0:
		return "0 µs"
	}
	unit, name := time.Microsecond, " µs"
	switch {
	case d >= 999500*time.Microsecond:
		unit, name = time.Second, " s"
	case d >= 999500*time.Nanosecond:
		unit, name = time.Millisecond, " ms"
	}
	value := float64(d) / float64(unit)
	decimals := 2
	for limit := 9.995; value >= limit && decimals > 0; limit *= 10 {
		decimals--
	}
	return strconv.FormatFloat(value, 'f', decimals, 64) + name
}

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
