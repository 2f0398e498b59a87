// Package bus carries events from connections to sinks.
//
// It guarantees one order for all sinks, taken under one lock; that a sink gets
// events in batches, whole and in that order; that a slow sink holds traffic back
// in bounded memory and loses nothing; and that a sink which fails is detached
// and reported while the others, and the traffic, go on.
//
// It must not know what events mean, where they come from or what sinks do with
// them.
//
// Start reading at [Bus.Record] for the way in, and at outlet.go for the way out.
package bus

import (
	"fmt"
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
	// batchSize is the amount of data that wakes the sinks at once, batchDelay how
	// long less than that waits for more.
	batchSize  = 64 << 10
	batchDelay = 3 * time.Millisecond
	// queueLimit is what may wait for one sink before traffic is held back.
	queueLimit = 8 << 20
	// eventCost is what an event or a message weighs beside its data.
	eventCost = 200
)

// Bus orders events and hands them to its sinks.
type Bus struct {
	options Options
	outlets []*outlet
	// behind is set while a sink has more waiting than queueLimit.
	behind atomic.Bool

	mu     sync.Mutex
	seq    uint64
	batch  *batch
	timer  *time.Timer
	room   chan struct{} // closed when a sink has caught up; nil while none waits
	closed bool
}

// New starts a bus. Each sink gets a goroutine, which ends with [Bus.Close].
func New(outlets []Outlet, options Options) *Bus {
	b := &Bus{options: options}
	b.timer = time.AfterFunc(time.Hour, b.flush)
	b.timer.Stop()
	for _, o := range outlets {
		out := &outlet{bus: b, name: o.Name, sink: o.Sink, drop: o.Drop, wake: make(chan struct{}, 1), done: make(chan struct{})}
		b.outlets = append(b.outlets, out)
		go out.run()
	}
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
func (b *Bus) Record(e *event.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	first := b.batch == nil
	if first {
		b.batch = newBatch()
	}
	b.seq++
	own := b.batch.add(e)
	own.Seq = b.seq
	if b.options.Rewrite != nil {
		b.rewrite(own)
	}
	switch {
	case b.batch.size >= batchSize:
		b.handOver()
	case first:
		b.timer.Reset(batchDelay)
	}
}

// rewrite lets nothing pass that could not be rewritten: if that fails, which is a
// defect, the event loses its contents.
func (b *Bus) rewrite(e *event.Event) {
	defer func() {
		if reason := recover(); reason != nil {
			clear(e.Data)
			e.Messages, e.Kind = nil, event.Said
			e.Status, e.Args = event.ObserverFailed, []string{"redaction: " + fmt.Sprint(reason)}
		}
	}()
	b.options.Rewrite(e)
}

// flush hands over what has waited long enough.
func (b *Bus) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.batch != nil {
		b.handOver()
	}
}

// handOver gives the batch to all sinks. The caller holds the lock.
func (b *Bus) handOver() {
	batch := b.batch
	b.batch = nil
	batch.readers.Store(int32(len(b.outlets)))
	for _, o := range b.outlets {
		o.put(batch)
	}
	if len(b.outlets) == 0 {
		batch.recycle()
	}
}

// caughtUp is called by an outlet that has taken from its queue.
func (b *Bus) caughtUp() {
	if !b.behind.Load() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.outlets {
		if o.behind() {
			return
		}
	}
	b.behind.Store(false)
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// Close hands over what is left, closes the sinks and waits for them, but no
// longer than limit. It reports whether all have finished. Later events are
// dropped.
func (b *Bus) Close(limit time.Duration) bool {
	b.mu.Lock()
	if b.batch != nil {
		b.handOver()
	}
	b.closed = true
	b.timer.Stop()
	for _, o := range b.outlets {
		o.end()
	}
	b.mu.Unlock()

	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for _, o := range b.outlets {
		select {
		case <-o.done:
		case <-deadline.C:
			return false
		}
	}
	return true
}
