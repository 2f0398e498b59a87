package proxy

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
)

// relay passes bytes on in both directions until both have ended.
func (c *connection) relay() {
	for d := range c.read {
		c.read[d] = make(chan struct{})
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		c.contain(func() { c.pump(event.ServerToClient, c.server, c.client) })
	})
	c.contain(func() { c.pump(event.ClientToServer, c.client, c.server) })
	wg.Wait()
}

// lingerLimit is how long a client may keep a connection that the server has
// ended: as long as a kernel keeps it that has nobody to tell.
const lingerLimit = 60 * time.Second

// pump passes bytes on in one direction, and then its end, as the receiver would
// see it without pgpi.
func (c *connection) pump(d event.Direction, from, to *leg) {
	p := &pump{connection: c, d: d, from: from, to: to}
	err := p.run()
	close(c.read[d])
	var write *writeError
	switch {
	case c.ctx.Err() != nil:
	case errors.As(err, &write):
		c.hungUp.Do(func() { c.lost(to, write.err) })
		c.awaitLastWords(event.ServerToClient - d)
		from.reset()
		c.abort()
	case errors.Is(err, io.EOF):
		if from == c.client {
			c.mu.Lock()
			c.guard(c.warnOfLeaving)
			c.mu.Unlock()
		}
		c.hungUp.Do(func() { c.sayHungUp(from) })
		to.closeWrite(from.notified())
		if from == c.server {
			c.linger()
		}
	case from == c.server && c.refusedLate(err):
		c.hungUp.Do(func() { c.lost(from, err) })
		c.tell("08006", lostServer+c.whyLost(from, err))
		c.linger()
	default:
		c.hungUp.Do(func() { c.lost(from, err) })
		to.reset()
		c.abort()
	}
}

// linger ends the connection after a while, if the client does not.
func (c *connection) linger() {
	limit := time.AfterFunc(lingerLimit, c.abort)
	context.AfterFunc(c.ctx, func() { limit.Stop() })
}

// sayHungUp says which party has ended the conversation: after a Terminate it is the
// client, whichever end is seen first.
func (c *connection) sayHungUp(l *leg) {
	c.mu.Lock()
	terminated := c.terminated
	c.mu.Unlock()
	if l == c.server && terminated {
		c.say(event.HungUp{Party: event.Client})
		return
	}
	c.say(event.HungUp{Party: l.party, How: hangUp(l)})
}

// awaitLastWords waits until all has been relayed that a party said before it went:
// it may have said why.
func (c *connection) awaitLastWords(d event.Direction) {
	limit := time.NewTimer(lingerLimit)
	defer limit.Stop()
	select {
	case <-c.read[d]:
	case <-c.ctx.Done():
	case <-limit.C:
	}
}

// pump is one direction of a relay.
type pump struct {
	*connection
	d        event.Direction
	from, to *leg
	event    event.Event // used again for each frame
	// held is how long pgpi waited for its outlets since the last event, and stalled how long
	// writes waited for their reader.
	held, stalled time.Duration
}

// shortest is the least wait that counts, of a write or of a byte that was read.
const shortest = time.Millisecond

// writeError is a failure of the receiving leg.
type writeError struct{ err error }

func (w *writeError) Error() string { return w.err.Error() }

// run passes bytes on until the sender's stream ends, and returns how it did:
// io.EOF, another error of the sender, or a writeError.
func (p *pump) run() error {
	for {
		if err := p.forwardPending(); err != nil {
			return err
		}
		if err := p.from.fill(); err != nil {
			if endErr := p.forwardEnd(!errors.Is(err, io.EOF)); endErr != nil {
				return endErr
			}
			return err
		}
	}
}

// forwardPending forwards all that is complete of what is pending. When the login
// is over and nobody wants more decoded, each read is one write.
func (p *pump) forwardPending() error {
	for len(p.from.pending()) > 0 {
		if p.silent.Load() {
			b := p.from.pending()
			p.from.take(len(b))
			return p.write(b)
		}
		p.hold()
		f, err := p.forward(p.from.pending())
		if err != nil {
			return err
		}
		if f.Size == 0 {
			return nil
		}
		p.from.take(f.Size)
	}
	return nil
}

// hold waits for room in the outlets.
func (p *pump) hold() {
	began := time.Now()
	p.proxy.wait(p.ctx.Done())
	if waited := time.Since(began); waited >= shortest {
		p.held += waited
	}
}

// forward observes the next frame, then writes it.
func (p *pump) forward(pending []byte) (session.Frame, error) {
	p.mu.Lock()
	f := p.scan(p.d, pending)
	if f.Size == 0 {
		p.mu.Unlock()
		return f, nil
	}
	b := pending[:f.Size]
	if f.Kind == event.Traffic && p.hides() {
		defer p.mu.Unlock()
		return f, p.forwardHidden(b)
	}
	p.observe(f, b, len(pending)-f.Size)
	p.mu.Unlock()
	return f, p.write(b)
}

// observe records a frame and draws the conclusions that the proxy itself needs.
// The caller holds the lock.
func (p *pump) observe(f session.Frame, b []byte, left int) {
	p.event = event.Event{Direction: p.d, Relayed: true, OneByOne: p.config.ByteByByte, Left: left}
	p.time(&p.event)
	p.recordBytes(&p.event, f, b)
	if messages := p.loginMessages(); len(messages) > 0 {
		p.guard(func() { p.watchLogin(messages) })
	}
	if p.d == event.ClientToServer && f.Last == terminate {
		p.terminated = true
	}
}

// time says of an event how long its bytes and those before it have waited.
func (p *pump) time(e *event.Event) {
	if waited := time.Since(p.from.began); waited >= shortest/10 {
		e.Waited = waited
	}
	e.Held, e.Stalled = p.held, p.stalled
	p.held, p.stalled = 0, 0
}

// terminate is the first byte of a Terminate message.
const terminate = 'X'

// write sends bytes to the receiver, in one write or each in its own.
func (p *pump) write(b []byte) error {
	began := time.Now()
	err := p.writeNow(b)
	if waited := time.Since(began); waited >= shortest {
		p.stalled += waited
	}
	return err
}

func (p *pump) writeNow(b []byte) error {
	if !p.config.ByteByByte {
		if _, err := p.to.Write(b); err != nil {
			return &writeError{err}
		}
		return nil
	}
	for i := range b {
		if _, err := p.to.Write(b[i : i+1]); err != nil {
			return &writeError{err}
		}
	}
	return nil
}

// forwardEnd forwards what is left when the sender's stream has ended: the
// beginning of a message that was cut off. Broken says that it did not end properly.
func (p *pump) forwardEnd(broken bool) error {
	rest := p.from.pending()
	if p.ctx.Err() != nil {
		return nil //nolint:nilerr // pgpi itself has ended the connection
	}
	if !p.silent.Load() {
		p.observeEnd(rest, broken)
	}
	if len(rest) == 0 {
		return nil
	}
	p.from.take(len(rest))
	return p.write(rest)
}

// observeEnd records that the direction has ended, with what is left of it.
func (p *pump) observeEnd(rest []byte, broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(p.d, rest)
	reason := p.record(&event.Event{
		Kind: event.End, Direction: p.d, Data: rest, OneByOne: p.config.ByteByByte, Broken: broken,
	})
	if reason != nil {
		p.fail(reason)
	}
}

// hangUp says what was unusual about how a party ended its half.
func hangUp(l *leg) string {
	if l.notified() {
		return ""
	}
	return " without TLS close_notify"
}

// isTimeout reports whether a read ended because of its deadline.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
