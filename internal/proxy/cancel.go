package proxy

import (
	"errors"
	"io"
	"sync"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/pgtls"
)

// directory finds the connection that a CancelRequest names. Clients send it without
// TLS and SNI, whatever the connection used, so that the key is all there is. It
// holds live connections only.
type directory struct {
	mu    sync.Mutex
	byKey map[string]*connection
	keys  map[*connection]string
}

// remember says that key, the process ID and the secret of a BackendKeyData,
// belongs to a connection.
func (d *directory) remember(key string, c *connection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey == nil {
		d.byKey, d.keys = map[string]*connection{}, map[*connection]string{}
	}
	delete(d.byKey, d.keys[c])
	d.byKey[key], d.keys[c] = c, key
}

// forget drops a connection that has ended.
func (d *directory) forget(c *connection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key, ok := d.keys[c]; ok {
		delete(d.keys, c)
		if d.byKey[key] == c { // a later connection may have the same key
			delete(d.byKey, key)
		}
	}
}

// find gives the connection of a key, or nil.
func (d *directory) find(key string) *connection {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byKey[key]
}

// cancelHeader is the length of a CancelRequest before its process ID and secret.
const cancelHeader = 8

// forwardCancel delivers a CancelRequest to the server of the connection that it
// names, over a connection of its own, by the same rules. The server does not
// answer; the end of its connection tells the client that it is done (documentation
// section "Canceling Requests in Progress").
func (c *connection) forwardCancel(packet []byte) {
	c.host = c.serverName()
	if named := c.proxy.cancels.find(string(packet[cancelHeader:])); named != nil {
		c.host = named.host
		c.target = named.target
		c.say(event.CancelForwarded{Connection: named.id})
	} else {
		c.say(event.CancelUnknown{Server: c.host})
	}
	if err := c.reachForCancel(); err != nil {
		return // a client that cancels reads no error
	}
	c.show(event.ScriptToServer, packet)
	if _, err := c.server.Write(packet); err != nil {
		c.lost(c.server, err)
		return
	}
	_ = c.server.raw.SetReadDeadline(time.Now().Add(c.config.ConnectTimeout)) // the read tells
	switch err := c.server.fill(); {
	case err == nil:
		c.show(event.ServerToScript, c.server.pending())
	case errors.Is(err, io.EOF):
		c.say(event.HungUp{Party: event.Server})
		// libpq from 17 on takes an end without close_notify for a failure.
		c.client.closeWrite(c.server.notified())
	default:
		c.lost(c.server, err)
	}
}

// reachForCancel connects to the server of a CancelRequest, in the first way that the
// sslmode allows and the server takes.
func (c *connection) reachForCancel() error {
	c.say(event.Connecting{Server: c.host})
	targets := []target{c.target}
	if c.target.address == "" {
		var err error
		if targets, err = c.targets(c.ctx, c.host); err != nil {
			return c.unreachable(err)
		}
	}
	mode := c.config.Server.Mode(c.directToServer())
	for _, a := range attempts(mode, targets[0].network == "unix") {
		rejected, err := c.connectForCancel(a, mode, targets)
		if err != nil || rejected == "" {
			return err
		}
		c.server.close()
		c.say(event.FallingBack{Mode: mode.String(), How: a.next, Why: rejected})
	}
	return errEnded
}

// connectForCancel connects in one way. Where TLS fails and there is another way, it
// says why.
func (c *connection) connectForCancel(a attempt, mode pgtls.SSLMode, targets []target) (rejected string, err error) {
	conn, _, err := c.dial(targets)
	if err != nil {
		return "", c.unreachable(err)
	}
	c.setServer(newLeg(event.Server, conn))
	if !a.tls {
		return "", nil
	}
	err = c.serverTLS(mode)
	var failed *handshakeError
	if a.next != "" && errors.As(err, &failed) {
		return failed.why, nil
	}
	return "", err
}
