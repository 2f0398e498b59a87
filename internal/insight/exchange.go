package insight

import (
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/sqltext"
)

// exchange is an exchange that is over, as rules see it.
type exchange struct {
	*event.Exchange
	conn *connection
	// at is when it was over.
	at time.Time
	// elapsed is the same as time since the connection was opened.
	elapsed time.Duration
	// transaction is the scope of the transaction it is part of, or nil.
	transaction *scope
	// statement is what is known about its SQL. It is never nil.
	statement *statement
	// values are those of $1, $2 and so on in its shape. They are nil if they are not known, or if
	// there is nothing to compare them with.
	values []value
	// unit is the request, trace, test or transaction that it is part of, or 0.
	unit uint64
	// rows is what was collected of its result, or nil if there are no rows.
	rows *rows
}

// time returns the time of day of one of its times.
func (x *exchange) time(t time.Duration) time.Time { return x.at.Add(t - x.elapsed) }

// evidence returns the exchange as evidence.
func (x *exchange) evidence() event.Evidence {
	return event.Evidence{
		Conn: x.conn.number, Exchange: x.Number, At: x.time(x.Times.Asked), Elapsed: x.Times.Asked, Identity: x.conn.identity,
	}
}

// inUTF8 returns a text of a message in the encoding of findings.
func (x *exchange) inUTF8(text string) string {
	return new(reading.Reader).InUTF8(text, x.Settings)
}

// runs reports whether it asked for anything to be run.
func (x *exchange) runs() bool { return x.Kind != event.Prepare && x.Kind != event.SyncAlone }

// read returns an exchange as rules see it. It is valid until the next call.
func (s *Stage) read(e *event.Event, c *connection) *exchange {
	if c.client == nil {
		s.join(c)
	}
	st := s.statements.of(e.Exchange.Shape)
	if len(e.Exchange.Attributes) > 0 && e.Exchange.Context != nil && e.Exchange.Context.Shaped != st.text.shaped { // it may keep them from now on
		s.statements.size += sizeOfTexts(nil, e.Exchange.Attributes)
	}
	s.current = exchange{Exchange: e.Exchange, conn: c, at: s.at, elapsed: e.Elapsed, statement: st}
	s.current.rows = c.takeRows(e.Exchange.Number)
	return &s.current
}

// statement is what is known about the SQL of a shape.
type statement struct {
	sqltext.Traits
	// number is another for each shape, and again for one that was forgotten meanwhile.
	number uint64
	// bounds is set if it bounds a part of a transaction, as SAVEPOINT does.
	bounds bool
	// readsTables is set if there is a table behind FROM that is not one of the system's own.
	readsTables bool
	// text is the text that was read last.
	text readText
}

// statements remembers what was found out about shapes.
type statements struct {
	known map[*sqltext.Shape]*statement
	begun uint64
	size  int // in bytes
}

// Limits of what is remembered of shapes, here and in relations. Exceeding them only costs time.
const (
	maxStatements = 10_000
	maxTraits     = 8 << 20
	maxShapeTexts = 4 << 20
)

// unknown is what is known about SQL that was not seen.
var unknown = statement{Traits: sqltext.Traits{MayWrite: true, HasList: true, Locks: true}}

func (all *statements) of(shape *sqltext.Shape) *statement {
	if shape == nil {
		return &unknown
	}
	if st := all.known[shape]; st != nil {
		return st
	}
	if len(all.known) >= maxStatements || all.size > maxTraits || all.known == nil {
		*all = statements{known: map[*sqltext.Shape]*statement{}, begun: all.begun}
	}
	all.begun++
	st := &statement{Traits: sqltext.TraitsOf(shape), number: all.begun}
	all.size += sizeOfStatement + len(shape.Text) + min(st.Operands, maxOperands)*sizeOfOperand
	st.readsTables = len(tablesOf(shape)) > 0 && !st.OnlyCatalogs
	st.bounds = st.Verb == "savepoint" || st.Verb == "rollback to"
	all.known[shape] = st
	return st
}

// tag is what the comments of statements that belong together have in common.
type tag struct {
	key string
	// proven is set if it names one request, trace or test. A route or a job is the same for many.
	proven bool
}

// tagOf returns the tag of an exchange. It is empty if its comments say nothing.
func tagOf(x *exchange) (t tag) {
	for _, a := range x.Attributes {
		switch strings.ToLower(a.Key) {
		case "request", "request_id", "req", "trace_id", "test":
			t.proven = true
		case "route", "job":
		default:
			continue
		}
		t.key += a.Key + "=" + a.Value + "\x00"
	}
	if id := traceOf(x); id != "" {
		t.proven = true
		t.key += "trace=" + id
	}
	return t
}

// traceOf returns the trace that a comment names, or "".
func traceOf(x *exchange) string {
	if x.Context == nil || !strings.Contains(x.Context.SQL, "traceparent") {
		return ""
	}
	return sqltext.TraceID([]byte(x.Context.SQL), x.Context.Settings.SQL())
}
