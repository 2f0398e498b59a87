package stats

import (
	"fmt"
	"time"
)

// Bound is a point in time, or a time of day on the date of the first event. The zero Bound is no
// bound.
type Bound struct {
	at time.Time
	layout
}

// layout is one way to write a bound.
type layout struct {
	text string
	// zoned is set if the bound names its time zone. Other bounds are in the zone of the events,
	// like reports.
	zoned bool
	// clock is set if the date is that of the first event.
	clock bool
}

// layouts are all ways to write a bound, the most exact first.
var layouts = []layout{
	{time.RFC3339, true, false}, {"2006-01-02 15:04:05 -0700", true, false},
	{"2006-01-02 15:04:05", false, false}, {"2006-01-02T15:04:05", false, false}, {"2006-01-02 15:04", false, false}, {"2006-01-02", false, false},
	{"15:04:05", false, true}, {"15:04", false, true},
}

// ParseBound reads a time. It is in the zone of the events unless it names one.
func ParseBound(text string) (Bound, error) {
	for _, l := range layouts {
		if at, err := time.Parse(l.text, text); err == nil {
			return Bound{at, l}, nil
		}
	}
	return Bound{}, fmt.Errorf("%q is not a time: give one such as \"2026-11-28 17:05\", 2026-11-28T17:05:00Z, or 17:05 on the day of the first event", text)
}

func (b Bound) isZero() bool { return b == Bound{} }

// isAfter reports whether the bound is after t. first is the time of the first event.
func (b Bound) isAfter(t, first time.Time) bool {
	if b.isZero() {
		return false
	}
	at := b.at
	if !b.zoned {
		year, month, day := at.Date()
		if b.clock {
			year, month, day = first.Date()
		}
		at = time.Date(year, month, day, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), first.Location())
	}
	return at.After(t)
}
