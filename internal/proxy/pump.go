package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// pump is one direction of a relay.
type pump struct {
	*parties
	login    *login
	d        event.Direction
	from, to *leg
	event    event.Event // reused for each frame
	// held is how long pgpi waited for its outlets since the last event. stalled is how long writes
	// waited for their reader.
	held, stalled time.Duration
}

// shortest is the shortest wait that counts, of a write or of a byte that was read.
const shortest = time.Millisecond

// writeError is a failure of the receiving leg.
type writeError struct{ err error }

func (w *writeError) Error() string { return w.err.Error() }

// run passes bytes on until the sender's stream ends, and returns how it did: io.EOF, another error
// of the sender, or a writeError.
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

// forwardPending forwards everything pending that is complete. If the login is over and no more is
// to be decoded, each read is one write.
func (p *pump) forwardPending() error {
	for len(p.from.pending()) > 0 {
		if p.login.silent.Load() {
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

// observe records a frame, and concludes from it what the proxy itself needs. The caller holds the
// lock.
func (p *pump) observe(f session.Frame, b []byte, left int) {
	p.event = event.Event{Direction: p.d, Relayed: true, OneByOne: p.config.ByteByByte, Left: left}
	p.time(&p.event)
	p.recordBytes(&p.event, f, b)
	if messages := p.loginMessages(); len(messages) > 0 {
		p.guard(func() { p.login.watch(messages) })
	}
	if p.d == event.ClientToServer && f.Last == terminate {
		p.terminated = true
	}
}

// time adds to an event how long its bytes and those before it have waited.
func (p *pump) time(e *event.Event) {
	if waited := time.Since(p.from.began); waited >= shortest/10 {
		e.Waited = waited
	}
	e.Held, e.Stalled = p.held, p.stalled
	p.held, p.stalled = 0, 0
}

// terminate is the first byte of a Terminate message.
const terminate = 'X'

// write sends bytes to the receiver, either in one write or each byte in its own.
func (p *pump) write(b []byte) error {
	began := time.Now()
	err := p.writeNow(b)
	if waited := time.Since(began); waited >= shortest {
		p.stalled += p.to.stalled(waited)
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

// forwardEnd forwards what is left when the sender's stream has ended: the beginning of a message
// that was cut off. broken is set if it did not end properly.
func (p *pump) forwardEnd(broken bool) error {
	rest := p.from.pending()
	if p.ctx.Err() != nil {
		return nil //nolint:nilerr // pgpi itself has ended the connection
	}
	if !p.login.silent.Load() {
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

// hides reports whether the last frame has an offer that is changed before it is forwarded. The
// caller holds the lock.
func (p *pump) hides() bool {
	return p.config.HideBinding && p.d == event.ServerToClient && p.client.tls == nil &&
		slices.ContainsFunc(p.loginMessages(), offersBinding)
}

// forwardHidden forwards messages in which an offer loses the mechanism with channel binding,
// because a client without TLS would take that for an attack. It shows both what came and what
// went. The caller holds the lock, and nothing else is under way: the client waits.
func (p *pump) forwardHidden(b []byte) error {
	for _, m := range p.loginMessages() {
		part := b[:len(m.Bytes)]
		b = b[len(part):]
		if !offersBinding(m) {
			p.recordBytes(&event.Event{Direction: p.d, Relayed: true, OneByOne: p.config.ByteByByte, Left: len(b)}, traffic(part), part)
			p.login.watch([]wire.Message{m})
			if err := p.write(part); err != nil {
				return err
			}
			continue
		}
		went := withoutBinding(part)
		p.say(event.BindingHidden{})
		p.recordBytes(&event.Event{Direction: event.ServerToScript}, traffic(part), part)
		p.recordBytes(&event.Event{Direction: event.ScriptToClient}, traffic(went), went)
		p.login.offered = true
		if err := p.write(went); err != nil {
			return err
		}
	}
	return nil
}

// traffic returns the frame of one message.
func traffic(b []byte) session.Frame {
	return session.Frame{Kind: event.Traffic, Size: len(b), Total: int64(len(b)), Count: 1}
}

// withoutBinding returns an AuthenticationSASL without SCRAM-SHA-256-PLUS.
func withoutBinding(b []byte) []byte {
	changed := bytes.Replace(b, []byte(plusMechanism+"\x00"), nil, 1)
	binary.BigEndian.PutUint32(changed[1:], uint32(len(changed)-1))
	return changed
}
