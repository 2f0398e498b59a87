package acceptance

import (
	"strings"
	"time"
)

// Acceptance is what a file says about one finding.
type Acceptance struct {
	// Signature is that of the finding. Rule and Shape are for people who read the file.
	Signature, Rule, Shape string
	// Reason is why it is accepted, or "" if nobody has said so.
	Reason string
	// Until is the last day on which it is accepted, or "" if there is none.
	Until Day
	// Line is where it begins in its file.
	Line int
}

// Day is a day as in "2026-12-31". Days compare as they follow each other.
type Day string

const layout = "2006-01-02"

// DayOf returns the day of a time, in the zone of the time.
func DayOf(t time.Time) Day { return Day(t.Format(layout)) }

// List is what a file accepts, in order.
type List struct {
	All []*Acceptance

	by map[string]*Acceptance
}

// Of returns the acceptance of a finding, or nil. It may have ended.
func (l *List) Of(signature string) *Acceptance {
	if l == nil {
		return nil
	}
	return l.by[signature]
}

// HasEnded reports whether its last day is before a day.
func (a *Acceptance) HasEnded(on Day) bool { return a.Until != "" && a.Until < on }

// RuleOf returns the rule of a signature, or "" if it is not a signature.
func RuleOf(signature string) string {
	rule, hash, found := strings.Cut(signature, ":")
	const digits = 16
	if !found || len(hash) != digits || strings.Trim(hash, "0123456789abcdef") != "" {
		return ""
	}
	return rule
}
