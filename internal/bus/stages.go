package bus

import (
	"fmt"
	"time"

	"pgpi/internal/event"
)

// Stage is a stage, and what a defect in it costs.
type Stage struct {
	event.Stage

	// Name is for the sentence that reports a failure of the stage.
	Name string
	// Withholds is set if nothing may pass that the stage has not finished with. If it panics, the
	// event loses its contents.
	Withholds bool
}

// blinder is a stage that can continue without understanding one connection. After a panic, it
// passes on the events of that connection unchanged.
type blinder interface{ Blind(conn uint32) }

// ender is a stage that has something to emit when nothing more comes.
type ender interface{ End(emit func(*event.Event)) }

// runner runs one stage and contains its panics.
type runner struct {
	stage Stage
	next  func(*event.Event)
	// emit calls next, and notes whether the event that the stage took has passed.
	emit    func(*event.Event)
	input   *event.Event
	emitted bool
	off     map[uint32]bool // connections for which the stage has failed
}

// connect chains the stages. The last one delivers to the sinks.
func (b *Bus) connect() {
	next := b.deliver
	b.runners = make([]*runner, len(b.options.Stages))
	for i := len(b.options.Stages) - 1; i >= 0; i-- {
		r := &runner{stage: b.options.Stages[i], next: next, off: map[uint32]bool{}}
		r.emit = func(e *event.Event) {
			r.emitted = r.emitted || e == r.input
			r.next(e)
		}
		b.runners[i] = r
		next = r.take
	}
}

// deliver adds an event to those that sinks see.
func (b *Bus) deliver(e *event.Event) { b.current.append(e) }

// take passes an event to the stage, and survives its panics.
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
	r.input, r.emitted = e, false
	r.stage.Take(e, r.emit)
	return nil
}

// fail reports once that the stage has failed for a connection. The connection continues without
// it. What is of no connection, such as a tick, concerns all of them.
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
			_ = r.try(e) // a blind stage does nothing that could fail
		}
		return
	}
	if _, ended := e.Fact.(event.Ended); !ended {
		r.off[e.Conn] = true
	}
	if said.Fact = r.incomplete(reason); e.Conn != 0 {
		said.Fact = event.StageFailed{Stage: r.stage.Name, Why: fmt.Sprint(reason)}
	}
	r.next(&said)
	if !passed {
		r.next(e)
	}
}

// incomplete is the report of a failure that is not of one connection.
func (r *runner) incomplete(reason any) event.Fact {
	return event.StageIncomplete{Stage: r.stage.Name, Why: fmt.Sprint(reason)}
}

// end ends the stage, and survives its panic: then what it had not emitted is missing. seq and at are
// those of the last event.
func (r *runner) end(seq uint64, at time.Time) {
	e, ok := r.stage.Stage.(ender)
	if !ok {
		return
	}
	defer func() {
		if reason := recover(); reason != nil {
			r.next(&event.Event{Seq: seq, At: at, Kind: event.Said, Fact: r.incomplete(reason)})
		}
	}()
	e.End(r.next)
}

// run is the goroutine between those that record and the sinks. It takes what was recorded through
// the stages, a batch at a time, so that relayed bytes need not wait for them.
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
			b.resume()
		}
		if b.atEnd() {
			b.endStages()
			b.endOutlets()
			return
		}
	}
}

// flush hands over a batch that has waited long enough.
func (b *Bus) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handOver()
}

// next returns the batch that has waited longest, or nil.
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

// takeBatch numbers the recorded events and takes them through the stages.
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
		e.Seq, b.at = b.seq, e.At
		first(e)
	}
}

// handOut passes a batch to all sinks.
func (b *Bus) handOut(batch *batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting -= batch.recordedSize
	if len(b.outlets) == 0 || len(batch.events) == 0 {
		batch.recycle()
		return
	}
	batch.readers.Store(int32(len(b.outlets)))
	for _, o := range b.outlets {
		o.put(batch)
	}
}

// atEnd reports whether the bus is closed and the stages have nothing left to take.
func (b *Bus) atEnd() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed && len(b.queue) == 0
}

// endStages ends the stages, in order, and hands out what they emit.
func (b *Bus) endStages() {
	last := newBatch()
	b.current = last
	for _, r := range b.runners {
		r.end(b.seq, b.at)
	}
	b.handOut(last)
}

// endOutlets ends the outlets.
func (b *Bus) endOutlets() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.timer.Stop()
	for _, o := range b.outlets {
		o.end()
	}
}
