package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"pgpi/internal/event"
)

// duration returns a time with three digits.
func duration(d time.Duration) string { return strings.ReplaceAll(event.Rounded(d), " ", together) }

// short returns a number in at most seven characters.
func short(n int64) string {
	for _, unit := range []struct {
		limit, size int64
		name        string
	}{{1e7, 1, ""}, {1e10, 1e3, "k"}, {1e13, 1e6, "M"}} {
		if n < unit.limit {
			return strconv.FormatInt(n/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatInt(n/1e9, 10) + "G"
}

// size returns a number of bytes.
func size(n int64) string {
	value, unit := float64(n), "B"
	for _, next := range []string{"kB", "MB", "GB", "TB"} {
		if value < 999.5 {
			break
		}
		value, unit = value/1000, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d"+together+"B", n)
	}
	return fmt.Sprintf("%.3g"+together+"%s", value, unit)
}

// partOf returns a part of a time.
func partOf(part, whole time.Duration) string {
	if part == whole {
		return "all of it"
	}
	return duration(part) + " of it"
}

// perCall returns a mean with as many digits as there is room for.
func perCall(sum, calls int64) string {
	if calls == 0 {
		return "-"
	}
	mean := float64(sum) / float64(calls)
	if mean >= 1000 {
		return short(int64(mean + 0.5))
	}
	return fmt.Sprintf("%.1f", mean)
}

// left and right pad words to a number of columns. Longer words are cut.
func left(words string, width int) string { return fmt.Sprintf("%-*s", width, cut(words, width)) }

func right(words string, width int) string { return fmt.Sprintf("%*s", width, cut(words, width)) }

// cut shortens words to a number of characters.
func cut(words string, width int) string {
	if utf8.RuneCountInString(words) <= width {
		return words
	}
	return string([]rune(words)[:width-1]) + "…"
}

// shares returns the parts of a whole in tenths of a percent. They add up to 1000: what rounding
// leaves over goes to the parts that it has cut most.
func shares(parts []int64) []int {
	var whole int64
	for _, p := range parts {
		whole += p
	}
	tenths := make([]int, len(parts))
	if whole == 0 {
		return tenths
	}
	rest := make([]float64, len(parts))
	left := 1000
	for i, p := range parts {
		exact := 1000 * float64(p) / float64(whole)
		tenths[i] = int(exact)
		rest[i] = exact - float64(tenths[i])
		left -= tenths[i]
	}
	for ; left > 0; left-- {
		most := 0
		for i := range rest {
			if rest[i] > rest[most] {
				most = i
			}
		}
		tenths[most]++
		rest[most] = -1
	}
	return tenths
}

// tenths returns a share as in "61.2".
func tenths(n int) string { return fmt.Sprintf("%d.%d", n/10, n%10) }
