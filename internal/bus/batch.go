package bus

import (
	"sync"
	"sync/atomic"

	"pgpi/internal/event"
)

// batch is a run of events with everything that they point to: first as they were recorded, then as
// sinks see them. The sinks share it. It is reused when the last of them has read it.
type batch struct {
	recorded     []event.Event
	recordedSize int // size as recorded, before the stages
	events       []event.Event
	messages     []event.Message
	data         []byte
	size         int
	repeated     bool // some of the events are
	readers      atomic.Int32
}

var batches = sync.Pool{New: func() any { return &batch{data: make([]byte, 0, batchSize)} }}

func newBatch() *batch { return batches.Get().(*batch) }

// record copies an event into the batch. The size that it adds is an estimate of the decoded event.
// It is [event.Event.Clone] into reused memory: relayed bytes wait for it, so it must not allocate.
func (b *batch) record(e *event.Event) {
	b.recorded = append(b.recorded, *e)
	own := &b.recorded[len(b.recorded)-1]
	b.size += eventCost + len(e.Data) + eventCost*max(e.Count, len(e.Messages))
	own.Data = b.copyData(e.Data)
	if len(e.Messages) > 0 {
		own.Messages = b.copyMessages(e.Messages)
		tile(own)
	}
	b.recordedSize = b.size
}

// tile makes the messages of a copied event point into its own data.
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

// weighKept adds the size of what was kept of a large message, which is not part of the data.
func (b *batch) weighKept(e *event.Event) {
	if e.Kind != event.Traffic {
		for i := range e.Messages {
			b.size += len(e.Messages[i].Bytes)
		}
	}
}

// append adds an event for the sinks. It copies the messages, but not the data.
func (b *batch) append(e *event.Event) *event.Event {
	b.events = append(b.events, *e)
	own := &b.events[len(b.events)-1]
	own.Messages = b.copyMessages(e.Messages)
	b.repeated = b.repeated || e.Repeated
	b.weighKept(own)
	return own
}

// copyData copies data into the batch's memory. When that is full, later events get new memory, and
// earlier ones keep the old alive.
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

// release is called when one reader is done.
func (b *batch) release() {
	if b.readers.Add(-1) == 0 {
		b.recycle()
	}
}

func (b *batch) recycle() {
	clear(b.recorded) // let go of what they point to
	clear(b.events)
	clear(b.messages)
	b.recorded, b.recordedSize, b.events, b.messages, b.data, b.size = b.recorded[:0], 0, b.events[:0], b.messages[:0], b.data[:0], 0
	b.repeated = false
	batches.Put(b)
}
