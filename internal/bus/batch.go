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
	recorded []recorded
	taken    int // what was recorded weighs
	events   []event.Event
	messages []event.Message
	data     []byte
	size     int
	readers  atomic.Int32
}

// recorded is an event as it came. Decode is nil where it is ready for sinks.
type recorded struct {
	event  event.Event
	decode event.Decode
}

var batches = sync.Pool{New: func() any { return &batch{data: make([]byte, 0, batchSize)} }}

func newBatch() *batch { return batches.Get().(*batch) }

// add copies an event into the batch, which will have so many messages where it has none
// yet. It is [event.Event.Clone] into memory that is used again: relayed bytes wait for it, so
// it must not allocate.
func (b *batch) add(e *event.Event, messages int, decode event.Decode) {
	b.recorded = append(b.recorded, recorded{*e, decode})
	own := &b.recorded[len(b.recorded)-1].event
	b.size += eventCost + len(e.Data) + eventCost*max(messages, len(e.Messages))
	own.Data = b.copyData(e.Data)
	if len(e.Messages) > 0 {
		own.Messages = b.copyMessages(e.Messages)
		tile(own)
		b.weighKept(own)
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

// append adds an event for sinks.
func (b *batch) append(e *event.Event) *event.Event {
	b.events = append(b.events, *e)
	return &b.events[len(b.events)-1]
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
