package insight

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// neverReused finds prepared statements that were not worth preparing.
var neverReused = Rule{
	Name: "never-reused", Severity: event.Note, within: aConnection,
	Title:  "Prepared statements are executed only once",
	Fires:  "A connection prepared at least 100 named statements, and at least 90 % of them were executed exactly once. It is said when the connection ends, or after a minute about the statements that are closed by then.",
	Silent: "Unnamed statements. Statements that PREPARE makes in SQL. A statement that was never executed is not one that was executed once.",
	Help: "A named statement stays until it is closed. That is worth it only if it is executed again. Where each text has other constants, parameters make them one statement. " +
		"Where a statement is closed each time, keep it. What comes only once needs no name. Statement caches of drivers can be turned off, as in asyncpg by statement_cache_size=0.",
	watch: func(*Options) watcher { return new(uses) },
}

// uses counts how often the named statements of a connection are executed.
type uses struct {
	asked asked
	// open are the places of the statements that are not over, by the hashes of their names. free are
	// the places that are not in use.
	open map[uint64]int
	all  []use
	free []int
	// hand is the place of the statement that is taken to be over next if there are too many.
	// passed is set if there were.
	hand   int
	passed bool
	// prepared counts the statements that are over, and once those of them that were executed once.
	// first is the first of these.
	prepared, once int64
	first          string
	evidence       []event.Evidence
	began          time.Duration
}

// use is a statement.
type use struct {
	name       uint64
	executions int64
	shape      *sqltext.Shape
	at         event.Evidence // it was prepared
}

// maxNamed is how many statements of a connection are followed at once.
const maxNamed = 500

func (u *uses) begin(s *scope) {
	u.asked.reset(false)
	clear(u.open)
	clear(u.all)
	u.all, u.free, u.hand = u.all[:0], u.free[:0], 0
	u.restart(s)
}

// forget forgets everything, because something was not seen.
func (u *uses) forget(s *scope) {
	bytes := u.asked.size
	for _, at := range u.open {
		bytes += u.all[at].bytes()
	}
	s.grow(-bytes)
	u.begin(s)
}

// restart begins to count anew. What is open stays.
func (u *uses) restart(s *scope) {
	u.prepared, u.once, u.first, u.passed, u.began = 0, 0, "", false, s.stage.clock.Now
	u.evidence = u.evidence[:0]
}

func (u *uses) listen(s *scope, m *event.Message) {
	if r, ok := readRequest(m); ok && r.named {
		u.asked.add(s, r)
	}
}

func (u *uses) take(s *scope, x *exchange) {
	all := u.asked.of(s, x)
	if u.asked.passed { // what was executed is not known
		u.forget(s)
		return
	}
	if x.Outcome == event.Skipped {
		return
	}
	for i := range all {
		r := &all[i]
		switch {
		case r.kind == wire.Bind:
			u.execute(r)
		case r.kind == wire.Close && x.worked():
			u.finish(s, r.name)
		case r.kind == wire.Parse && x.worked():
			u.prepare(s, x, r)
		}
	}
	if s.stage.clock.Now >= u.began+sayAfter && u.say(s) {
		u.restart(s)
	}
}

// prepare begins to follow a statement. An earlier one of that name must be over.
func (u *uses) prepare(s *scope, x *exchange, r *request) {
	u.finish(s, r.name)
	if len(u.open) >= maxNamed {
		u.pass(s)
	}
	if len(u.free) == 0 {
		u.free = append(u.free, len(u.all))
		u.all = append(u.all, use{})
	}
	at := u.free[len(u.free)-1]
	u.free = u.free[:len(u.free)-1]
	u.all[at] = use{name: r.name, at: x.evidence()}
	if r.shaped != nil {
		u.all[at].shape = r.shaped.Shape
	}
	s.grow(u.all[at].bytes())
	if u.open == nil {
		u.open = map[uint64]int{}
	}
	u.open[r.name] = at
}

// bytes returns how much memory it takes.
func (one *use) bytes() int { return sizeOfUse + sizeOfTexts(one.shape, nil) }

// execute counts an execution.
func (u *uses) execute(r *request) {
	at, known := u.open[r.name]
	switch {
	case known:
		u.all[at].executions++
	case u.passed && u.once > 0: // it may be one that was taken to be over
		u.once--
	}
}

// pass makes room: it takes an open statement to be over, if possible one that was executed once at
// most.
func (u *uses) pass(s *scope) {
	u.passed = true
	for range maxNamed {
		u.hand = (u.hand + 1) % len(u.all)
		if u.all[u.hand].executions <= 1 {
			break
		}
	}
	u.finish(s, u.all[u.hand].name)
}

// finish adds up a statement that is over, if it is known.
func (u *uses) finish(s *scope, name uint64) {
	at, known := u.open[name]
	if !known {
		return
	}
	delete(u.open, name)
	u.free = append(u.free, at)
	u.add(&u.all[at])
	s.grow(-u.all[at].bytes())
	u.all[at] = use{}
}

func (u *uses) add(one *use) {
	u.prepared++
	if one.executions != 1 {
		return
	}
	if u.once++; u.once == 1 {
		u.first = quoted(one.shape)
	}
	if len(u.evidence) < maxEvidence {
		u.evidence = append(u.evidence, one.at)
	}
}

func (u *uses) end(s *scope) {
	for at := range u.all {
		if place, open := u.open[u.all[at].name]; open && place == at && s.how != lost {
			u.add(&u.all[at])
		}
	}
	u.say(s)
}

// say finds the statements that are over, if there are enough, and reports whether there were.
func (u *uses) say(s *scope) bool {
	const least, share = 100, 90
	if u.prepared < least || u.once*100 < share*u.prepared {
		return false
	}
	slices.SortFunc(u.evidence, func(a, b event.Evidence) int { return cmp.Compare(a.Exchange, b.Exchange) })
	s.find(finding{
		text: fmt.Sprintf("%s named statements were prepared on one connection, and %s of them were executed exactly once, the first %s",
			event.Number(u.prepared), event.Number(u.once), u.first),
		remedy:   "What is executed once needs no name; what is executed again, perhaps with other constants, can be one statement with parameters.",
		evidence: u.evidence, count: u.once,
	})
	return true
}
