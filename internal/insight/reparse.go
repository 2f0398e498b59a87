package insight

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// reparse finds SQL that is parsed again although the server knows it.
var reparse = Rule{
	Name: "reparse", Severity: event.Note, within: aConnection,
	Title:  "The same SQL is parsed again and again",
	Fires:  "The same SQL, with the same types of parameters, was in at least 100 Parse messages on one connection, unnamed or under names. It is said when the connection ends, or after a minute.",
	Silent: "SQL that differs in anything, even in a constant. BEGIN, COMMIT, SET and the like, for which the server has no plan to keep. A statement that is parsed once and bound many times. SQL in Query messages: the server parses that each time.",
	Help: "A prepared statement is parsed once, and then only bound and executed: less is sent, and the server can keep its plan. What makes a driver do that: " +
		"in node-postgres, a name for the query, as in query({name, text, values}), for which Prisma's adapter has statementNameGenerator; in postgres.js, prepare: true; " +
		"in psycopg 3, prepare_threshold, which Django turns off unless its OPTIONS have it; in asyncpg, a statement_cache_size above 0; in JDBC, a prepareThreshold above 0; " +
		"in pgx, default_query_exec_mode=cache_statement; in Npgsql, Max Auto Prepare; " +
		"elsewhere, to prepare the statement and keep it. PgBouncer's transaction mode needs max_prepared_statements for that. The time is given only where the client waited for a Parse alone.",
	watch: func(*Options) watcher { return new(parses) },
}

// parses counts the texts that a connection has parsed.
type parses struct {
	texts tally[parsed]
	asked asked
	// alone is a text whose Parse seems to have been awaited by itself, in the exchange before, and
	// took is for how long.
	alone uint64
	took  time.Duration
}

// parsed is what is known about a text.
type parsed struct {
	began      time.Duration
	shape      *sqltext.Shape
	attributes []sqltext.Attribute
	named      int64
	again      int64 // bytes
	alone      int64 // that were awaited by themselves, of those after the first
	took       time.Duration
	evidence   []event.Evidence
}

func (p *parses) begin(*scope) {
	p.texts.reset()
	p.asked.reset(false)
	p.alone = 0
}

func (p *parses) listen(s *scope, m *event.Message) {
	if m.Type != wire.Parse {
		return
	}
	if r, ok := readRequest(m); ok {
		r.text = hashText(m)
		p.asked.add(s, r)
	}
}

func (p *parses) take(s *scope, x *exchange) {
	if x.RoundTrips > 0 {
		p.waited()
	}
	p.alone = 0
	all := p.asked.of(s, x)
	if !x.worked() {
		return
	}
	count, before := 0, p.texts.size
	for i := range all {
		if r := &all[i]; r.text != 0 {
			p.parse(s, x, r)
			p.alone, p.took = r.text, x.Times.Server()
			count++
		}
	}
	s.grow(p.texts.size - before)
	if count != 1 || x.Kind != event.Prepare || x.RoundTrips == 0 {
		p.alone = 0
	}
}

// waited notes that nothing was sent before the reply to the last Parse was there.
func (p *parses) waited() {
	if p.alone == 0 {
		return
	}
	if one := p.texts.find(p.alone); one != nil && one.times > 1 {
		one.value.alone++
		one.value.took += max(0, p.took)
	}
}

// parse counts a Parse that worked.
func (p *parses) parse(s *scope, x *exchange, r *request) {
	one := p.texts.add(r.text)
	v := &one.value
	if one.times == 1 {
		v.began = s.stage.clock.Now
		if r.shaped != nil {
			v.shape, v.attributes = r.shaped.Shape, r.shaped.Attributes
		}
	} else {
		v.again += r.size
		if len(v.evidence) < maxEvidence {
			v.evidence = append(v.evidence, x.evidence())
		}
	}
	if r.named {
		v.named++
	}
	if s.stage.clock.Now >= v.began+sayAfter && sayParsed(s, one) {
		one.times, *v = 0, parsed{}
	}
	p.texts.resize(one, sizeOfParsed+sizeOfTexts(v.shape, v.attributes)+sizeOfEvidence*len(v.evidence))
}

func (p *parses) end(s *scope) {
	p.waited()
	for i := range p.texts.all {
		sayParsed(s, &p.texts.all[i])
	}
}

// sayParsed finds a text that was parsed often enough, and reports whether it was.
func sayParsed(s *scope, one *tallied[parsed]) bool {
	const least = 100
	v := &one.value
	if one.times < least || s.stage.statements.of(v.shape).controls() {
		return false
	}
	how, remedy := "", "Keep the prepared statement, and bind it again."
	switch v.named {
	case 0:
		how, remedy = ", unnamed", "Prepare it once under a name, and bind that."
	case one.times:
		how = ", each time under a name"
	}
	timeless := fmt.Sprintf("the same text of %s was parsed %s times on one connection%s: %s were sent again", quoted(v.shape), event.Number(one.times), how, event.Count(v.again, "byte"))
	text := timeless
	if v.alone > 0 {
		text += fmt.Sprintf(", and the client waited %s in %s for that alone", event.Rounded(v.took), event.Count(v.alone, "round trip"))
	}
	s.find(finding{
		shape: v.shape, attributes: v.attributes,
		text: text, timeless: timeless, remedy: remedy, evidence: v.evidence, count: one.times,
	})
	return true
}
