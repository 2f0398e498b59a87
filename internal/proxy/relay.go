package proxy

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"pgpi/internal/event"
)

// relay passes bytes on between two parties that a handshake has brought together.
type relay struct {
	*parties
	login *login

	// read is closed when everything has been relayed that there was to read, by direction.
	read [2]chan struct{}
}

// run passes bytes on in both directions until both have ended.
func (r *relay) run() {
	for d := range r.read {
		r.read[d] = make(chan struct{})
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		r.contain(func() { r.pump(event.ServerToClient, r.server, r.client) })
	})
	r.contain(func() { r.pump(event.ClientToServer, r.client, r.server) })
	wg.Wait()
}

// lingerLimit is how long a client may keep a connection that the server has ended: as long as a
// kernel keeps one that has no process any more.
const lingerLimit = 60 * time.Second

// pump passes bytes on in one direction, and then its end, as the receiver would see it without
// pgpi.
func (r *relay) pump(d event.Direction, from, to *leg) {
	p := &pump{parties: r.parties, login: r.login, d: d, from: from, to: to}
	err := p.run()
	close(r.read[d])
	var write *writeError
	switch {
	case r.ctx.Err() != nil:
	case errors.As(err, &write):
		r.hungUp.Do(func() { r.sayLost(to, write.err) })
		r.awaitLastWords(event.ServerToClient - d)
		from.reset()
		r.abort()
	case errors.Is(err, io.EOF):
		if from == r.client {
			r.mu.Lock()
			r.guard(r.login.warnOfLeaving)
			r.mu.Unlock()
		}
		r.hungUp.Do(func() { r.sayHungUp(from) })
		to.closeWrite(from.notified())
		if from == r.server {
			r.linger()
		}
	case from == r.server && r.refusedLate(err):
		r.hungUp.Do(func() { r.sayLost(from, err) })
		r.tell("08006", lostServer+r.whyLost(from, err))
		r.linger()
	default:
		r.hungUp.Do(func() { r.sayLost(from, err) })
		to.reset()
		r.abort()
	}
}

// linger ends the connection after a while, if the client does not.
func (r *relay) linger() {
	limit := time.AfterFunc(lingerLimit, r.abort)
	context.AfterFunc(r.ctx, func() { limit.Stop() })
}

// sayHungUp records which party has ended the conversation. After a Terminate that is the client,
// whichever end is seen first.
func (r *relay) sayHungUp(l *leg) {
	r.mu.Lock()
	terminated := r.terminated
	r.mu.Unlock()
	if l == r.server && terminated {
		r.say(event.HungUp{Party: event.Client})
		return
	}
	r.say(event.HungUp{Party: l.party, How: hangUp(l)})
}

// awaitLastWords waits until everything has been relayed that a party said before it went: it may
// have said why.
func (r *relay) awaitLastWords(d event.Direction) {
	limit := time.NewTimer(lingerLimit)
	defer limit.Stop()
	select {
	case <-r.read[d]:
	case <-r.ctx.Done():
	case <-limit.C:
	}
}
