package bus

import (
	"fmt"

	"pgpi/internal/event"
)

// decode is the goroutine between those who record and the sinks: it finds out what
// events mean, a batch at a time, so that the path of relayed bytes need not.
func (b *Bus) decode() {
	defer close(b.done)
	for {
		select {
		case <-b.wake:
		case <-b.timer.C:
			b.flush()
		}
		for next := b.next(); next != nil; next = b.next() {
			b.decodeBatch(next)
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

func (b *Bus) decodeBatch(batch *batch) {
	b.decoding = batch
	emit := b.emit
	for i := range batch.recorded {
		r := &batch.recorded[i]
		if r.decode == nil {
			b.finish(batch.append(&r.event))
			continue
		}
		r.decode(&r.event, emit)
	}
}

// emit adds an event that was decoded. Its messages belong to whoever calls.
func (b *Bus) emit(e *event.Event) {
	own := b.decoding.append(e)
	own.Messages = b.decoding.copyMessages(e.Messages)
	b.decoding.weighKept(own)
	b.finish(own)
}

// finish makes an event what sinks may see.
func (b *Bus) finish(e *event.Event) {
	b.seq++
	e.Seq = b.seq
	if b.options.Rewrite != nil {
		b.rewrite(e)
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

// finished ends the outlets when nothing is left to decode and nothing more comes.
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
