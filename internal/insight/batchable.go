package insight

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// batchable finds writes that are sent one by one.
var batchable = Rule{
	Name: "batchable", Severity: event.Note, within: aTransaction,
	Title:  "Many writes of one shape in one transaction, each awaited",
	Fires:  "At least 20 INSERTs, UPDATEs or DELETEs of one shape in one transaction, each sent after the reply to what came before, and nothing sent until its own reply was there.",
	Silent: "Writes in a pipeline, as executemany of psycopg 3 and batches of JDBC are. Writes with RETURNING, whose results the client may need for the next one. INSERTs of several rows, and writes with a list such as ANY($1): they are batches already. Writes with a SAVEPOINT or ROLLBACK TO between them, as test frameworks send for each test.",
	Help:   "Each of these statements waits for the way to the server and back. Several rows in one statement, COPY, or a pipeline need fewer round trips.",
	watch:  func(*Options) watcher { return new(batches) },
}

// batches counts the writes of a transaction by shape.
type batches struct {
	by  map[*sqltext.Shape]int // places in all
	all []batch
	// last is the place of the write before, or -1: it is not known yet whether it is awaited.
	last int
	took time.Duration // by that write
	size int           // in the account
}

// batch is the writes of one shape.
type batch struct {
	shape      *sqltext.Shape
	statement  *statement
	attributes []sqltext.Attribute
	count      int64
	took       time.Duration
	evidence   []event.Evidence
}

// maxBatches is how many shapes of writes in a transaction are counted.
const maxBatches = 200

func (b *batches) begin(*scope) {
	clear(b.by)
	b.all, b.last, b.size = b.all[:0], -1, 0
}

func (b *batches) take(s *scope, x *exchange) {
	if x.RoundTrips == 0 {
		b.takeBack()
		return
	}
	b.last = -1
	st := x.statement
	if st.bounds {
		b.end(s)
		s.grow(-b.size)
		b.begin(s)
	}
	if !x.runs() || !st.writesOne() || x.Outcome != event.Done || st.Verb == "insert" && x.Counted > 1 {
		return
	}
	at, known := b.by[x.Shape]
	if !known {
		if len(b.all) == maxBatches {
			return
		}
		at = b.add(x)
		more := sizeOfBatch + sizeOfTexts(x.Shape, x.Attributes) + maxEvidence*sizeOfEvidence
		b.size += more
		s.grow(more)
	}
	one := &b.all[at]
	one.count++
	if len(one.evidence) < maxEvidence {
		one.evidence = append(one.evidence, x.evidence())
	}
	b.last, b.took = at, max(0, x.Times.Duration())
	one.took += b.took
}

// writesOne reports whether a statement writes, and may be one of a batch.
func (st *statement) writesOne() bool {
	return st.Statements == 1 && !st.HasReturning && !st.HasList && (st.Verb == "insert" || st.Verb == "update" || st.Verb == "delete")
}

// add begins to count a shape. It uses the memory of one that was counted in an earlier transaction.
func (b *batches) add(x *exchange) (at int) {
	at = len(b.all)
	if at < cap(b.all) {
		b.all = b.all[:at+1]
	} else {
		b.all = append(b.all, batch{})
	}
	b.all[at] = batch{shape: x.Shape, statement: x.statement, attributes: x.Attributes, evidence: b.all[at].evidence[:0]}
	if b.by == nil {
		b.by = map[*sqltext.Shape]int{}
	}
	b.by[x.Shape] = at
	return at
}

// takeBack takes back the write before: something was sent before its reply was there.
func (b *batches) takeBack() {
	if b.last < 0 {
		return
	}
	one := &b.all[b.last]
	one.took -= b.took
	if one.count--; one.count < int64(len(one.evidence)) {
		one.evidence = one.evidence[:one.count]
	}
	b.last = -1
}

func (b *batches) end(s *scope) {
	const least = 20
	for i := range b.all {
		one := &b.all[i]
		if one.count < least {
			continue
		}
		timeless := fmt.Sprintf("%s × %s in one transaction, each awaited", event.Number(one.count), quoted(one.shape))
		s.find(finding{
			shape: one.shape, attributes: one.attributes,
			text: fmt.Sprintf("%s: %s in %s", timeless, event.Rounded(one.took), event.Count(one.count, "round trip")), timeless: timeless,
			remedy: one.remedy(), evidence: one.evidence, count: one.count,
		})
	}
}

// remedy returns how fewer round trips would do.
func (b *batch) remedy() string {
	switch b.statement.Verb {
	case "insert":
		return "An INSERT of several rows, COPY, or a pipeline would need fewer."
	case "update":
		return "One UPDATE … FROM a list of values, or a pipeline, would need fewer."
	}
	if column, ok := sqltext.ComparedWith(b.shape, 1); ok && b.statement.Operands == 1 {
		return fmt.Sprintf("One DELETE would do: where %s = any($1).", column)
	}
	return "One DELETE … USING a list of values, or a pipeline, would need fewer."
}
