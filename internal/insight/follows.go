package insight

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// follows is the followers and crowds of a burst.
type follows struct {
	followers map[followerKey]*follower
	crowds    map[*sqltext.Shape]*crowd
	order     []*follower
	found     []proof // when the burst is over
}

type followerKey struct {
	shape *sqltext.Shape
	conn  uint32
}

// proof is statements of one shape whose values are those of results of one shape.
type proof struct {
	child, parent *sqltext.Shape
	attributes    []sqltext.Attribute
	// first is one of the runs. results are the numbers of those that they follow, and partial is
	// set if one of them left out values.
	first    run
	runs     int
	results  map[int]bool
	partial  bool
	children int64
	// roundTrips are those that are needed for all but the first of each run, and took is how long
	// they took.
	roundTrips int64
	took       time.Duration
	// spread is set if they ran on several connections.
	spread      bool
	connections []uint32
	evidence    []event.Evidence
}

// isChild reports whether an exchange is one that could be one of many: a SELECT that asks tables
// for one value. What continues a result, or a cursor, is not. If its shape has in ($1), its values
// are not known if there are several.
func (x *exchange) isChild() bool {
	st := x.statement
	return st.Verb == "select" && st.Statements == 1 && !st.MayWrite && (!st.HasList || st.OnlySingles) && st.Operands > 0 && st.readsTables &&
		(x.Kind == event.Simple || x.Kind == event.Extended && x.Bind != nil)
}

// controls reports whether an exchange asks for no data: it bounds a transaction, or sets something.
func (x *exchange) controls() bool {
	switch x.statement.Verb {
	case "begin", "commit", "rollback", "savepoint", "release", "rollback to", "set", "reset", "show", "deallocate", "discard", "close":
		return true
	}
	return !x.runs()
}

// compare compares what an exchange asks for with the results of its client, and remembers its own.
func (s *Stage) compare(burst *scope, x *exchange) {
	m := &x.conn.client.memory
	if len(m.results) > 0 && !x.controls() {
		x.values = s.operands.valuesOf(x)
		x.unit = unitOf(burst, x)
		m.count(x)
		if x.values != nil && x.succeeded() && x.isChild() {
			burst.grow(burst.follows.take(s, m, x))
		}
	}
	if x.rows != nil && x.rows.count >= fewRows {
		x.unit = unitOf(burst, x)
		s.remember(x)
	}
}

// unitOf returns the number of the unit that an exchange is part of, if comments or a transaction
// prove that its statements belong together, and otherwise 0.
func unitOf(burst *scope, x *exchange) uint64 {
	switch {
	case burst.proven:
		return burst.number
	case x.transaction != nil:
		return x.transaction.number
	}
	return 0
}

// take passes an execution to its follower and its crowd. It returns how many bytes more they take.
func (f *follows) take(s *Stage, m *memory, x *exchange) int {
	if f.followers == nil {
		f.followers, f.crowds = map[followerKey]*follower{}, map[*sqltext.Shape]*crowd{}
	}
	key := followerKey{x.Shape, x.conn.number}
	one := f.followers[key]
	if one == nil {
		if len(f.order) >= maxFollowers {
			return 0
		}
		one = &follower{shape: x.Shape, conn: x.conn.number, attributes: x.Attributes}
		f.followers[key] = one
		f.order = append(f.order, one)
	}
	one.take(s, m, x)
	all := f.crowds[x.Shape]
	if all == nil {
		all = &crowd{shape: x.Shape}
		f.crowds[x.Shape] = all
	}
	all.take(s, m, x)
	before := one.size + all.size
	one.size, all.size = one.bytes(), all.bytes()
	return one.size + all.size - before
}

// covers reports whether statements of a shape on a connection have been proven to follow results.
func (f *follows) covers(s *Stage, shape *sqltext.Shape, conn uint32) bool {
	if w := f.crowds[shape]; w != nil && len(w.proven()) > 0 {
		return true
	}
	one := f.followers[followerKey{shape, conn}]
	return one != nil && len(one.proven(s)) > 0
}

// covered reports whether what a client asks with a shape on a connection is found by rule n+1, in a
// burst that goes on or has ended since a time.
func (s *Stage) covered(sc *scope, c *client, shape *sqltext.Shape, conn uint32) bool {
	if at, found := c.followed[shape.ID]; found && at >= sc.began || c.unsure >= sc.began {
		return true
	}
	if sc.follows != nil && sc.follows.covers(s, shape, conn) {
		return true
	}
	for _, b := range c.bursts {
		if b.follows.covers(s, shape, conn) {
			return true
		}
	}
	return false
}

// settle finds out what is proven, at the end of a burst, and forgets the rest.
func (s *Stage) settle(burst *scope) {
	f, c := burst.follows, burst.client
	if len(f.order) == 0 {
		return
	}
	for _, one := range f.order {
		if w := f.crowds[one.shape]; w != nil {
			if sets := w.proven(); len(sets) > 0 {
				f.addSets(sets, one)
				delete(f.crowds, one.shape)
				continue
			}
		} else {
			continue // with the first of the same shape
		}
		for _, r := range one.proven(s) {
			f.addRun(&r, one)
		}
	}
	if len(c.followed)+len(f.found) > maxShapes {
		c.followed, c.unsure = nil, s.clock.Now
	}
	if c.followed == nil {
		c.followed = map[string]time.Duration{}
	}
	before := len(c.followed)
	for i := range f.found {
		c.followed[f.found[i].child.ID] = s.clock.Now
	}
	c.scope.grow((len(c.followed) - before) * sizeOfFollowed)
	s.unfollow(&c.memory)
}

// reset forgets everything.
func (f *follows) reset() {
	clear(f.followers)
	clear(f.crowds)
	clear(f.order)
	f.order, f.found = f.order[:0], nil
}
