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
	Title:  "The same statement fails again and again",
	Fires:  "A statement of one shape fails with the same SQLSTATE at least 5 times in a burst, and at least 10 % of its executions do.",
	Silent: "Serialization failures and deadlocks (40001, 40P01), which have a rule of their own, and what was canceled.",
	Help:   "Look at the message and the statement: the line in the log shows the place. Violated constraints (class 23) and locks that could not be had at once (55P03) can be meant, so these are notes.",
	watch:  func(*Options) watcher { return new(failures) },
}

// failures counts the errors of statements in a burst.
type failures struct {
	by    map[*sqltext.Shape]*failed
	order []*failed
}

// failed is one shape, with the errors of its executions.
type failed struct {
	shape  *sqltext.Shape
	calls  int64
	states map[string]*state
	order  []*state
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

func (f *failures) begin(*scope) { *f = failures{by: map[*sqltext.Shape]*failed{}} }

func (f *failures) take(_ *scope, x *exchange) {
	if x.Shape == nil || x.Outcome == event.Skipped {
		return
	}
	one := f.by[x.Shape]
	if one == nil {
		if len(f.by) >= maxShapes {
			return
		}
		one = &failed{shape: x.Shape}
		f.by[x.Shape] = one
		f.order = append(f.order, one)
	}
	if x.runs() {
		one.calls++
	}
	if x.Outcome == event.Failed && isRepeatable(x.SQLState) {
		one.add(x)
	}
}

// isRepeatable reports whether an error can be one that will come again.
func isRepeatable(code string) bool {
	switch code {
	case "40001", "40P01", "25P02": // rules of their own
		return false
	}
	return code != ""
}

func (f *failures) end(s *scope) {
	const least, share = 5, 10
	for _, one := range f.order {
		for _, st := range one.order {
			if st.count < least || st.count*100 < share*one.calls {
				continue
			}
			s.find(finding{
				shape: one.shape, detail: st.code, attributes: st.attributes, note: strings.HasPrefix(st.code, "23") || st.code == "55P03",
				text:     fmt.Sprintf("%d of %s of %s failed with %s: %s", st.count, count(one.calls, "execution"), quoted(one.shape), st.code, st.message),
				remedy:   "Look at what the server says about the statement.",
				evidence: st.evidence, count: st.count,
			})
		}
	}
}

func (f *failed) add(x *exchange) {
	if !x.runs() {
		f.calls++
	}
	st := f.states[x.SQLState]
	if st == nil {
		if len(f.states) >= maxStates {
			return
		}
		if f.states == nil {
			f.states = map[string]*state{}
		}
		st = &state{code: x.SQLState, message: x.Message, attributes: x.Attributes}
		f.states[x.SQLState] = st
		f.order = append(f.order, st)
	}
	st.count++
	if len(st.evidence) < maxEvidence {
		st.evidence = append(st.evidence, x.evidence())
	}
}
