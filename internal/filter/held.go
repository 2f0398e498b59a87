package filter

import (
	"slices"
	"sync"

	"pgpi/internal/event"
)

// Limits on what is held back until it can be decided, in bytes of messages.
const (
	maxHeld = 1 << 20
	// cost is the size that an event or a message counts for besides its bytes.
	cost = 300
)

// backlog is what is held of a connection, in order.
type backlog struct {
	events queue[held]
	asked  queue[asked] // about those events, in order
	size   int
	owned  int // how many of the events, from the first, are our own copies
}

// held is an event that can't go on yet.
type held struct {
	event     *event.Event
	questions int // about it
	waiting   int // of those, without an answer yet
	size      int
	copies    *copies // those with the event; nil while it is the bus's
}

// asked is a question about a message or a sentence, with its answer.
type asked struct {
	known
	answer answer
}

// note remembers for an exchange that the expression is true of one of its messages.
func (a *asked) note() {
	if a.answer == yes && a.exchange != nil {
		a.exchange.matched = true
	}
}

// hold keeps the current event, as far as it may be let through. It is not copied before its batch
// ends.
func (s *Sink) hold(c *connection, e *event.Event) {
	h := held{event: s.part(e, s.asked), size: cost}
	for i := range s.asked {
		a := &s.asked[i]
		if a.answer == no {
			continue
		}
		h.questions++
		if a.answer == later {
			h.waiting++
		}
		if i < len(e.Messages) {
			h.size += cost + len(e.Messages[i].Bytes)
		}
		c.held.asked.push(*a)
	}
	if c.held.owned == len(c.held.events.all()) {
		s.touched = append(s.touched, c)
	}
	c.held.events.push(h)
	c.held.size += h.size
	s.goOn(c)
}

// part returns an event with only those of its messages that may be let through. The line that says
// what was forwarded belongs to all of the event's messages, or to none.
func (s *Sink) part(e *event.Event, all []asked) *event.Event {
	if len(e.Messages) == 0 || !slices.ContainsFunc(all, func(a asked) bool { return a.answer == no }) {
		return e
	}
	first := len(s.messages)
	for i := range all {
		if all[i].answer != no {
			s.messages = append(s.messages, e.Messages[i])
		}
	}
	own := *e
	own.Total, own.Data = 0, nil
	own.Messages = s.messages[first:len(s.messages):len(s.messages)]
	return &own
}

// reconsider asks again about what is waiting, because something has become known. If final is set,
// nothing waits any longer.
func (s *Sink) reconsider(c *connection, final bool) {
	c.changed = false
	rest := c.held.asked.all()
	events := c.held.events.all()
	for i := range events {
		h := &events[i]
		if h.waiting > 0 {
			s.askAgain(c, h, rest[:h.questions], final)
		}
		rest = rest[h.questions:]
	}
	s.goOn(c)
}

// askAgain asks the questions about an event that still wait for an answer.
func (s *Sink) askAgain(c *connection, h *held, all []asked, final bool) {
	for i := range all {
		a := &all[i]
		if a.answer != later {
			continue
		}
		if a.identity == nil || !a.identity.Known {
			a.identity = c.identity
		}
		if a.answer = s.ask(h.event, i, a.known, final); a.answer != later {
			h.waiting--
		}
		a.note()
	}
}

// goOn releases the first events that are held, as far as they are decided. If too much is held,
// the first is decided by what is known about it.
func (s *Sink) goOn(c *connection) {
	n := 0
	events, rest := c.held.events.all(), c.held.asked.all()
	for n < len(events) {
		h := &events[n]
		all := rest[:h.questions]
		if h.waiting > 0 {
			if c.held.size <= maxHeld {
				break
			}
			s.askAgain(c, h, all, true)
		}
		s.pass(h.event, all)
		if h.copies != nil {
			if h.copies.held--; h.copies.held == 0 {
				s.unused = append(s.unused, h.copies)
			}
		}
		c.held.size -= h.size
		rest = rest[h.questions:]
		n++
	}
	c.held.asked.drop(len(c.held.asked.all()) - len(rest))
	c.held.events.drop(n)
	c.held.owned = max(0, c.held.owned-n)
}

// pass passes on to the next sink what is let through of an event.
func (s *Sink) pass(e *event.Event, all []asked) {
	if slices.ContainsFunc(all, func(a asked) bool { return a.answer == yes }) {
		s.out = append(s.out, *s.part(e, all))
	}
}

// copies are the events of a batch that are held of a connection.
type copies struct {
	events   []event.Event
	messages []event.Message
	data     []byte
	held     int // events that still are
}

// pool has memory for copies, because allocating it takes half of the time that a held row costs.
// Small copies don't use it: they may be held for long, and would hold more than they need.
var pool sync.Pool

// minPooled is how many messages it takes for copies to come from the pool.
const minPooled = 64

func newCopies(messages int) *copies {
	if messages >= minPooled {
		if c, ok := pool.Get().(*copies); ok {
			return c
		}
	}
	return new(copies)
}

// recycle returns the memory to the pool. Nothing may point to it any more.
func (c *copies) recycle() {
	if cap(c.messages) < minPooled {
		return
	}
	clear(c.events)
	clear(c.messages)
	pool.Put(c)
}

// own copies what is held and still belongs to the bus.
func (b *backlog) own() {
	fresh := b.events.all()[b.owned:]
	count, size := 0, 0
	for i := range fresh {
		count += len(fresh[i].event.Messages)
		for k := range fresh[i].event.Messages {
			size += len(fresh[i].event.Messages[k].Bytes)
		}
	}
	own := newCopies(count)
	own.events = slices.Grow(own.events[:0], len(fresh))
	own.messages = slices.Grow(own.messages[:0], count)
	own.data = slices.Grow(own.data[:0], size)
	own.held = len(fresh)
	for i := range fresh {
		own.events = append(own.events, *fresh[i].event)
		e := &own.events[i]
		fresh[i].event, fresh[i].copies = e, own
		first := len(own.messages)
		own.messages = append(own.messages, e.Messages...)
		e.Messages = own.messages[first:len(own.messages):len(own.messages)]
		for k := range e.Messages {
			m := &e.Messages[k]
			own.data = append(own.data, m.Bytes...)
			m.Bytes = own.data[len(own.data)-len(m.Bytes) : len(own.data) : len(own.data)]
			m.Redacted = slices.Clone(m.Redacted)
		}
		e.Data = nil // a filtered log shows messages
	}
	b.owned += len(fresh)
}

// queue is a list that grows at its end and is consumed from its beginning. The room of consumed
// elements is reused.
type queue[T any] struct {
	list  []T
	first int
}

// maxIdle is how much room an empty queue keeps, in elements.
const maxIdle = 4

func (q *queue[T]) all() []T { return q.list[q.first:] }

func (q *queue[T]) push(x T) {
	if q.first > len(q.list)/2 && len(q.list) == cap(q.list) {
		n := copy(q.list, q.list[q.first:])
		clear(q.list[n:])
		q.list, q.first = q.list[:n], 0
	}
	q.list = append(q.list, x)
}

func (q *queue[T]) drop(n int) {
	clear(q.list[q.first : q.first+n])
	q.first += n
	switch {
	case q.first < len(q.list):
	case cap(q.list) > maxIdle:
		*q = queue[T]{}
	default:
		q.list, q.first = q.list[:0], 0
	}
}
