package bus

import (
	"fmt"

	"pgpi/internal/event"
)

// Stage is a stage with what its defects cost.
type Stage struct {
	event.Stage

	// Name is for the sentence that says that the stage has failed.
	Name string
	// Withholds says that nothing may pass which the stage has not seen to its end: an event in
	// which it panics loses its contents.
	Withholds bool
}

// blinder is a stage that can go on without understanding one connection. What it is given
// of that connection after a panic it passes on.
type blinder interface{ Blind(conn uint32) }

// runner runs one stage behind a wall.
type runner struct {
	stage Stage
	next  func(*event.Event)
	// emit is next, and notes that the event at hand has passed.
	emit    func(*event.Event)
	taken   *event.Event
	emitted bool
	off     map[uint32]bool // connections for which the stage has failed
}

// connect makes the line of stages, which ends in the batch for the sinks.
func (b *Bus) connect() {
	next := b.deliver
	b.runners = make([]*runner, len(b.options.Stages))
	for i := len(b.options.Stages) - 1; i >= 0; i-- {
		r := &runner{stage: b.options.Stages[i], next: next, off: map[uint32]bool{}}
		r.emit = func(e *event.Event) {
			r.emitted = r.emitted || e == r.taken
			r.next(e)
		}
		b.runners[i] = r
		next = r.take
	}
}

// deliver adds an event to what sinks see.
func (b *Bus) deliver(e *event.Event) { b.current.append(e) }

// take gives the stage an event, and bears its panics.
func (r *runner) take(e *event.Event) {
	if len(r.off) > 0 && r.off[e.Conn] {
		if _, ended := e.Fact.(event.Ended); ended {
			delete(r.off, e.Conn)
		}
		r.next(e)
		return
	}
	if reason := r.try(e); reason != nil {
		r.fail(e, reason)
	}
}

func (r *runner) try(e *event.Event) (reason any) {
	defer func() { reason = recover() }()
	r.taken, r.emitted = e, false
	r.stage.Take(e, r.emit)
	return nil
}

// fail says once that the stage has failed for a connection, and goes on without it.
func (r *runner) fail(e *event.Event, reason any) {
	said := event.Event{Seq: e.Seq, At: e.At, Elapsed: e.Elapsed, Conn: e.Conn, Kind: event.Said, Identity: e.Identity}
	passed := r.emitted
	if r.stage.Withholds {
		clear(e.Data)
		said.Fact = event.ObserverFailed{Why: r.stage.Name + ": " + fmt.Sprint(reason)}
		r.next(&said)
		return
	}
	if b, ok := r.stage.Stage.(blinder); ok {
		b.Blind(e.Conn)
		said.Fact = event.ObserverFailed{Why: fmt.Sprint(reason)}
		r.next(&said)
		if !passed {
			_ = r.try(e) // a blind stage understands nothing, so that nothing can fail
		}
		return
	}
	if _, ended := e.Fact.(event.Ended); !ended {
		r.off[e.Conn] = true
	}
	said.Fact = event.StageFailed{Stage: r.stage.Name, Why: fmt.Sprint(reason)}
	r.next(&said)
	if !passed {
		r.next(e)
	}
}

// run is the goroutine between those who record and the sinks: it takes what was
// recorded through the stages, a batch at a time, so that the path of relayed bytes need
// not.
func (b *Bus) run() {
	defer close(b.done)
	for {
		select {
		case <-b.wake:
		case <-b.timer.C:
			b.flush()
		}
		for next := b.next(); next != nil; next = b.next() {
			b.takeBatch(next)
			b.handOut(next)
			b.caughtUp()
		}
		if b.finished() {
			return
		}
	}
}

// flush hands over what has waited long enough.
func (b *Bus) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handOver()
}

// next takes the batch that has waited longest, or nil.
func (b *Bus) next() *batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return nil
	}
	first := b.queue[0]
	b.queue[0] = nil
	b.queue = b.queue[1:]
	return first
}

// takeBatch numbers what was recorded, and takes it through the stages.
func (b *Bus) takeBatch(batch *batch) {
	b.current = batch
	first := b.deliver
	if len(b.runners) > 0 {
		first = b.runners[0].take
	}
	for i := range batch.recorded {
		e := &batch.recorded[i]
		if e.TakesNumber() {
			b.seq++
		}
		e.Seq = b.seq
		first(e)
	}
}

// handOut gives a batch to all sinks.
func (b *Bus) handOut(batch *batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting -= batch.taken
	if len(b.outlets) == 0 || len(batch.events) == 0 {
		batch.recycle()
		return
	}
	batch.readers.Store(int32(len(b.outlets)))
	for _, o := range b.outlets {
		o.put(batch)
	}
}

// finished ends the outlets when no stage has anything left to do and nothing more comes.
func (b *Bus) finished() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed || len(b.queue) > 0 {
		return false
	}
	b.timer.Stop()
	for _, o := range b.outlets {
		o.end()
	}
	return true
}
