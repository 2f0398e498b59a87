package insight

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"pgpi/internal/event"
)

// scope is what rules look at as a whole, with their watchers.
type scope struct {
	holding
	bytes    int // that its watchers keep
	most     int // that they kept, in this scope or an earlier one
	stage    *Stage
	number   uint64
	sort     within
	client   *client     // nil for that of a connection
	conn     *connection // nil for that of a client or a burst
	rules    []*Rule
	watchers []watcher
	// listens are the places of those watchers that are listeners.
	listens []int
	// current is the rule whose watcher is at work.
	current *Rule
	// began is when it began, and last when an exchange of it was last over, by the clock.
	began, last time.Duration
	// continues is set if it is the rest of a burst that was cut, or of what was forgotten.
	continues bool
	// proven is set if the comments of statements say that they belong together.
	proven bool
	how    ending
	// key is what the comments of statements in a burst have in common, or "".
	key string
	// deadline is when it is looked at again, if place is not 0: its place in deadlines, from 1.
	deadline time.Duration
	place    int
	// in is the burst or the transaction that a unit is in. unit is the unit in a burst or a
	// transaction. It is nil until it has an exchange.
	in, unit *scope
	// follows compares statements with results, in a burst. It is nil if no rule asks for it.
	follows *follows
}

// ending is how a scope ended.
type ending uint8

const (
	// rested means that the client had nothing open for a while.
	rested ending = iota
	// cut means that it went on for too long.
	cut
	// over means that the transaction ended, or a part of it with a savepoint.
	over
	// stopped means that the connection ended, or all that was seen.
	stopped
	// lost means that something was not seen.
	lost
)

// Limits of bursts.
const (
	restTime = time.Second
	cutAfter = 10 * time.Second
)

// begin begins a scope.
func (s *Stage) begin(sort within, client *client, conn *connection) *scope {
	var sc *scope
	if n := len(s.spare[sort]); n > 0 {
		sc, s.spare[sort] = s.spare[sort][n-1], s.spare[sort][:n-1]
		s.spareMemory -= sc.most
	} else {
		sc = &scope{stage: s, sort: sort, rules: s.rules[sort], watchers: make([]watcher, 0, len(s.rules[sort]))}
		sc.of = sc
		for i, r := range sc.rules {
			w := r.watch(&s.options)
			sc.watchers = append(sc.watchers, w)
			if _, ok := w.(listener); ok {
				sc.listens = append(sc.listens, i)
			}
		}
		if sort == aBurst && s.compares {
			sc.follows = new(follows)
		}
	}
	s.scopes++
	sc.number = s.scopes
	sc.client, sc.conn, sc.began, sc.last, sc.proven = client, conn, s.clock.Now, s.clock.Now, false
	sc.continues = false
	for _, w := range sc.watchers {
		w.begin(sc)
	}
	return sc
}

// endScope ends a scope, and forgets it. It may be nil.
func (s *Stage) endScope(at **scope, how ending) {
	sc := *at
	if sc == nil {
		return
	}
	*at = nil
	sc.how = how
	if sc.unit != nil {
		if sc.sort == aBurst && !sc.proven && (how == cut || sc.continues) {
			s.release(sc.unit)
			sc.unit = nil
		}
		s.endScope(&sc.unit, how)
	}
	if sc.sort == aBurst && s.compares {
		s.settle(sc)
	}
	tell(sc, func(w watcher) { w.end(sc) })
	s.release(sc)
}

// Limits of the scopes that are kept for later: how many of a sort, and how much all have held at most.
const (
	maxSpare       = 64
	maxSpareMemory = 4 << 20
)

// release keeps a scope that is over for later.
func (s *Stage) release(sc *scope) {
	s.unschedule(sc)
	sc.most = max(sc.most, sc.bytes)
	if sc.in != nil {
		s.account.add(&sc.in.holding, -sc.bytes)
	}
	s.account.remove(&sc.holding)
	sc.client, sc.conn, sc.in, sc.bytes = nil, nil, nil, 0
	switch {
	case sc.sort == aUnit:
		sc.follows = nil
	case sc.follows != nil:
		sc.follows.reset()
	}
	if len(s.spare[sc.sort]) < maxSpare && s.spareMemory+sc.most <= maxSpareMemory {
		s.spare[sc.sort] = append(s.spare[sc.sort], sc)
		s.spareMemory += sc.most
	}
}

// grow accounts for bytes that a watcher keeps from now on, or does not keep any more. Those of a unit
// are of the scope that it is in.
func (sc *scope) grow(bytes int) {
	if bytes == 0 {
		return
	}
	sc.bytes += bytes
	of := sc
	if sc.in != nil {
		of = sc.in
	}
	sc.stage.account.add(&of.holding, bytes)
}

