// Package bus carries events from connections through stages to sinks.
//
// It guarantees:
//   - There is one order for all sinks, taken under one lock when an event is recorded.
//   - Whoever records waits for no stage. Stages run in one goroutine, a batch at a time.
//   - A sink gets events in batches, whole and in that order.
//   - A slow sink holds traffic back in bounded memory and loses nothing, unless it asks to.
//   - A sink that fails is detached and reported. The others, and the traffic, go on.
//   - A panic in a stage costs what that stage does for one connection, and no more.
//
// Less formally: there is one true history. Everybody reads the same one, at their own pace.
//
// It must not know what events mean, where they come from or what sinks do with
// them.
//
// Start reading at [Bus.Record] for the way in. stages.go is what happens on the way, and
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

// Want is how much of a connection an outlet wants to see. Each includes those before it.
type Want uint8

const (
	// Facts are what pgpi knows of a connection, and the messages of its login.
	Facts Want = iota
	// Messages are all that is relayed.
	Messages
	// Exchanges are requests with all that answers them, added up.
	Exchanges
)

// Outlet is a sink with its name in messages to the user.
type Outlet struct {
	Name  string
	Sink  Sink
	Wants Want
	// Drop lets a sink that is behind lose its oldest events, instead of holding
	// traffic back. Where they are missing the sink is told how many.
	Drop bool
}

// Wanted is what the most demanding of the outlets wants: nobody needs to record or decode more.
func Wanted(outlets []Outlet) (most Want) {
	for _, o := range outlets {
		most = max(most, o.Wants)
	}
	return most
}

// Options of a bus.
type Options struct {
	// Stages are what events go through before any sink sees them, in this order.
	Stages []Stage
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
	// stagesLimit what may wait for the stages.
	queueLimit  = 8 << 20
	stagesLimit = 2 << 20
	// eventCost is what an event or a message weighs beside its data.
	eventCost = 200
)

// Bus orders events and hands them to its sinks.
type Bus struct {
	options Options
	outlets []*outlet
	// behind is set while more waits than may.
	behind atomic.Bool
	wake   chan struct{} // holds at most one token: there is something for the stages
	timer  *time.Timer   // when the stages get what is there, however little
	done   chan struct{} // closed when all went through the stages and nothing more comes

	mu      sync.Mutex
	batch   *batch        // which fills; nil while it is empty
	queue   []*batch      // which wait for the stages
	waiting int           // the size of those, and of the one that the stages have
	room    chan struct{} // closed when everybody has caught up; nil while none waits
	closed  bool

	// Of the stages' goroutine only.
	seq     uint64
	runners []*runner
	current *batch
}

// New starts a bus. It has a goroutine for the stages, and one for each sink, which end
// with [Bus.Close].
func New(outlets []Outlet, options Options) *Bus {
	b := &Bus{options: options, wake: make(chan struct{}, 1), timer: time.NewTimer(time.Hour), done: make(chan struct{})}
	b.timer.Stop()
	for _, o := range outlets {
		out := &outlet{bus: b, name: o.Name, sink: o.Sink, drop: o.Drop, wake: make(chan struct{}, 1), done: make(chan struct{})}
		b.outlets = append(b.outlets, out)
		go out.run()
	}
	b.connect()
	go b.run()
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
	b.batch.record(e)
	switch {
	case b.batch.size >= batchSize:
		b.handOver()
	case first:
		b.timer.Reset(batchDelay)
	}
}

// handOver gives the batch to the stages. The caller holds the lock.
func (b *Bus) handOver() {
	if b.batch == nil {
		return
	}
	b.queue = append(b.queue, b.batch)
	b.waiting += b.batch.size
	b.batch = nil
	if b.waiting > stagesLimit {
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
	if b.waiting > stagesLimit || slices.ContainsFunc(b.outlets, (*outlet).behind) {
		return
	}
	b.behind.Store(false)
	if b.room != nil {
		close(b.room)
		b.room = nil
	}
}

// Failed reports whether a sink was detached, so that it lacks something.
func (b *Bus) Failed() bool { return slices.ContainsFunc(b.outlets, (*outlet).hasFailed) }

// Close hands over what is left, closes the sinks and waits for them, but no
// longer than limit. It reports whether all have finished, stages included. Later
// events are dropped.
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
