// Package bus carries events from connections to sinks.
//
// It guarantees one order for all sinks, taken under one lock; that a sink gets
// events in batches, whole and in that order; that whoever records waits for no
// decoding; that a slow sink holds traffic back
// in bounded memory and loses nothing; and that a sink which fails is detached
// and reported while the others, and the traffic, go on.
//
// It must not know what events mean, where they come from or what sinks do with
// them.
//
// Start reading at [Bus.Defer] for the way in; decode.go is what happens on the way, and
// outlet.go the way out.
package bus

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"pgpi/internal/event"
)

// Sink is a consumer of events.
type Sink interface {
	// Write takes a batch. Events and what they point to belong to the bus again when
	// it returns.
	Write(events []event.Event) error
	// Close ends the output. No Write follows.
	Close() error
}

// Outlet is a sink with its name in messages to the user.
type Outlet struct {
	Name string
	Sink Sink
	// Drop lets a sink that is behind lose its oldest events, instead of holding
	// traffic back. Where they are missing the sink is told how many.
	Drop bool
}

// Options of a bus.
type Options struct {
	// Rewrite changes an event before any sink sees it. It owns what it is given.
	Rewrite func(*event.Event)
	// Failed is told when a sink is detached.
	Failed func(name string, err error)
	// Behind is told once of each sink that is so slow that traffic is held back, or
	// events are dropped.
	Behind func(name string)
}

// Limits, in bytes and time.
const (
	// batchSize is the amount of data that is handed on at once, batchDelay how long
	// less than that waits for more. Each batch wakes goroutines that have gone to sleep,
	// which costs as much as a whole transaction where there are few.
	batchSize  = 64 << 10
	batchDelay = 20 * time.Millisecond
	// queueLimit is what may wait for one sink before traffic is held back, and
	// decodeLimit what may wait to be decoded.
	queueLimit  = 8 << 20
	decodeLimit = 2 << 20
	// eventCost is what an event or a message weighs beside its data.
	eventCost = 200
)

// Bus orders events and hands them to its sinks.
type Bus struct {
	options Options
	outlets []*outlet
	// behind is set while more waits than may.
	behind atomic.Bool
	wake   chan struct{} // holds at most one token: there is something to decode
	timer  *time.Timer   // when what is there is to be decoded, however little
	done   chan struct{} // closed when all is decoded and nothing more comes

	mu      sync.Mutex
	batch   *batch        // which fills; nil while it is empty
	queue   []*batch      // which wait to be decoded
	waiting int           // the size of those, and of the one that is being decoded
	room    chan struct{} // closed when everybody has caught up; nil while none waits
	closed  bool

	// Of the decoding goroutine only.
	seq      uint64
	decoding *batch
}

// New starts a bus. It has a goroutine that decodes, and one for each sink, which end
// with [Bus.Close].
func New(outlets []Outlet, options Options) *Bus {
	b := &Bus{options: options, wake: make(chan struct{}, 1), timer: time.NewTimer(time.Hour), done: make(chan struct{})}
	b.timer.Stop()
	for _, o := range outlets {
		out := &outlet{bus: b, name: o.Name, sink: o.Sink, drop: o.Drop, wake: make(chan struct{}, 1), done: make(chan struct{})}
		b.outlets = append(b.outlets, out)
		go out.run()
	}
	go b.decode()
	return b
}

// Wait returns when there is room for another event, or when done is closed. The
// caller must hold no lock that another direction or connection needs.
func (b *Bus) Wait(done <-chan struct{}) {
	for b.behind.Load() {
		b.mu.Lock()
		if !b.behind.Load() {
			b.mu.Unlock()
			return
		}
		if b.room == nil {
			b.room = make(chan struct{})
		}
		room := b.room
		b.mu.Unlock()
		select {
		case <-room:
		case <-done:
			return
		}
	}
}

// Record takes an event: it gets its place in the order, and everything that
// belongs to the caller is copied. It never blocks; see [Bus.Wait].
func (b *Bus) Record(e *event.Event) { b.Defer(e, 0, nil) }

// Defer takes an event as Record does, and hands sinks what decode makes of it, which is
// so many messages. Decode is called in the order of all events, by one goroutine. It must
// not panic.
func (b *Bus) Defer(e *event.Event, messages int, decode event.Decode) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	first := b.batch == nil
	if first {
		b.batch = newBatch()
	}
	b.batch.add(e, messages, decode)
	switch {
	case b.batch.size >= batchSize:
		b.handOver()
	case first:
		b.timer.Reset(batchDelay)
	}
}

// handOver gives the batch to the goroutine that decodes. The caller holds the lock.
func (b *Bus) handOver() {
	if b.batch == nil {
		return
	}
	b.queue = append(b.queue, b.batch)
	b.waiting += b.batch.size
	b.batch = nil
	if b.waiting > decodeLimit {
		b.behind.Store(true)
	}
	b.signal()
}

func (b *Bus) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// caughtUp is called by whoever has taken from a queue.
func (b *Bus) caughtUp() {
	if !b.behind.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting > decodeLimit || slices.ContainsFunc(b.outlets, (*outlet).behind) {
		return
	}
	b.behind.Store(false)
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// Close hands over what is left, closes the sinks and waits for them, but no
// longer than limit. It reports whether all have finished, decoding and rewriting
// included. Later events are dropped.
func (b *Bus) Close(limit time.Duration) bool {
	b.mu.Lock()
	b.handOver()
	b.closed = true
	b.signal()
	b.mu.Unlock()

	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	ends := []chan struct{}{b.done}
	for _, o := range b.outlets {
		ends = append(ends, o.done)
	}
	for _, end := range ends {
		select {
		case <-end:
		case <-deadline.C:
			return false
		}
	}
	return true
}