// forget ends a scope because there is no room for what is known about it. Another begins in its
// place, so what is found then may be less than there is.
func (sc *scope) forget(s *Stage) {
	switch c := sc.conn; sc.sort {
	case aConnection:
		s.endScope(&c.scope, lost)
		c.scope = s.begin(aConnection, c.client, c)
	case aTransaction:
		s.endScope(&c.transaction, lost)
		c.transaction = s.begin(aTransaction, c.client, c)
		c.transaction.continues = true
	case aBurst:
		of := sc.client
		of.loaded = true
		of.memory.halted++
		s.endBurst(sc, cut)
	case aClient:
		of := sc.client
		of.followed, of.unsure = nil, s.clock.Now
		s.endScope(&of.scope, lost)
		of.scope = s.begin(aClient, of, nil)
		s.schedule(of.scope, s.clock.Now+restTime)
	}
}

// take passes an exchange to the watchers.
func (sc *scope) take(x *exchange) {
	sc.last = sc.stage.clock.Now
	for i, w := range sc.watchers {
		sc.current = sc.rules[i]
		w.take(sc, x)
	}
}

// listen passes a message of the client to the watchers that want it.
func (sc *scope) listen(m *event.Message) {
	for _, i := range sc.listens {
		sc.current = sc.rules[i]
		sc.watchers[i].(listener).listen(sc, m)
	}
}

// tell calls a function with each watcher of a scope that is of a sort.
func tell[W any](sc *scope, do func(W)) {
	for i, w := range sc.watchers {
		if one, is := w.(W); is {
			sc.current = sc.rules[i]
			do(one)
		}
	}
}

// follow passes an exchange to all scopes that it is part of.
func (s *Stage) follow(c *connection, x *exchange) {
	before := c.status
	ended := c.setStatus(x)
	inside := before == 'T' || before == 'E' || c.status == 'T' || c.status == 'E'
	if inside && c.transaction == nil {
		c.transaction = s.begin(aTransaction, c.client, c)
	}
	c.scope.client = c.client
	x.transaction = c.transaction
	c.scope.take(x)
	if c.transaction != nil {
		c.transaction.take(x)
		s.schedule(c.transaction, c.transaction.due())
	}
	t := tagOf(x)
	burst := s.burst(c.client, t)
	if s.compares {
		s.compare(burst, x)
	}
	if x.runs() && x.statement.MayWrite {
		c.client.writes++
	}
	burst.take(x)
	s.unitOf(burst, c.transaction).take(x)
	c.client.scope.take(x)
	if x.statement.bounds { // SAVEPOINT and the like
		s.endUnit(burst)
		s.endUnit(c.transaction)
	}
	s.work(c, x, ended)
	if c.transaction != nil && ended {
		s.endScope(&c.transaction, over)
	}
	if x.runs() {
		c.ended++
	}
}

// unitOf returns the unit that an exchange is part of: that of its comments, or else that of its
// transaction, or else that of the burst, if it will turn out to be one.
func (s *Stage) unitOf(burst, transaction *scope) *scope {
	in := burst
	if !burst.proven && transaction != nil {
		in = transaction
	}
	if in.unit == nil {
		in.unit = s.begin(aUnit, in.client, in.conn)
		in.unit.proven, in.unit.in = in.proven, in
		if in.sort == aBurst {
			in.unit.follows = in.follows
		}
	}
	return in.unit
}

// endUnit ends the unit in a scope. Another begins with the next exchange.
func (s *Stage) endUnit(in *scope) {
	if in != nil {
		s.endScope(&in.unit, over)
	}
}

// burst returns the burst that an exchange is part of.
func (s *Stage) burst(c *client, t tag) *scope {
	b := c.bursts[t.key]
	if b == nil {
		if len(c.bursts) >= maxBursts {
			s.endBurst(c.oldestBurst(), cut)
		}
		b = s.begin(aBurst, c, nil)
		b.key, b.proven, b.continues = t.key, t.proven, c.loaded
		b.grow(sizeOfScope + len(t.key))
		c.bursts[t.key] = b
		s.schedule(b, b.began+restTime)
	}
	return b
}

// oldestBurst returns the burst that has had no exchange for longest.
func (c *client) oldestBurst() (oldest *scope) {
	for _, b := range c.bursts {
		if oldest == nil || cmp.Or(cmp.Compare(b.last, oldest.last), cmp.Compare(b.number, oldest.number)) < 0 {
			oldest = b
		}
	}
	return oldest
}

func (s *Stage) endBurst(b *scope, how ending) {
	delete(b.client.bursts, b.key)
	s.endScope(&b, how)
}

func (s *Stage) endBursts(c *client, how ending) {
	for _, key := range slices.Sorted(maps.Keys(c.bursts)) {
		s.endBurst(c.bursts[key], how)
	}
}

// due returns the earliest deadline of the watchers.
func (sc *scope) due() time.Duration {
	earliest := never
	tell(sc, func(a alarm) { earliest = min(earliest, a.due(sc)) })
	return earliest
}

// ring tells the watchers whose deadline has passed.
func (sc *scope) ring() {
	tell(sc, func(a alarm) {
		if a.due(sc) <= sc.stage.clock.Now {
			a.ring(sc)
		}
	})
}
