package bus

import (
	"sync"
	"sync/atomic"

	"pgpi/internal/event"
)

// batch is a run of events with all that they point to. It is shared by the sinks
// and used again when the last has read it.
type batch struct {
	events   []event.Event
	messages []event.Message
	data     []byte
	size     int
	readers  atomic.Int32
}

var batches = sync.Pool{New: func() any { return &batch{data: make([]byte, 0, batchSize)} }}

func newBatch() *batch { return batches.Get().(*batch) }

// add copies an event into the batch.
func (b *batch) add(e *event.Event) *event.Event {
	b.events = append(b.events, *e)
	own := &b.events[len(b.events)-1]
	b.size += eventCost + len(e.Data) + eventCost*len(e.Messages)
	own.Data = b.copyData(e.Data)
	own.Messages = b.copyMessages(e.Messages)
	if e.Kind == event.Traffic {
		// The messages tile the data; let them tile the copy.
		rest := own.Data
		for i := range own.Messages {
			m := &own.Messages[i]
			m.Bytes, rest = rest[:len(m.Bytes):len(m.Bytes)], rest[len(m.Bytes):]
		}
	} else {
		for _, m := range own.Messages {
			b.size += len(m.Bytes)
		}
	}
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
	clear(b.events) // drop what they point to
	clear(b.messages)
	b.events, b.messages, b.data, b.size = b.events[:0], b.messages[:0], b.data[:0], 0
	batches.Put(b)
}
