package proxy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"net"

	"pgpi/internal/event"
	"pgpi/internal/pgtls"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// connection is one client's conversation, both legs.
type connection struct {
	proxy  *Proxy
	config *Config
	id     uint32
	opened time.Time

	client *leg
	server *leg // nil until a server is connected; guarded by mu while that may change
	// directTLS says that the client began with TLS, without an SSLRequest.
	directTLS bool
	// host is the server's name as the user knows it, address the one that is used.
	host   string
	target target

	ctx   context.Context //nolint:containedctx // it is the connection's life
	abort context.CancelFunc
	stop  context.CancelFunc // abort, because pgpi ends

	// mu guards what follows, and keeps events in the order in which the framer saw the
	// bytes.
	mu    sync.Mutex
	watch *session.Watch
	blind bool // observing has failed: nothing is decoded any more
	login login
	// terminated says that the client has sent Terminate.
	terminated bool
	// measuring is set while ways can be measured, and ways are those that were recorded last, of
	// the client and of the server.
	measuring bool
	ways      [2]time.Duration

	// silent is set when the login is over and nobody wants the rest decoded.
	silent atomic.Bool
	hungUp sync.Once
	defect sync.Once // a panic was told
	// read is closed when all has been relayed that there was to read, by direction.
	read [2]chan struct{}
}

