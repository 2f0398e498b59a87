// Package bus carries events from connections through stages to sinks.
//
// It guarantees:
//
//   - All sinks see one order. An event gets its place in it when it is recorded, under one lock.
//   - Recording never waits for a stage. Stages run in one goroutine, a batch at a time.
//   - A sink gets events in batches, whole and in that order.
//   - A slow sink holds traffic back in bounded memory and loses nothing, unless it asks to.
//   - A sink that fails is detached and reported. The other sinks and the traffic continue.
//   - A panic in a stage costs what that stage does for one connection, and no more.
//
// Less formally: there is one true history. Everybody reads the same one, at their own pace.
//
// It must not know what events mean, where they come from or what sinks do with them.
//
// Start reading at [Bus.Record], which is the way in. The stages are in stages.go, and the way out
// is in outlet.go.
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
	// Write takes a batch. The events, and what they point to, are valid only until it returns.
	Write(events []event.Event) error
	// Close ends the output. There is no Write after it.
	Close() error
}

// Func is a sink that has nothing to end.
type Func func(events []event.Event) error

// Write calls the function.
func (f Func) Write(events []event.Event) error { return f(events) }

// Close does nothing.
func (Func) Close() error { return nil }

// Want is how much of a connection an outlet wants to see.
type Want uint8

const (
	// Traffic is everything that is relayed. A run of rows may be one message.
	Traffic Want = 1 << iota
	rows
	sums
	shapes
	finds
	// Facts are what pgpi knows about a connection, and the messages of its login. All outlets see
	// them.
	Facts Want = 0
	// Messages are Traffic in which each row is a message.
	Messages = Traffic | rows
	// Exchanges are Traffic, and requests, summed up with their replies.
	Exchanges = Traffic | sums
	// Shapes are Exchanges with the shapes of their SQL.
	Shapes = Exchanges | shapes
	// Findings are Shapes, and what rules find in them.
	Findings = Shapes | finds
)

// Includes reports whether an outlet that wants w sees everything that other asks for.
func (w Want) Includes(other Want) bool { return w&other == other }

// Outlet is a sink, with its name for messages to the user.
type Outlet struct {
	Name  string
	Sink  Sink
	Wants Want
	// Drop makes a sink that is behind lose its oldest events instead of holding traffic back. An
	// event in their place tells it how many are missing.
	Drop bool
	// Repeated says that the sink wants what a recording tells again, which is in its log already.
	Repeated bool
}

// Wanted returns what all outlets together want. Nothing beyond that needs to be recorded or
// decoded.
func Wanted(outlets []Outlet) (all Want) {
	for _, o := range outlets {
		all |= o.Wants
	}
	return all
}

// Options are the options of a bus.
type Options struct {
	// Stages are what events pass through, in order, before any sink sees them.
	Stages []Stage
	// Failed is called when a sink is detached.
	Failed func(name string, err error)
	// Behind is called once for each sink that is so slow that traffic is held back or events are
	// dropped.
	Behind func(name string)
}

// Limits, in bytes and time.
const (
	// batchSize is how much data is handed on at once. Less than that is handed on after
	// batchDelay. Each batch wakes sleeping goroutines, which costs as much as a whole transaction
	// when there are few.
	batchSize  = 64 << 10
	batchDelay = 20 * time.Millisecond
	// queueLimit is how much may wait for one sink before traffic is held back, and stagesLimit how
	// much may wait for the stages.
	queueLimit  = 8 << 20
	stagesLimit = 2 << 20
	// eventCost is the size that an event or a message counts for besides its data.
	eventCost = 200
)

// Bus orders events and hands them to its sinks.
type Bus struct {
	options Options
	outlets []*outlet
	// behind is set while more is waiting than allowed.
	behind atomic.Bool
	taken  atomic.Int64  // batches that the stages or a sink have finished with
	wake   chan struct{} // holds at most one token: the stages have work
	timer  *time.Timer   // fires when the stages get what there is, however little
	done   chan struct{} // closed when everything went through the stages and nothing more comes

	mu      sync.Mutex
	batch   *batch        // being filled; nil while it is empty
	queue   []*batch      // waiting for the stages
	waiting int           // size of the queue and of the batch in the stages
	room    chan struct{} // closed when everybody has caught up; nil while nobody waits
	closed  bool

	// For the goroutine of the stages only.
	seq     uint64
	at      time.Time // of the last event
	runners []*runner
	current *batch
}

// New starts a bus. It has one goroutine for the stages and one for each sink. They end with
// [Bus.Close].
func New(outlets []Outlet, options Options) *Bus {
	b := &Bus{options: options, wake: make(chan struct{}, 1), timer: time.NewTimer(time.Hour), done: make(chan struct{})}
	b.timer.Stop()
	for _, o := range outlets {
		out := &outlet{bus: b, name: o.Name, sink: o.Sink, drop: o.Drop, repeated: o.Repeated, wake: make(chan struct{}, 1), done: make(chan struct{})}
		b.outlets = append(b.outlets, out)
		go out.run()
	}
	b.connect()
	go b.run()
	return b
}

// Wait returns when there is room for another event, or when done is closed. The caller must not
// hold a lock that another direction or connection needs.
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

// Record gives an event its place in the order, and copies everything that belongs to the caller.
// It never blocks; see [Bus.Wait].
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

// handOver passes the current batch to the stages. The caller holds the lock.
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

// resume wakes those that wait for room, if nothing is behind any more. It is called after
// something was taken from a queue.
func (b *Bus) resume() {
	b.taken.Add(1)
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

// Failed reports whether a sink was detached, so that its output is incomplete.
func (b *Bus) Failed() bool { return slices.ContainsFunc(b.outlets, (*outlet).hasFailed) }

// Close hands over what is left, closes the sinks and waits for them. It gives up when limit has passed
// and nothing was taken meanwhile. It reports whether everything has finished, including the stages.
// Later events are dropped.
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
	for taken := b.taken.Load(); len(ends) > 0; {
		select {
		case <-ends[0]:
			ends = ends[1:]
		case <-deadline.C:
			before := taken
			if taken = b.taken.Load(); taken == before {
				return false
			}
			deadline.Reset(limit)
		}
	}
	return true
}
