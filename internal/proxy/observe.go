package proxy

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
)

// Observing stands behind a wall: a panic in it is a defect, which ends the decoding
// of one connection, and no connection. The relay finds out only where messages end, and
// what it has to know itself; what they mean is found out later, by the [decoder].

// clockSlack is how far the clock on the wall may stray before it counts as set.
const clockSlack = 100 * time.Millisecond

// now is the time of day, and the time since the connection was opened. They agree to
// the nanosecond, so that each follows from the other, unless somebody has set the
// clock meanwhile.
func (c *connection) now() (at time.Time, elapsed time.Duration) {
	now := time.Now()
	elapsed = now.Sub(c.opened)
	at = c.opened.Add(elapsed)
	if set := now.Round(0).Sub(at.Round(0)); set.Abs() > clockSlack {
		at = now
	}
	return at, elapsed
}

// say records a sentence about the connection.
func (c *connection) say(s event.Status, args ...string) { c.sayLater(nil, s, args...) }

// sayLater records a sentence that decode completes.
func (c *connection) sayLater(decode event.Decode, s event.Status, args ...string) {
	at, elapsed := c.now()
	// A sentence that can't be recorded has no other place to be told.
	_ = c.proxy.record(&event.Event{
		At: at, Elapsed: elapsed, Conn: c.id, Kind: event.Said, Status: s, Args: args,
	}, 0, decode)
}

// show records packets that pgpi itself got or sent.
func (c *connection) show(d event.Direction, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(b) > 0 {
		e := event.Event{Direction: d}
		f, decode := c.scan(d, b), c.decoder.scan
		if f.Size == 0 {
			f, _ = c.end(d, b)
			decode = c.decoder.end
		}
		c.record(&e, f, b[:f.Size], decode)
		b = b[f.Size:]
	}
}

// record records the bytes of a frame. The caller holds the lock.
func (c *connection) record(e *event.Event, f session.Frame, data []byte, decode event.Decode) {
	e.At, e.Elapsed = c.now()
	e.Conn, e.Kind, e.Data, e.Total, e.Offset = c.id, f.Kind, data, f.Total, f.Offset
	if reason := c.proxy.record(e, f.Count, decode); reason != nil {
		c.fail(reason)
	}
	if f.Lost != nil {
		c.say(event.OutOfSync, e.Direction.String(), fmt.Sprint(f.Lost.Offset), f.Lost.Why)
	}
}

// scan is [session.Framer.Scan]. The caller holds the lock.
func (c *connection) scan(d event.Direction, pending []byte) (f session.Frame) {
	if c.blind || !c.guard(func() { f = c.framer.Scan(d, pending) }) {
		return undecoded(pending)
	}
	return f
}

// scanFrame is [session.Framer.ScanFrame]. The caller holds the lock.
func (c *connection) scanFrame(d event.Direction, b []byte) (f session.Frame) {
	if c.blind || !c.guard(func() { f = c.framer.ScanFrame(d, b) }) {
		return undecoded(b)
	}
	return f
}

// end is [session.Framer.End]. The caller holds the lock.
func (c *connection) end(d event.Direction, pending []byte) (f session.Frame, want int64) {
	if c.blind || !c.guard(func() { f, want = c.framer.End(d, pending) }) {
		return undecoded(pending), 0
	}
	return f, want
}

func undecoded(pending []byte) session.Frame {
	return session.Frame{Kind: event.Undecoded, Size: len(pending)}
}

// guard does something behind the wall, and reports whether it came to its end. The
// caller holds the lock.
func (c *connection) guard(something func()) (done bool) {
	defer func() {
		if reason := recover(); reason != nil {
			c.fail(reason)
			done = false
		}
	}()
	something()
	return true
}

// fail ends the decoding. The caller holds the lock.
func (c *connection) fail(reason any) {
	if !c.blind {
		c.blind = true
		c.say(event.ObserverFailed, fmt.Sprint(reason))
	}
}

// record hands an event to the recorder, and returns what that panics with. Decode is nil
// where the event is complete.
func (p *Proxy) record(e *event.Event, messages int, decode event.Decode) (reason any) {
	defer func() { reason = recover() }()
	p.config.Recorder.Defer(e, messages, decode)
	return nil
}

// wait waits for room in the recorder. One that panics has to record at once.
func (p *Proxy) wait(done <-chan struct{}) {
	defer func() { _ = recover() }()
	p.config.Recorder.Wait(done)
}
