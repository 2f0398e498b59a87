// Package decoded lets tests see events as sinks do, without a bus.
//
// It guarantees that each event is decoded when it is recorded, and passed on at once. It must not
// know what tests do with events. Start reading at [New].
package decoded

import (
	"bytes"
	"sync"

	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/session"
)

// Recorder is for a proxy or a capture. Several goroutines may use it.
type Recorder struct {
	mu    sync.Mutex
	stage *decode.Stage
	take  func(*event.Event)
}

// New returns a recorder that passes what sinks would see to take. An event is valid only until
// take returns.
func New(take func(*event.Event)) *Recorder {
	return NewRecording(func(e *event.Event) {
		if !e.Repeated {
			take(e)
		}
	})
}

// NewRecording makes a recorder that hands on what a recording would see.
func NewRecording(take func(*event.Event)) *Recorder {
	return &Recorder{stage: decode.New(session.NewBudget(session.DefaultBudget)), take: take}
}

// Seen is that of the stage.
func (r *Recorder) Seen() decode.Seen { return r.stage.Seen() }

// Wait returns at once: there is always room.
func (*Recorder) Wait(<-chan struct{}) {}

// Record takes an event.
func (r *Recorder) Record(e *event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := *e // a stage may change it
	own.Data = bytes.Clone(e.Data)
	r.stage.Take(&own, r.take)
}
