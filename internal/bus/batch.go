package bus

import (
	"sync"
	"sync/atomic"

	"pgpi/internal/event"
)

// batch is a run of events with all that they point to: first as they were recorded,
// then as sinks see them. It is shared by the sinks and used again when the last has read
// it.
type batch struct {
	recorded []event.Event
	taken    int // what was recorded weighs
	events   []event.Event
	messages []event.Message
	data     []byte
	size     int
	readers  atomic.Int32
}

var batches = sync.Pool{New: func() any { return &batch{data: make([]byte, 0, batchSize)} }}

func newBatch() *batch { return batches.Get().(*batch) }

// record copies an event into the batch. It weighs what it will when it is decoded. It is
// [event.Event.Clone] into memory that is used again: relayed bytes wait for it, so it must not
// allocate.
func (b *batch) record(e *event.Event) {
	b.recorded = append(b.recorded, *e)
	own := &b.recorded[len(b.recorded)-1]
	b.size += eventCost + len(e.Data) + eventCost*max(e.Count, len(e.Messages))
	own.Data = b.copyData(e.Data)
	if len(e.Messages) > 0 {
		own.Messages = b.copyMessages(e.Messages)
		tile(own)
	}
	b.taken = b.size
}

// tile lets the messages of a copy point to its data, which they tile.
func tile(e *event.Event) {
	if e.Kind != event.Traffic {
		return
	}
	rest := e.Data
	for i := range e.Messages {
		m := &e.Messages[i]
		m.Bytes, rest = rest[:len(m.Bytes):len(m.Bytes)], rest[len(m.Bytes):]
	}
}

// weighKept adds what was kept of a large message, which is no part of the data.
func (b *batch) weighKept(e *event.Event) {
	if e.Kind != event.Traffic {
		for i := range e.Messages {
			b.size += len(e.Messages[i].Bytes)
		}
	}
}

// append adds an event for sinks. Its messages belong to whoever calls.
func (b *batch) append(e *event.Event) *event.Event {
	b.events = append(b.events, *e)
	own := &b.events[len(b.events)-1]
	own.Messages = b.copyMessages(e.Messages)
	b.weighKept(own)
	return own
}

// copyData copies into the batch's memory. Where it is used up, earlier events keep
// the old memory alive and later ones get new.
func (b *batch) copyData(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	if cap(b.data)-len(b.data) < len(data) {
		b.data = make([]byte, 0, max(batchSize, len(data)))
	}
	start := len(b.data)
	b.data = append(b.data, data...)
	return b.data[start:len(b.data):len(b.data)]
}

func (b *batch) copyMessages(messages []event.Message) []event.Message {
	if len(messages) == 0 {
		return nil
	}
	start := len(b.messages)
	b.messages = append(b.messages, messages...)
	return b.messages[start:len(b.messages):len(b.messages)]
}

// release says that one reader is done.
func (b *batch) release() {
	if b.readers.Add(-1) == 0 {
		b.recycle()
	}
}

func (b *batch) recycle() {
	clear(b.recorded) // drop what they point to
	clear(b.events)
	clear(b.messages)
	b.recorded, b.taken, b.events, b.messages, b.data, b.size = b.recorded[:0], 0, b.events[:0], b.messages[:0], b.data[:0], 0
	batches.Put(b)
}
