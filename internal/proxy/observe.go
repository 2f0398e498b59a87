package proxy

import (
	"fmt"
	"sync"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// Observing is behind a wall. A panic in it is a defect, which ends the decoding of one connection,
// but no connection. The relay finds out only where messages end, and what it must know itself.
// What messages mean is found out later, from what was recorded.

// observer records what happens on one connection.
type observer struct {
	proxy  *Proxy
	config *Config
	id     uint32
	opened time.Time

	// mu guards what follows, and keeps events in the order in which the framer saw the bytes.
	mu    sync.Mutex
	watch *session.Watch
	blind bool // observing has failed: nothing is decoded any more
}

// clockSlack is how far the wall clock may stray before it counts as set.
const clockSlack = 100 * time.Millisecond

// now returns the time of day, and the time since the connection was opened. They agree to the
// nanosecond, so that each follows from the other, unless someone has set the clock in the
// meantime.
func (o *observer) now() (at time.Time, elapsed time.Duration) {
	now := time.Now()
	elapsed = now.Sub(o.opened)
	at = o.opened.Add(elapsed)
	if set := now.Round(0).Sub(at.Round(0)); set.Abs() > clockSlack {
		at = now
	}
	return at, elapsed
}

// say records a fact about the connection.
func (o *observer) say(f event.Fact) {
	// A fact that can't be recorded can't be reported anywhere else.
	_ = o.record(&event.Event{Kind: event.Said, Fact: f})
}

// record records an event of the connection, and returns what the recorder panics with.
func (o *observer) record(e *event.Event) (reason any) {
	e.At, e.Elapsed = o.now()
	e.Conn = o.id
	return o.proxy.record(e)
}

// show records packets that pgpi itself received or sent.
func (o *observer) show(d event.Direction, b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(b) > 0 {
		f := o.scan(d, b)
		if f.Size == 0 {
			f = o.end(d, b)
		}
		o.recordBytes(&event.Event{Direction: d}, f, b[:f.Size])
		b = b[f.Size:]
	}
}

// showGarbage records bytes that pgpi received and does not relay, because they are not a packet.
func (o *observer) showGarbage(d event.Direction, b []byte) {
	if len(b) > 0 {
		_ = o.record(&event.Event{Kind: event.Undecoded, Opaque: true, Direction: d, Data: b}) // as in say
	}
}

// recordBytes records the bytes of a frame. The caller holds the lock.
func (o *observer) recordBytes(e *event.Event, f session.Frame, data []byte) {
	e.Kind, e.Data, e.Count = event.Bytes, data, f.Count
	if o.blind {
		e.Kind = event.Undecoded
	}
	if reason := o.record(e); reason != nil {
		o.fail(reason)
	}
}

// scan is [session.Watch.Scan]. The caller holds the lock.
func (o *observer) scan(d event.Direction, pending []byte) (f session.Frame) {
	if o.blind || !o.guard(func() { f = o.watch.Scan(d, pending) }) {
		return undecoded(pending)
	}
	return f
}

// scanFrame is [session.Watch.ScanFrame]. The caller holds the lock.
func (o *observer) scanFrame(d event.Direction, b []byte) (f session.Frame) {
	if o.blind || !o.guard(func() { f = o.watch.ScanFrame(d, b) }) {
		return undecoded(b)
	}
	return f
}

// end is [session.Framer.End]. The caller holds the lock.
func (o *observer) end(d event.Direction, pending []byte) (f session.Frame) {
	if o.blind || !o.guard(func() { f, _ = o.watch.End(d, pending) }) {
		return undecoded(pending)
	}
	return f
}

// loginMessages returns the messages of the last frame. The caller holds the lock.
func (o *observer) loginMessages() []wire.Message {
	if o.blind {
		return nil
	}
	return o.watch.Login()
}

func undecoded(pending []byte) session.Frame {
	return session.Frame{Kind: event.Undecoded, Size: len(pending)}
}

// guard calls something behind the wall, and reports whether it returned normally. The caller holds
// the lock.
func (o *observer) guard(something func()) (done bool) {
	defer func() {
		if reason := recover(); reason != nil {
			o.fail(reason)
			done = false
		}
	}()
	something()
	return true
}

// fail ends the decoding. The caller holds the lock.
func (o *observer) fail(reason any) {
	if !o.blind {
		o.blind = true
		o.say(event.ObserverFailed{Why: fmt.Sprint(reason)})
	}
}

// record passes an event to the recorder, and returns what that panics with.
func (p *Proxy) record(e *event.Event) (reason any) {
	defer func() { reason = recover() }()
	p.config.Recorder.Record(e)
	return nil
}

// wait waits for room in the recorder, or not at all if that panics.
func (p *Proxy) wait(done <-chan struct{}) {
	defer func() { _ = recover() }()
	p.config.Recorder.Wait(done)
}
