package insight

import (
	"fmt"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// repeated finds a statement that is executed for one value after another, whose values were in no
// result that is remembered.
var repeated = Rule{
	Name: "repeated", Severity: event.Note, within: aUnit,
	Title: "The same statement for one value after another",
	Fires: "In one transaction, or in one request, trace or test that comments name: at least 10 SELECTs of one shape with different values on one connection. " +
		"What varies is compared with columns by = or IN, and rule n+1 did not find where the values are from. If results, or comparisons with results, are no longer remembered, it says how many.",
	Silent: "What rule n+1 does not take for children: lists, pages, what reads only the system's catalogs, FETCH, further Executes of a portal, a chain where each value is in the result before. " +
		"LIMIT and OFFSET that vary. A SAVEPOINT or ROLLBACK TO begins a new unit, because test frameworks put one around each test.",
	Help:  "If the values are known together, one statement can ask for all of them: where id = any($1).",
	watch: func(*Options) watcher { return new(repetitions) },
}

// repetitions counts what is executed again in a unit.
type repetitions struct {
	loops             []loop
	size              int   // of them, without what they refer to, in the account
	forgotten, halted int64 // when it began
}

// loop is the executions of one shape on one connection.
type loop struct {
	shape      *sqltext.Shape
	conn       uint32
	attributes []sqltext.Attribute
	size       int // in the account
	executions int64
	request    uint64          // the first
	requests   map[uint64]bool // that differ, nil while there is one
	before     []uint64
	varies     uint16
	edges      [2][maxColumns]uint64
	paged      [maxColumns]int
	unknown    bool // the values of some are not known
	evidence   []event.Evidence
}

// maxLoops is how many shapes of a unit are followed.
const maxLoops = 100

func (w *repetitions) begin(s *scope) {
	w.loops, w.size = w.loops[:0], 0
	if s.client != nil {
		w.forgotten, w.halted = s.client.memory.forgotten, s.client.memory.halted
	}
}

func (w *repetitions) take(s *scope, x *exchange) {
	if s.conn == nil && !s.proven || x.controls() || !x.succeeded() || !x.isChild() {
		return
	}
	if x.statement.HasList && s.stage.operands.valuesOf(x) == nil {
		return
	}
	l := w.loopOf(s, x)
	if l == nil {
		return
	}
	before := l.size
	l.add(s.stage, x)
	l.size = l.bytes()
	s.grow(l.size - before)
}

// bytes returns how much memory it refers to.
func (l *loop) bytes() int {
	return sizeOfTexts(l.shape, l.attributes) + bytesOfMap(len(l.requests)) + sizeOfEvidence*cap(l.evidence) + 8*cap(l.before)
}

// add adds an execution.
func (l *loop) add(s *Stage, x *exchange) {
	l.executions++
	if len(l.evidence) < maxEvidence {
		l.evidence = append(l.evidence, x.evidence())
	}
	request, ok := s.operands.request(x)
	if !ok {
		l.unknown = true
		return
	}
	switch {
	case l.executions == 1:
		l.request = request
	case l.requests != nil && len(l.requests) < maxRequests:
		l.requests[request] = true
	case l.requests == nil && request != l.request:
		l.requests = map[uint64]bool{l.request: true, request: true}
	}
	if l.executions > 1 {
		l.compare(s, x)
	}
}

// maxRequests is how many different requests of a loop are counted.
const maxRequests = 1000

// loopOf returns the loop that an exchange is part of, or nil if there is no room.
func (w *repetitions) loopOf(s *scope, x *exchange) *loop {
	for i := range w.loops {
		if l := &w.loops[i]; l.shape == x.Shape && l.conn == x.conn.number {
			return l
		}
	}
	n := len(w.loops)
	if n >= maxLoops {
		return nil
	}
	if n == cap(w.loops) {
		w.loops = append(w.loops, loop{})
	} else {
		w.loops = w.loops[:n+1]
	}
	s.grow(sizeOfLoop*cap(w.loops) - w.size)
	w.size = sizeOfLoop * cap(w.loops)
	l := &w.loops[n]
	*l = loop{shape: x.Shape, conn: x.conn.number, attributes: x.Attributes, before: l.before[:0]}
	return l
}

// compare notes which values vary, and whether they are from the result before.
func (l *loop) compare(s *Stage, x *exchange) {
	if x.values == nil {
		x.values = s.operands.valuesOf(x)
	}
	if x.values == nil {
		l.unknown = true
		return
	}
	for i, v := range x.values {
		if i >= len(l.before) || v.hash == l.before[i] {
			continue
		}
		l.varies |= 1 << i
		for column := range l.paged {
			if l.edges[0][column] == v.hash || l.edges[1][column] == v.hash {
				l.paged[column]++
			}
		}
	}
	l.before = l.before[:0]
	for _, v := range x.values {
		l.before = append(l.before, v.hash)
	}
	l.edges = [2][maxColumns]uint64{}
	if x.rows != nil {
		l.edges = x.rows.edges
	}
}

func (w *repetitions) end(s *scope) {
	const least = 10
	for i := range w.loops {
		l := &w.loops[i]
		different := len(l.requests)
		if l.unknown || different-slices.Max(l.paged[:]) < least || s.stage.covered(s, s.client, l.shape, l.conn) {
			continue
		}
		operands, ok := l.compared()
		if !ok {
			continue
		}
		number := fmt.Sprint(different)
		if different == maxRequests {
			number += " or more"
		}
		text := fmt.Sprintf("%s × %s with %s different values of %s in one %s; what was seen does not prove where they are from", event.Number(l.executions), quoted(l.shape), number, placeholders(operands), s.unitName())
		text += w.lack(&s.client.memory)
		s.find(finding{
			shape: l.shape, attributes: l.attributes, text: text, remedy: "If the values are known together, one statement " + asOne(l.shape, operands), evidence: l.evidence, count: l.executions,
		})
	}
}

// lack says what can't be compared any more with what was seen in the unit.
func (w *repetitions) lack(m *memory) string {
	var all []string
	if n := m.forgotten - w.forgotten; n > 0 {
		all = append(all, event.Count(n, "result"))
	}
	if n := m.halted - w.halted; n > 0 {
		all = append(all, event.Count(n, "comparison")+" with results")
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, " and ") + " forgotten in the meantime)"
}

// compared returns the operands that vary, and reports whether each of them is compared with a
// column.
func (l *loop) compared() (operands []int, ok bool) {
	for i := range maxOperands {
		if l.varies&(1<<i) == 0 {
			continue
		}
		if _, ok := sqltext.ComparedWith(l.shape, i+1); !ok {
			return nil, false
		}
		operands = append(operands, i)
	}
	return operands, len(operands) > 0
}

// placeholders lists operands, as in "$1 and $3".
func placeholders(operands []int) string {
	names := make([]string, 0, len(operands))
	for _, i := range operands {
		names = append(names, fmt.Sprintf("$%d", i+1))
	}
	return strings.Join(names, " and ")
}

// unitName returns what a unit is.
func (sc *scope) unitName() string {
	switch {
	case sc.proven:
		return "request, trace or test"
	case sc.conn != nil:
		return "transaction"
	}
	return "burst"
}
