package event

import (
	"slices"
	"strings"
	"time"

	"pgpi/internal/sqltext"
)

// Finding is what a rule of package insight has found: what was seen, and what would help. It never
// says why something was done.
type Finding struct {
	// Rule is the name of the rule, such as "n+1".
	Rule     string
	Severity Severity
	// Timed is set if it depends on how fast the machine was. It may differ from run to run.
	Timed bool
	// Signature identifies what was found, from run to run: the rule, and a hash of what it is
	// about. Nothing that differs between runs is part of it.
	Signature string
	// Again is set if the signature was found before. Logs show only the first.
	Again bool
	// GoesOn is set if it is not another one, and more is known now of one that was found before.
	GoesOn bool
	// Accepted is set if the user has accepted it, and Reason is why, or "" if nobody has said so.
	Accepted bool
	Reason   string
	// Shape is the shape of the statement it is about, or nil.
	Shape *sqltext.Shape
	// Attributes are those in the comments of that statement.
	Attributes []sqltext.Attribute
	// Text is what was seen, in one sentence with its numbers. Remedy is what would help, in one
	// sentence.
	Text, Remedy string
	// Timeless is Text without durations, or "" if it has none.
	Timeless string
	// Connections are the first connections it was seen on, in order. It is never empty.
	Connections []uint32
	// More is how many connections there are besides.
	More int
	// Evidence are the first exchanges that show it, in the order of time. It is empty if it is not
	// about exchanges.
	Evidence []Evidence
	// Took and Count are how much of it there was, for bounds that users set: a duration for rules
	// whose bound is one, and a number for the others.
	Took  time.Duration
	Count int64
}

// Stopped returns words as a sentence: they end with a full stop, unless something else ends them.
func Stopped(words string) string {
	if words == "" || strings.ContainsAny(words[len(words)-1:], ".!?") {
		return words
	}
	return words + "."
}

// Evidence is an exchange that shows a finding.
type Evidence struct {
	Conn, Exchange uint32
	// At is when its first byte was seen. Elapsed is the same as time since the connection was
	// opened.
	At      time.Time
	Elapsed time.Duration
	// Identity is who sent it, as far as is known.
	Identity *Identity
}

// Severity is how much a finding matters.
type Severity uint8

// The severities, from the least grave.
const (
	Note Severity = iota
	Warning
	Error
)

var severities = [...]string{"note", "warning", "error"}

func (s Severity) String() string { return severities[s] }

// Severities returns the names of all severities, from the least grave.
func Severities() []string { return severities[:] }

// Tally counts findings by severity. Accepted ones are counted apart.
type Tally struct {
	Accepted   int64
	severities [len(severities)]int64
}

// Add counts a finding.
func (t *Tally) Add(s Severity, accepted bool) {
	if accepted {
		t.Accepted++
	} else {
		t.severities[s]++
	}
}

// String returns the counts, the gravest first and the accepted ones last: "1 error, 2 notes, 1
// accepted". It returns nothing if there are no findings.
func (t *Tally) String() string {
	var words []string
	for s, n := range slices.Backward(t.severities[:]) {
		if n > 0 {
			words = append(words, Count(n, Severity(s).String()))
		}
	}
	if t.Accepted > 0 {
		words = append(words, Number(t.Accepted)+" accepted")
	}
	return strings.Join(words, ", ")
}
