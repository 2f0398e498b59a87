package bus

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"pgpi/internal/event"
)

// outlet is a sink with the batches that are waiting for it.
type outlet struct {
	bus  *Bus
	name string
	sink Sink
	// drop and repeated are those of the Outlet.
	drop, repeated bool

	wake chan struct{} // holds at most one token: there is work
	done chan struct{} // closed when the sink is closed

	mu     sync.Mutex
	queue  []*batch
	size   int // of the batches in the queue, and of the one in the sink
	ending bool
	failed bool
	warned bool
	// dropped counts the events that are missing before the first in the queue.
	dropped int
}

// put adds a batch to the queue. The caller holds the bus's lock.
func (o *outlet) put(b *batch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed {
		b.release()
		return
	}
	o.queue = append(o.queue, b)
	o.size += b.size
	if o.size > queueLimit {
		o.overflow()
	}
	o.signal()
}

// overflow holds traffic back, or drops what has waited longest. The caller holds the lock.
func (o *outlet) overflow() {
	if !o.warned && o.bus.options.Behind != nil {
		o.warned = true
		go o.bus.options.Behind(o.name) // not here: it may take its time, and locks are held
	}
	if !o.drop {
		o.bus.behind.Store(true)
		return
	}
	for o.size > queueLimit && len(o.queue) > 1 {
		oldest := o.queue[0]
		o.queue = o.queue[1:]
		o.size -= oldest.size
		o.dropped += len(oldest.events)
		oldest.release()
	}
}

// behind reports whether more is waiting than allowed.
func (o *outlet) behind() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.drop && o.size > queueLimit
}

// end makes the outlet stop when its queue is empty.
func (o *outlet) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ending = true
	o.signal()
}

func (o *outlet) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run is the outlet's goroutine.
func (o *outlet) run() {
	defer close(o.done)
	for range o.wake {
		o.drain()
		if o.finished() {
			break
		}
	}
	if err := o.guard(o.sink.Close); err != nil {
		o.fail(err)
	}
}

// drain writes all batches in the queue.
func (o *outlet) drain() {
	for {
		b, dropped := o.take()
		if b == nil {
			return
		}
		if err := o.guard(func() error { return o.write(b, dropped) }); err != nil {
			o.fail(err)
		}
		o.mu.Lock()
		o.size -= b.size
		o.mu.Unlock()
		b.release()
		o.bus.resume()
	}
}

// take removes the next batch from the queue. It also returns how many events are missing before
// it.
func (o *outlet) take() (b *batch, dropped int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil, 0
	}
	b, dropped = o.queue[0], o.dropped
	o.queue[0], o.dropped = nil, 0
	o.queue = o.queue[1:]
	return b, dropped
}

// write passes a batch to the sink. If events are missing before it, the sink is told first.
func (o *outlet) write(b *batch, dropped int) error {
	if dropped > 0 {
		next := b.events[0]
		gap := event.Event{At: next.At, Seq: next.Seq, Kind: event.Said, Fact: event.Dropped{Events: dropped}}
		if err := o.sink.Write([]event.Event{gap}); err != nil {
			return err
		}
	}
	events := b.events
	if b.repeated && !o.repeated {
		events = slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return e.Repeated })
	}
	if len(events) == 0 {
		return nil
	}
	return o.sink.Write(events)
}

func (o *outlet) hasFailed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

func (o *outlet) finished() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed || o.ending && len(o.queue) == 0
}

// fail detaches the sink. It reports the first failure only.
func (o *outlet) fail(err error) {
	o.mu.Lock()
	first := !o.failed
	o.failed = true
	for _, b := range o.queue {
		o.size -= b.size
		b.release()
	}
	o.queue = nil
	o.mu.Unlock()
	if first && o.bus.options.Failed != nil {
		o.bus.options.Failed(o.name, err)
	}
	o.bus.resume()
}

// guard turns a panic of a sink into an error of that sink.
func (o *outlet) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("panic: %v", p))
		}
	}()
	return f()
}
