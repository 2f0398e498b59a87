package stats

import (
	"fmt"
	"time"
)

// Bound is a point in time, or a time of the day on which the first event was. The zero Bound is
// none.
type Bound struct {
	at time.Time
	layout
}

// layout is how a bound may be written.
type layout struct {
	text string
	// zoned says that it names its zone. Others are in that of the events, as reports are.
	zoned bool
	// clock says that the date is that of the first event.
	clock bool
}

// layouts are all of them, from the most exact.
var layouts = []layout{
	{time.RFC3339, true, false}, {"2006-01-02 15:04:05 -0700", true, false},
	{"2006-01-02 15:04:05", false, false}, {"2006-01-02T15:04:05", false, false}, {"2006-01-02 15:04", false, false}, {"2006-01-02", false, false},
	{"15:04:05", false, true}, {"15:04", false, true},
}

// ParseBound reads a time, in the zone of the events where it names none.
func ParseBound(text string) (Bound, error) {
	for _, l := range layouts {
		if at, err := time.Parse(l.text, text); err == nil {
			return Bound{at, l}, nil
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
	if !b.zoned {
		year, month, day := at.Date()
		if b.clock {
			year, month, day = first.Date()
		}
		at = time.Date(year, month, day, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), first.Location())
	}
	return at.After(t)
}
