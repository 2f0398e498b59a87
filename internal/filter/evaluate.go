package filter

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// answer is the result of asking an expression. The order is that of truth: "and" is the lesser of
// two answers, "or" the greater.
type answer int8

const (
	stale answer = iota - 1 // of a part: it must be computed
	no
	later // it depends on something that is not known yet
	yes
)

// evaluator asks an expression one question after another. Usually a question has the values of the
// previous one, so a part is computed again only if one of its variables has changed. It serves one
// goroutine.
type evaluator[Q any] struct {
	*expression[Q]

	complain func(error)
	machine  vm.VM
	values   map[string]any // of the variables
	last     []value        // the same, by index of the variables
	answers  []answer       // of the parts
	unknown  variables      // in the current question
}

// value is the value of a variable, of one of these types.
type value struct {
	text   string
	number int
	list   []string
}

func newEvaluator[Q any](e *expression[Q], complain func(error)) evaluator[Q] {
	v := evaluator[Q]{
		expression: e, complain: complain, values: zeroValues(e.vocabulary),
		last: make([]value, len(e.vocabulary)), answers: make([]answer, len(e.parts)),
	}
	for i := range v.answers {
		v.answers[i] = stale
	}
	return v
}

// ask asks the expression. The answer is later only if a variable is not known yet, and its value
// could matter.
func (v *evaluator[Q]) ask(q *Q) answer {
	changed := variables(0)
	v.unknown = 0
	for i := range v.vocabulary {
		if !v.reads.has(i) {
			continue
		}
		variable := &v.vocabulary[i]
		switch {
		case variable.unknown != nil && variable.unknown(q):
			v.unknown |= 1 << i
		case variable.update(q, &v.last[i], v.values):
			changed |= 1 << i
		}
	}
	if changed != 0 {
		for i, p := range v.parts {
			if p.reads&changed != 0 {
				v.answers[i] = stale
			}
		}
	}
	return v.decide(v.root)
}

// update reads the value of a variable in a question, and reports whether it differs from the last
// one.
func (x *variable[Q]) update(q *Q, last *value, values map[string]any) bool {
	switch {
	case x.text != nil:
		text := x.text(q)
		if text == last.text {
			return false
		}
		last.text, values[x.name] = text, text
	case x.number != nil:
		number := x.number(q)
		if number == last.number {
			return false
		}
		last.number, values[x.name] = number, number
	default:
		list := x.list(q)
		if len(list) == len(last.list) && (len(list) == 0 || &list[0] == &last.list[0]) {
			return false
		}
		last.list, values[x.name] = list, list
	}
	return true
}

// decide combines the answers of parts.
func (v *evaluator[Q]) decide(n *node) answer {
	switch n.operator {
	case and:
		if left := v.decide(n.left); left != no {
			return min(left, v.decide(n.right))
		}
		return no
	case or:
		if left := v.decide(n.left); left != yes {
			return max(left, v.decide(n.right))
		}
		return yes
	case not:
		return yes - v.decide(n.left)
	}
	p := v.parts[n.part]
	switch {
	case p.reads&v.unknown != 0:
		return later
	case v.answers[n.part] == stale:
		v.answers[n.part] = v.compute(p)
	}
	return v.answers[n.part]
}

// compute computes a part.
func (v *evaluator[Q]) compute(p *part) answer {
	result, err := v.machine.Run(p.program, v.values)
	if err != nil {
		v.say(p, err)
		return no
	}
	if result == true {
		return yes
	}
	return no
}

// say reports once that a part can't be computed, with its position.
func (v *evaluator[Q]) say(p *part, err error) {
	if p.said.Swap(true) {
		return
	}
	what, place := err.Error(), ""
	if at, ok := errors.AsType[*file.Error](err); ok {
		what, place = at.Message, v.show(at)
	}
	v.complain(fmt.Errorf("%s: wherever this can't be computed, it counts as false%s", harmless(what), place))
}

// maxWhat is how much of an error is reported, in bytes.
const maxWhat = 200

// harmless returns what may be reported of an error, which may contain something that a client
// sent.
func harmless(what string) string {
	if len(what) > maxWhat {
		what = what[:maxWhat] + " ..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, what)
}
