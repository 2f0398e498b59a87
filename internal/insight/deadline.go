package insight

import (
	"cmp"
	"container/heap"
	"math"
	"time"
)

// deadlines are the scopes that are looked at again when time has passed, the earliest first.
type deadlines []*scope

// never is a deadline that never comes.
const never = time.Duration(math.MaxInt64)

// next returns the earliest deadline, or never.
func (d deadlines) next() time.Duration {
	if len(d) == 0 {
		return never
	}
	return d[0].deadline
}

// Len, Less, Swap, Push and Pop are for package heap.
func (d deadlines) Len() int { return len(d) }

func (d deadlines) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(d[i].deadline, d[j].deadline), cmp.Compare(d[i].number, d[j].number)) < 0
}

func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i+1, j+1
}

func (d *deadlines) Push(x any) {
	sc := x.(*scope)
	*d = append(*d, sc)
	sc.place = len(*d)
}

func (d *deadlines) Pop() any {
	last := len(*d) - 1
	sc := (*d)[last]
	(*d)[last] = nil
	*d, sc.place = (*d)[:last], 0
	return sc
}

// schedule makes sure that a scope is looked at when a time has come. An earlier deadline stays: it
// may have been put off since, and then the scope is scheduled again.
func (s *Stage) schedule(sc *scope, at time.Duration) {
	switch {
	case at == never, sc.place > 0 && sc.deadline <= at:
	case sc.place > 0:
		sc.deadline = at
		heap.Fix(&s.deadlines, sc.place-1)
	default:
		sc.deadline = at
		heap.Push(&s.deadlines, sc)
	}
}

// unschedule takes a scope out of the deadlines.
func (s *Stage) unschedule(sc *scope) {
	if sc.place > 0 {
		heap.Remove(&s.deadlines, sc.place-1)
	}
}

// expire ends what is over because time has passed.
func (s *Stage) expire() {
	for s.deadlines.next() <= s.clock.Now {
		switch sc := heap.Pop(&s.deadlines).(*scope); sc.sort {
		case aTransaction:
			sc.ring()
			s.schedule(sc, sc.due())
		case aBurst:
			s.expireBurst(sc)
		case aClient:
			s.expireClient(sc.client)
		}
	}
}

// expireBurst ends a burst if it is over, or has taken too long.
func (s *Stage) expireBurst(b *scope) {
	c, now := b.client, s.clock.Now
	switch {
	case c.isAtRest(now), b.key != "" && now >= b.last+restTime:
		s.endBurst(b, rested)
	case now >= b.began+cutAfter:
		s.endBurst(b, cut)
		c.loaded = true
	case b.key != "":
		s.schedule(b, min(b.began+cutAfter, b.last+restTime))
	default:
		s.schedule(b, b.began+cutAfter)
	}
}

// expireClient ends the bursts of a client that rests, and forgets one that has been gone for long.
func (s *Stage) expireClient(c *client) {
	now := s.clock.Now
	switch {
	case c.open > 0: // it is scheduled when it rests
	case !c.isAtRest(now):
		s.schedule(c.scope, c.rested+restTime)
	default:
		s.endBursts(c, rested)
		c.loaded = false
		if c.connections == 0 && now >= c.gone+forgetAfter {
			s.endClient(c, stopped)
		} else if c.connections == 0 {
			s.schedule(c.scope, c.gone+forgetAfter)
		}
	}
}