func newConnection(p *Proxy, id uint32, conn net.Conn) *connection {
	c := &connection{
		proxy: p, config: &p.config, id: id, opened: time.Now(),
		client: newLeg(event.Client, conn), watch: new(session.Watch),
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	c.ctx, c.abort, c.stop = ctx, func() { cancel(nil) }, func() { cancel(errStopping) }
	return c
}

// errEnded is the end of a connection that has been told already.
var errEnded = errors.New("connection ended")

// errStopping is why connections end that nobody else has ended.
var errStopping = errors.New("pgpi ends")

// run is the life of a connection.
func (c *connection) run() {
	defer c.abort()
	stop := context.AfterFunc(c.ctx, c.closeLegs)
	defer stop()
	defer c.closeLegs()
	c.say(event.Opened{Time: c.opened.Truncate(time.Second), Client: clientAddress(c.client.raw)})

	c.contain(c.converse)
	if errors.Is(context.Cause(c.ctx), errStopping) {
		c.hungUp.Do(func() { c.say(event.Stopping{}) })
	}
	c.endWays()
	c.say(event.Ended{})
}

// contain does something that belongs to this connection only: a panic in it is a defect, which ends the connection.
// Each of the connection's goroutines runs behind such a wall; observing has one of its own, which costs less.
func (c *connection) contain(something func()) {
	defer func() {
		reason := recover()
		if reason == nil {
			return
		}
		c.defect.Do(func() {
			c.say(event.ConnectionFailed{Why: fmt.Sprint(reason)})
			if c.config.Complain != nil {
				c.config.Complain(fmt.Errorf("connection #%d: %v: this is a defect of pgpi: the connection is closed, others go on", c.id, reason))
			}
		})
		c.abort()
	}()
	something()
}

// converse does what the client wants, once that is known.
func (c *connection) converse() {
	packet, err := c.negotiateClient()
	switch {
	case err != nil:
	case wire.IdentifyStartup(packet) == wire.CancelRequest:
		c.forwardCancel(packet)
	default:
		c.serve(packet)
	}
}

// clientAddress is where a client comes from. At a Unix socket it has no address, and
// the socket's stands for it.
func clientAddress(conn net.Conn) string {
	if conn.RemoteAddr().Network() == "unix" {
		return conn.LocalAddr().String()
	}
	return conn.RemoteAddr().String()
}

// serve connects to the server and relays.
func (c *connection) serve(startup []byte) {
	if !c.proxy.admit() {
		c.say(event.TooMany{Limit: c.config.MaxConnections})
		c.sendError("53300", fmt.Sprintf("pgpi: sorry, too many clients already: it relays %d at most (--max-connections)", c.config.MaxConnections))
		return
	}
	defer c.proxy.dismiss()
	c.host = c.serverName()
	if err := c.reachServer(startup); err != nil {
		c.refuse(err)
		return
	}
	defer c.proxy.cancels.forget(c)
	if c.config.OverrideAuth {
		if err := c.overrideAuth(startup); err != nil {
			return
		}
	}
	if c.config.DecodeAll {
		c.say(event.Forwarding{})
	} else {
		c.say(event.ForwardingSilently{})
	}
	c.beginWays()
	c.relay()
}

// closeLegs ends everything that waits for a peer.
func (c *connection) closeLegs() {
	c.client.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server != nil {
		c.server.close()
	}
}

// setServer makes a leg the connection's server leg. Forgotten is what was
// said to an earlier one.
func (c *connection) setServer(l *leg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = l
	c.guard(c.watch.NewServer)
	if c.ctx.Err() != nil {
		l.close() // the connection was ended meanwhile
	}
}

// refuse tells the client, in its own protocol, why there is no server for it.
func (c *connection) refuse(err error) {
	var told *refusal
	if errors.As(err, &told) {
		c.sendError(told.code, told.text)
	}
}

// refusal is an error that the client is told.
type refusal struct{ code, text string }

func (r *refusal) Error() string { return r.text }

// sendError ends the client's connection with a FATAL error.
func (c *connection) sendError(code, text string) {
	if c.tell(code, text) {
		c.awaitEnd(c.client)
	}
}

// tell sends the client a FATAL error and ends this half of its connection. It
// reports whether the client is still there.
func (c *connection) tell(code, text string) bool {
	b := wire.AppendError(nil, "FATAL", code, text)
	c.show(event.ScriptToClient, b)
	if _, err := c.client.Write(b); err != nil {
		c.lost(c.client, err)
		return false
	}
	c.client.closeWrite(true)
	return true
}

// lostServer is what the client is told where the server's connection was lost.
const lostServer = "pgpi: connection to server lost: "

// lingerTime is how long a party may take to end a connection that is over.
const lingerTime = 5 * time.Second

// awaitEnd lets the party read what it was sent: closing earlier could destroy it
// on the way.
func (c *connection) awaitEnd(l *leg) {
	_ = l.raw.SetReadDeadline(time.Now().Add(lingerTime)) // a closed connection can't be waited for
	for {
		l.take(len(l.pending()))
		if l.fill() != nil {
			return
		}
	}
}

// lost says that a connection has ended badly, unless pgpi itself ended it.
func (c *connection) lost(l *leg, err error) {
	if c.ctx.Err() == nil {
		c.say(event.ConnectionLost{Party: l.party, Why: c.whyLost(l, err)})
	}
}

// whyLost words an error of a leg. Before the server's first word TLS may be the
// reason: in TLS 1.3 a server refuses a client's certificate after the handshake.
func (c *connection) whyLost(l *leg, err error) string {
	if l == c.server && l.tls != nil && !l.heard.Load() {
		return pgtls.ExplainServer(err, c.directToServer())
	}
	return plainError(err)
}

// refusedLate reports whether an error of the server leg is such a refusal.
func (c *connection) refusedLate(err error) bool {
	return c.server.tls != nil && !c.server.heard.Load() && pgtls.IsAlert(err)
}

// logOwnCertificate shows what pgpi presents to clients.
func (c *connection) logOwnCertificate() {
	if own, err := c.ownCertificate(); err == nil { // there was a handshake with it
		c.say(event.CertificateTo{Party: event.Client, Certificate: pgtls.CertificateText(own)})
	}
}

// logCertificates shows what a party presented, where the user wants it.
func (c *connection) logCertificates(l *leg) {
	if !c.config.LogCerts {
		return
	}
	for _, cert := range l.tls.ConnectionState().PeerCertificates {
		c.say(event.CertificateFrom{Party: l.party, Certificate: pgtls.CertificateText(cert)})
	}
}
