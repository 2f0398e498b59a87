package proxy

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
)

// Observing stands behind a wall: a panic in it is a defect, which ends the decoding
// of one connection, and no connection.

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
func (c *connection) say(s event.Status, args ...string) {
	at, elapsed := c.now()
	// A sentence that can't be recorded has no other place to be told.
	_ = c.proxy.record(&event.Event{
		At: at, Elapsed: elapsed, Conn: c.id, Kind: event.Said, Status: s, Args: args,
	})
}

// show records packets that pgpi itself got or sent.
func (c *connection) show(d event.Direction, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(b) > 0 {
		e := event.Event{Direction: d}
		p := c.scan(d, b)
		if p.Size == 0 {
			p, _ = c.end(d, b)
		}
		c.record(&e, p, b[:p.Size])
		b = b[p.Size:]
	}
}

// record records the bytes of a piece. The caller holds the lock.
func (c *connection) record(e *event.Event, p session.Piece, data []byte) {
	e.At, e.Elapsed = c.now()
	e.Conn, e.Kind, e.Data, e.Messages, e.Total, e.Offset = c.id, p.Kind, data, p.Messages, p.Total, p.Offset
	if reason := c.proxy.record(e); reason != nil {
		c.fail(reason)
	}
	if p.Lost != nil {
		c.say(event.OutOfSync, e.Direction.String(), fmt.Sprint(p.Lost.Offset), p.Lost.Why)
	}
}

// scan is [session.Tracker.Scan]. The caller holds the lock.
func (c *connection) scan(d event.Direction, pending []byte) (p session.Piece) {
	if !c.ask(func(t *session.Tracker) { p = t.Scan(d, pending) }) {
		return undecoded(pending)
	}
	return p
}

// end is [session.Tracker.End]. The caller holds the lock.
func (c *connection) end(d event.Direction, pending []byte) (p session.Piece, want int64) {
	if !c.ask(func(t *session.Tracker) { p, want = t.End(d, pending) }) {
		return undecoded(pending), 0
	}
	return p, want
}

func undecoded(pending []byte) session.Piece {
	return session.Piece{Kind: event.Undecoded, Size: len(pending)}
}

// ask asks the tracker, and reports whether it has an answer. The caller holds the
// lock.
func (c *connection) ask(question func(*session.Tracker)) (answered bool) {
	if c.blind {
		return false
	}
	return c.guard(func() { question(c.tracker) })
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

// record hands an event to the recorder, and returns what that panics with.
func (p *Proxy) record(e *event.Event) (reason any) {
	defer func() { reason = recover() }()
	p.config.Recorder.Record(e)
	return nil
}

// wait waits for room in the recorder. One that panics has to record at once.
func (p *Proxy) wait(done <-chan struct{}) {
	defer func() { _ = recover() }()
	p.config.Recorder.Wait(done)
}
