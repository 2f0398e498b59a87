package event

// Stage turns an event into the events that the next stage sees, usually the same one. It is called
// by one goroutine, in the order of all events. It reads no clock: time comes with the events.
//
// A stage owns the event that it takes and may change it. What it emits is valid only until emit
// returns, except the bytes. It may panic. That is a defect, and costs only what the runner of the
// stages documents.
type Stage interface {
	Take(e *Event, emit func(*Event))
}
