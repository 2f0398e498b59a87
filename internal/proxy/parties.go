package proxy

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/pgtls"
	"pgpi/internal/wire"
)

// parties are a client and its server: a leg to each, and what is known about them. The handshake
// finds them, and the relay begins with what it has found.
type parties struct {
	observer

	client *leg
	server *leg // nil until a server is connected; guarded by mu while that may change
	// host is the server's name as the user knows it. target is the address that is used.
	host   string
	target target
	// terminated is set once the client has sent Terminate. It is guarded by mu.
	terminated bool
	// measuring is set while ways can be measured. ways are those that were recorded last, of the
	// client and of the server. Both are guarded by mu.
	measuring bool
	ways      [2]time.Duration

	ctx    context.Context //nolint:containedctx // it is the connection's life
	abort  context.CancelFunc
	hungUp sync.Once
	defect sync.Once // a panic was reported
}

// errEnded is the end of a connection that has been reported already.
var errEnded = errors.New("connection ended")

// contain calls something that concerns only this connection. A panic in it is a defect, which ends
// the connection. Each of the connection's goroutines runs behind such a wall. Observing has its
// own, which costs less.
func (p *parties) contain(something func()) {
	defer func() {
		reason := recover()
		if reason == nil {
			return
		}
		p.defect.Do(func() {
			p.say(event.ConnectionFailed{Why: fmt.Sprint(reason)})
			if p.config.Complain != nil {
				p.config.Complain(fmt.Errorf("connection #%d: %v: this is a defect of pgpi: the connection is closed, others go on", p.id, reason))
			}
		})
		p.abort()
	}()
	something()
}

// closeLegs ends everything that waits for a peer.
func (p *parties) closeLegs() {
	p.client.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		p.server.close()
	}
}

// setServer makes a leg the connection's server leg. It forgets what was said to an earlier one.
func (p *parties) setServer(l *leg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = l
	p.guard(p.watch.NewServer)
	if p.ctx.Err() != nil {
		l.close() // the connection was ended in the meantime
	}
}

// sendError ends the client's connection with a FATAL error.
func (p *parties) sendError(code, text string) {
	if p.tell(code, text) {
		p.awaitEnd(p.client)
	}
}

// tell sends the client a FATAL error and ends this half of its connection. It reports whether the
// client is still there.
func (p *parties) tell(code, text string) bool {
	b := wire.AppendError(nil, "FATAL", code, text)
	p.show(event.ScriptToClient, b)
	if _, err := p.client.Write(b); err != nil {
		p.sayLost(p.client, err)
		return false
	}
	p.client.closeWrite(true)
	return true
}

// lostServer is what the client is told if the server's connection was lost.
const lostServer = "pgpi: connection to server lost: "

// lingerTime is how long a party may take to end a connection that is over.
const lingerTime = 5 * time.Second

// awaitEnd lets the party read what it was sent. Closing earlier could destroy it on the way.
func (p *parties) awaitEnd(l *leg) {
	_ = l.raw.SetReadDeadline(time.Now().Add(lingerTime)) // a closed connection can't be waited for
	for {
		l.take(len(l.pending()))
		if l.fill() != nil {
			return
		}
	}
}

// sayLost records that a connection has ended badly, unless pgpi itself ended it.
func (p *parties) sayLost(l *leg, err error) {
	if p.ctx.Err() == nil {
		p.say(event.ConnectionLost{Party: l.party, Why: p.whyLost(l, err)})
	}
}

// whyLost puts an error of a leg into words. Before the server's first word TLS may be the reason:
// in TLS 1.3 a server refuses a client's certificate after the handshake.
func (p *parties) whyLost(l *leg, err error) string {
	if l == p.server && l.tls != nil && !l.heard.Load() {
		return pgtls.ExplainServer(err, l.direct)
	}
	return plainError(err)
}

// refusedLate reports whether an error of the server leg is such a refusal.
func (p *parties) refusedLate(err error) bool {
	return p.server.tls != nil && !p.server.heard.Load() && pgtls.IsAlert(err)
}

// ownCertificate returns what pgpi presents to clients.
func (p *parties) ownCertificate() (*x509.Certificate, error) {
	identity, err := p.config.Identity()
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(identity.Certificate[0])
}
