package insight

import (
	"fmt"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// duplicate finds statements whose result was there already.
var duplicate = Rule{
	Name: "duplicate", Severity: event.Warning, within: aUnit,
	Title: "The same question, with the same answer",
	Fires: "In one transaction, in one request, trace or test that comments name, or else in a burst of less than 10 s, that has other statements too: " +
		"the same SELECT from tables with equal values at least 3 times, and in at least 10 % of the executions of its shape there, with the same rows each time. " +
		"This client wrote nothing in between. " +
		"In a burst it is on one connection, and only a note: a second of a web server can have several requests, each of which asks for its user.",
	Silent: "SELECTs with functions in FROM, FOR UPDATE or FOR SHARE, and FETCH. SELECTs from the system's catalogs only, as drivers and tools send them by themselves. Results without rows. A statement that is polled by itself. " +
		"What a SAVEPOINT or ROLLBACK TO is between, because test frameworks put one around each test. Children that rule n+1 has found.",
	Help:  "The program could keep the first result, for as long as the request takes.",
	watch: func(*Options) watcher { return new(questions) },
}

// questions counts equal statements in a unit.
type questions struct {
	shapes []executed
	places map[uint64]int // of questions in all
	all    []question
	size   int // of both, in the account
}

// executed is the executions of one shape.
type executed struct {
	shape      *sqltext.Shape
	executions int64
}

// question is one request.
type question struct {
	shape      *sqltext.Shape
	attributes []sqltext.Attribute
	answer     uint64 // hash of the rows
	rows       int64
	writes     int64 // of the client, before it
	count      int64 // with this answer
	over       bool  // enough came before another answer
	evidence   [3]event.Evidence
	conn       uint32
}

// Limits of what is counted in a unit.
const (
	maxQuestions    = 1000
	leastDuplicates = 3
)

func (w *questions) begin(*scope) {
	w.shapes, w.all, w.size = w.shapes[:0], w.all[:0], 0
	if clear(w.places); w.places == nil {
		w.places = map[uint64]int{}
	}
}

func (w *questions) take(s *scope, x *exchange) {
	if x.Shape == nil || x.controls() || !w.count(s, x) || !x.statement.Plain || !x.statement.readsTables || x.Outcome != event.Done || x.rows == nil || x.rows.gaps {
		return
	}
	request, ok := s.stage.operands.request(x)
	if !ok {
		return
	}
	if s.conn == nil && !s.proven {
		request ^= uint64(x.conn.number) // what connections ask when they begin is not asked again
	}
	at, found := w.places[request]
	if !found {
		if len(w.all) >= maxQuestions {
			return
		}
		w.places[request] = len(w.all)
		w.all = append(w.all, question{})
		at = len(w.all) - 1
		before := w.size
		w.size = sizeOfQuestion*cap(w.all) + bytesOfMap(len(w.places))
		s.grow(w.size - before)
	}
	answer := x.rows.hash.Sum64()
	q := &w.all[at]
	switch {
	case q.over:
		return
	case q.count > 0 && q.answer == answer && q.writes == s.client.writes:
	case q.count >= leastDuplicates: // another answer ends what was found
		q.over = true
		return
	default:
		s.grow(sizeOfTexts(nil, x.Attributes) - sizeOfTexts(nil, q.attributes))
		*q = question{shape: x.Shape, attributes: x.Attributes, answer: answer, rows: x.Rows, writes: s.client.writes, conn: x.conn.number}
	}
	if q.count < int64(len(q.evidence)) {
		q.evidence[q.count] = x.evidence()
	}
	q.count++
}

// count counts an execution of its shape, if there is room.
func (w *questions) count(s *scope, x *exchange) bool {
	for i := range w.shapes {
		if w.shapes[i].shape == x.Shape {
			w.shapes[i].executions++
			return true
		}
	}
	if len(w.shapes) >= maxLoops {
		return false
	}
	w.shapes = append(w.shapes, executed{x.Shape, 1})
	s.grow(sizeOfExecuted + sizeOfTexts(x.Shape, nil))
	return true
}

func (w *questions) end(s *scope) {
	if len(w.shapes) < 2 {
		return
	}
	for _, one := range w.shapes {
		w.say(s, one)
	}
}

// say finds what was asked again with a shape.
func (w *questions) say(s *scope, one executed) {
	var first *question
	total, different := int64(0), 0
	for i := range w.all {
		if q := &w.all[i]; q.shape == one.shape && q.count >= leastDuplicates {
			if first == nil || q.count > first.count {
				first = q
			}
			total += q.count
			different++
		}
	}
	const percent = 10
	if first == nil || total*100 < percent*one.executions || s.stage.compares && s.stage.covered(s, s.client, one.shape, first.conn) {
		return
	}
	text := fmt.Sprintf("%s was asked %s times in one %s, with the same %s each time", quoted(one.shape), event.Number(first.count), s.unitName(), event.Count(first.rows, "row"))
	if different > 1 {
		text += fmt.Sprintf("; and %s times with other values, or on other connections", event.Number(total-first.count))
	}
	remedy := "The first result could be kept."
	together := s.proven || s.conn != nil
	if !together {
		remedy = "If they are for one request, the first result could be kept."
	}
	s.find(finding{
		shape: one.shape, attributes: first.attributes, text: text, remedy: remedy, note: !together,
		evidence: first.evidence[:], count: total,
	})
}
