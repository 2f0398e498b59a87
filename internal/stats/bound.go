package stats

import (
	"fmt"
	"time"
)

// Bound is a point in time, or a time of the day on which the first event was. The zero Bound is
// none.
type Bound struct {
	at    time.Time
	clock bool // the date is that of the first event
}

// layouts are how a bound may be written, from the most exact.
var layouts = []struct {
	layout string
	clock  bool
}{
	{time.RFC3339, false}, {"2006-01-02 15:04:05", false}, {"2006-01-02T15:04:05", false}, {"2006-01-02 15:04", false}, {"2006-01-02", false},
	{"15:04:05", true}, {"15:04", true},
}

// ParseBound reads a time, in the zone of this machine where it names none.
func ParseBound(text string) (Bound, error) {
	for _, l := range layouts {
		if at, err := time.ParseInLocation(l.layout, text, time.Local); err == nil {
			return Bound{at, l.clock}, nil
		}
	}
	return Bound{}, fmt.Errorf("%q is not a time: give one such as \"2026-11-28 17:05\", 2026-11-28T17:05:00Z, or 17:05 on the day of the first event", text)
}

func (b Bound) isZero() bool { return b == Bound{} }

// isAfter reports whether the bound is after a time, where first is that of the first event.
func (b Bound) isAfter(t, first time.Time) bool {
	if b.isZero() {
		return false
	}
	at := b.at
	if b.clock {
		day := first.In(at.Location())
		at = time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), at.Location())
	}
	return at.After(t)
}
