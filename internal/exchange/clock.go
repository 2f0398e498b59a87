package exchange

import (
	"cmp"
	"math"
	"slices"
	"time"

	"pgpi/internal/event"
)

// patience is how long an exchange may take before it is marked.
const patience = 10 * time.Second

// never is a deadline that never comes.
const never = time.Duration(math.MaxInt64)

// turn is when an exchange became the one that the server works on.
type turn struct {
	deadline time.Duration // by the clock, or 0 once it was marked
	// began is when its turn came, or it was asked.
	began    time.Duration
	at       time.Time
	identity *event.Identity
}

// atWork returns the open exchange that the server works on, and since when it may have. An Execute
// that was fully answered waits only for its Sync, and the server is at what comes after it.
func (c *connection) atWork() (x *open, since time.Duration) {
	since = c.served
	for _, x = range c.open[:len(c.open)-1] {
		if !x.completed || x.simple || x.failed || x.atSync != nil {
			return x, since
		}
		since = x.Times.Done
	}
	return c.open[len(c.open)-1], since
}

// watch sets the deadline of the exchange that the server works on, if that was another one before
// e.
func (s *Stage) watch(c *connection, e *event.Event) {
	if len(c.open) == 0 {
		return
	}
	x, since := c.atWork()
	if !x.turn.at.IsZero() {
		return
	}
	began := max(x.Times.Asked, since)
	ago := e.Elapsed - began
	x.turn = turn{deadline: s.clock.Now - ago + patience, began: began, at: e.At.Add(-ago), identity: e.Identity}
	s.deadline = min(s.deadline, x.turn.deadline)
}

// mark emits the exchanges whose deadline has come, as far as they are known. They come before e,
// which shows that time has passed. What may have been answered, in what was not understood, is not
// marked.
func (s *Stage) mark(e *event.Event, emit func(*event.Event)) {
	s.deadline = never
	var due []*event.Event
	for id, c := range s.connections {
		if len(c.open) == 0 {
			continue
		}
		x, _ := c.atWork()
		switch t := &x.turn; {
		case t.deadline > s.clock.Now:
			s.deadline = min(s.deadline, t.deadline)
		case t.deadline != 0 && !x.late && !c.hidesReply(x):
			due = append(due, c.pending(e, id, x))
		}
	}
	slices.SortFunc(due, func(a, b *event.Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Conn, b.Conn)) })
	for _, d := range due {
		emit(d)
	}
}

// pending returns an exchange as it is when its deadline has come. It is marked once.
func (c *connection) pending(e *event.Event, id uint32, x *open) *event.Event {
	t := &x.turn
	t.deadline = 0
	x.takeShape()
	own := x.Exchange
	own.Outcome = event.Unfinished
	own.NeverAnswered = c.neverAnswered(x)
	own.Times.Done = t.began + patience
	own.Times.Turn = event.NotSeen
	if t.began > own.Times.Asked {
		own.Times.Turn = t.began
	}
	return &event.Event{
		Seq: e.Seq, At: t.at.Add(patience), Elapsed: own.Times.Done, Conn: id, Kind: event.Pending, Identity: t.identity, Exchange: &own,
	}
}
