package proxy

import (
	"context"
	"errors"
	"net"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// connection is the life of one client's conversation: a handshake, and then a relay.
type connection struct {
	parties
	stop context.CancelFunc // abort, because pgpi ends
}

func newConnection(p *Proxy, id uint32, conn net.Conn) *connection {
	c := &connection{parties: parties{
		observer: observer{proxy: p, config: &p.config, id: id, opened: time.Now(), watch: new(session.Watch)},
		client:   newLeg(event.Client, conn),
	}}
	ctx, cancel := context.WithCancelCause(context.Background())
	c.ctx, c.abort, c.stop = ctx, func() { cancel(nil) }, func() { cancel(errStopping) }
	return c
}

// errStopping is why connections end that no one else has ended.
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

// converse does what the client wants, once that is known.
func (c *connection) converse() {
	h := &handshake{parties: &c.parties, login: login{parties: &c.parties}}
	packet, err := h.negotiateClient()
	switch {
	case err != nil:
	case wire.IdentifyStartup(packet) == wire.CancelRequest:
		h.forwardCancel(packet)
	default:
		c.serve(h, packet)
	}
}

// clientAddress returns where a client comes from. A client at a Unix socket has no address, so it
// is the socket's.
func clientAddress(conn net.Conn) string {
	if conn.RemoteAddr().Network() == "unix" {
		return conn.LocalAddr().String()
	}
	return conn.RemoteAddr().String()
}

// serve connects to the server and relays.
func (c *connection) serve(h *handshake, startup []byte) {
	if !c.proxy.admit() {
		h.refuseTooMany()
		return
	}
	defer c.proxy.dismiss()
	h.host = h.serverName()
	if err := h.reachServer(startup); err != nil {
		h.refuse(err)
		return
	}
	defer c.proxy.cancels.forget(&c.parties)
	if c.config.OverrideAuth && h.overrideAuth(startup) != nil {
		return
	}
	if c.config.DecodeAll {
		c.say(event.Forwarding{})
	} else {
		c.say(event.ForwardingSilently{})
	}
	c.beginWays()
	(&relay{parties: &c.parties, login: &h.login}).run()
}
