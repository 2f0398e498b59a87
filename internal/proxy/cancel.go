package proxy

import (
	"errors"
	"io"
	"sync"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/pgtls"
)

// directory finds the connection that a CancelRequest names. Clients send the request without TLS
// and SNI, whatever the connection used, so the key is all there is. It holds only live
// connections.
type directory struct {
	mu    sync.Mutex
	byKey map[string]*parties
	keys  map[*parties]string
}

// remember notes the connection of a key: the process ID and the secret of a BackendKeyData.
func (d *directory) remember(key string, c *parties) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey == nil {
		d.byKey, d.keys = map[string]*parties{}, map[*parties]string{}
	}
	delete(d.byKey, d.keys[c])
	d.byKey[key], d.keys[c] = c, key
}

// forget removes a connection that has ended.
func (d *directory) forget(c *parties) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key, ok := d.keys[c]; ok {
		delete(d.keys, c)
		if d.byKey[key] == c { // a later connection may have the same key
			delete(d.byKey, key)
		}
	}
}

// find returns the connection of a key, or nil.
func (d *directory) find(key string) *parties {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byKey[key]
}

// cancelHeader is the length of a CancelRequest before its process ID and secret.
const cancelHeader = 8

// forwardCancel delivers a CancelRequest to the server of the connection that it names, over a
// connection of its own, by the same rules. The server does not answer. That its connection ends
// tells the client that it is done (documentation section "Canceling Requests in Progress").
func (h *handshake) forwardCancel(packet []byte) {
	h.host = h.serverName()
	if named := h.proxy.cancels.find(string(packet[cancelHeader:])); named != nil {
		h.host = named.host
		h.target = named.target
		h.say(event.CancelForwarded{Connection: named.id})
	} else {
		h.say(event.CancelUnknown{Server: h.host})
	}
	if err := h.reachForCancel(); err != nil {
		return // a client that cancels reads no error
	}
	h.show(event.ScriptToServer, packet)
	if _, err := h.server.Write(packet); err != nil {
		h.sayLost(h.server, err)
		return
	}
	_ = h.server.raw.SetReadDeadline(time.Now().Add(h.config.ConnectTimeout)) // then the read fails too
	switch err := h.server.fill(); {
	case err == nil:
		h.show(event.ServerToScript, h.server.pending())
	case errors.Is(err, io.EOF):
		h.say(event.HungUp{Party: event.Server})
		// libpq from 17 on treats an end without close_notify as a failure.
		h.client.closeWrite(h.server.notified())
	default:
		h.sayLost(h.server, err)
	}
}

// reachForCancel connects to the server of a CancelRequest, in the first way that the sslmode
// allows and the server accepts.
func (h *handshake) reachForCancel() error {
	h.say(event.Connecting{Server: h.host})
	targets := []target{h.target}
	if h.target.address == "" {
		var err error
		if targets, err = h.targets(h.ctx, h.host); err != nil {
			return h.unreachable(err)
		}
	}
	mode := h.config.Server.Mode(h.directToServer())
	for _, a := range attempts(mode, targets[0].network == "unix") {
		rejected, err := h.connectForCancel(a, mode, targets)
		if err != nil || rejected == "" {
			return err
		}
		h.server.close()
		h.say(event.FallingBack{Mode: mode.String(), How: a.next, Why: rejected})
	}
	return errEnded
}

// connectForCancel connects in one way. If TLS fails and there is another way, it returns why.
func (h *handshake) connectForCancel(a attempt, mode pgtls.SSLMode, targets []target) (rejected string, err error) {
	conn, _, err := h.dial(targets)
	if err != nil {
		return "", h.unreachable(err)
	}
	h.setServer(newLeg(event.Server, conn))
	if !a.tls {
		return "", nil
	}
	err = h.serverTLS(mode)
	var failed *handshakeError
	if a.next != "" && errors.As(err, &failed) {
		return failed.why, nil
	}
	return "", err
}
