package insight

import (
	"fmt"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// failing finds statements that fail again and again.
var failing = Rule{
	Name: "errors", Severity: event.Warning, within: aBurst,
	Title: "The same statement fails again and again",
	Fires: "A statement of one shape fails with the same SQLSTATE at least 5 times in a burst, and at least 10 % of its executions do. Or at least 10 statements are sent in a transaction after the error that made it fail was there (25P02).",
	Silent: "Serialization failures and deadlocks (40001, 40P01), which have a rule of their own. What was canceled by a request that was seen. " +
		"In a transaction that has failed, statements that were on their way before the error was there.",
	Help:    "Look at the message and the statement: the line in the log shows the place. Violated constraints (class 23) and locks that could not be had at once (55P03) can be meant, so these are notes. After an error in a transaction only ROLLBACK, or ROLLBACK TO a savepoint, leads on.",
	watch:   func(*Options) watcher { return new(failures) },
	besides: &ignoring,
}

// failures counts the errors of statements in a burst.
type failures struct {
	by  map[*sqltext.Shape]int // places in all
	all []failed
}

// failed is one shape, with the errors of its executions.
type failed struct {
	shape  *sqltext.Shape
	calls  int64
	states []state
}

type state struct {
	code, message string
	count         int64
	attributes    []sqltext.Attribute
	evidence      []event.Evidence
}

// Limits of what is counted in a burst.
const (
	maxShapes = 1000
	maxStates = 20
)

func (f *failures) begin(*scope) {
	clear(f.by)
	clear(f.all) // of messages
	f.all = f.all[:0]
}

func (f *failures) take(s *scope, x *exchange) {
	if x.Shape == nil || x.Outcome == event.Skipped {
		return
	}
	fails := x.Outcome == event.Failed && isRepeatable(x.SQLState)
	if !x.runs() && !fails {
		return
	}
	at, known := f.by[x.Shape]
	if !known {
		if len(f.all) >= maxShapes {
			return
		}
		if f.by == nil {
			f.by = map[*sqltext.Shape]int{}
		}
		at = len(f.all)
		f.by[x.Shape] = at
		f.all = append(f.all, failed{shape: x.Shape})
		s.grow(sizeOfFailed + sizeOfTexts(x.Shape, nil))
	}
	one := &f.all[at]
	one.calls++
	if fails {
		s.grow(one.add(x))
	}
}

// isRepeatable reports whether this rule counts an error.
func isRepeatable(code string) bool {
	switch code {
	case serializationFailure, deadlockDetected, inFailedTransaction: // looked for in other ways
		return false
	}
	return code != ""
}

// SQLSTATEs, as src/backend/utils/errcodes.txt names them.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	inFailedTransaction  = "25P02"
	lockNotAvailable     = "55P03"
	constraintViolations = "23" // a class
)

func (f *failures) end(s *scope) {
	const least, share = 5, 10
	for i := range f.all {
		one := &f.all[i]
		for _, st := range one.states {
			if st.count < least || st.count*100 < share*one.calls {
				continue
			}
			s.find(finding{
				shape: one.shape, detail: st.code, attributes: st.attributes,
				note:     strings.HasPrefix(st.code, constraintViolations) || st.code == lockNotAvailable,
				text:     fmt.Sprintf("%s of %s of %s failed with %s: %s", event.Number(st.count), event.Count(one.calls, "execution"), quoted(one.shape), st.code, st.message),
				remedy:   "Look at what the server says about the statement.",
				evidence: st.evidence, count: st.count,
			})
		}
	}
}

// add adds an error, and returns how many bytes more that takes.
func (f *failed) add(x *exchange) (bytes int) {
	var st *state
	for i := range f.states {
		if f.states[i].code == x.SQLState {
			st = &f.states[i]
		}
	}
	if st == nil {
		if len(f.states) >= maxStates {
			return 0
		}
		f.states = append(f.states, state{code: x.SQLState, message: clipped(x.inUTF8(x.Message)), attributes: x.Attributes})
		st = &f.states[len(f.states)-1]
		bytes = sizeOfState + len(st.code) + len(st.message) + sizeOfTexts(nil, st.attributes)
	}
	st.count++
	if len(st.evidence) < maxEvidence {
		st.evidence = append(st.evidence, x.evidence())
		bytes += sizeOfEvidence
	}
	return bytes
}
