package bus

import (
	"errors"
	"fmt"
	"sync"
)

// outlet is a sink with the batches that wait for it.
type outlet struct {
	bus  *Bus
	name string
	sink Sink
	wake chan struct{} // holds at most one token: there is something to do
	done chan struct{} // closed when the sink is closed

	mu     sync.Mutex
	queue  []*batch
	size   int // of the batches in the queue and in the sink's hands
	ending bool
	failed bool
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
		o.bus.behind.Store(true)
	}
	o.signal()
}

// behind reports whether more waits than may.
func (o *outlet) behind() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size > queueLimit
}

// end lets the outlet stop when its queue is empty.
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

// drain writes all batches that wait.
func (o *outlet) drain() {
	for {
		b := o.take()
		if b == nil {
			return
		}
		if err := o.guard(func() error { return o.sink.Write(b.events) }); err != nil {
			o.fail(err)
		}
		o.mu.Lock()
		o.size -= b.size
		o.mu.Unlock()
		b.release()
		o.bus.caughtUp()
	}
}

func (o *outlet) take() *batch {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil
	}
	b := o.queue[0]
	o.queue[0] = nil
	o.queue = o.queue[1:]
	return b
}

func (o *outlet) finished() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed || o.ending && len(o.queue) == 0
}

// fail detaches the sink, and tells once.
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
	o.bus.caughtUp()
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
