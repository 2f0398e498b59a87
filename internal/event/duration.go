package event

import (
	"strconv"
	"time"
)

// Rounded returns a time with three significant digits, such as "1.23 ms", or "-" if it was not
// seen. Zero is "0 µs": the reply was read at once with the one before.
func Rounded(d time.Duration) string {
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
