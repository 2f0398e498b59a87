package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"pgpi/internal/event"
	"pgpi/internal/pgauth"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// overrideAuth logs in to the server in the client's place, with a password that
// the client is asked for in cleartext. It ends when the server is content, with
// AuthenticationOk relayed to the client, or has refused, with its own error
// relayed; what follows is left to the relay. After an error, which the log and
// the client have been told, the connection is over.
//
// Each leg has its own authentication dialogue. A NoticeResponse, an ErrorResponse
// or a NegotiateProtocolVersion may come at any point of the server's, and is
// relayed.
func (c *connection) overrideAuth(startup []byte) error {
	config := c.exchangeConfig(startup)
	var exchange *pgauth.Exchange
	for {
		m, err := c.nextOfServer(exchange == nil)
		switch {
		case err == nil:
		case exchange == nil && (errors.Is(err, errNotAMessage) || errors.Is(err, io.EOF)):
			return nil // nothing was overridden: it is for the client to judge
		default:
			return c.overrideLost(c.server, err)
		}
		t := wire.Identify(wire.Server, m)
		if t == wire.AuthenticationOk {
			if err := c.checkAccepted(config, exchange, m); err != nil {
				return err
			}
		}
		if m[0] != 'R' || t == wire.AuthenticationOk {
			if err := c.relayOne(m); err != nil {
				return err
			}
			if m[0] == 'R' || m[0] == 'E' {
				return nil
			}
			continue
		}
		if exchange == nil {
			c.say(event.OverridingAuth{})
		}
		c.show(event.ServerToScript, m)
		if exchange == nil {
			if exchange, err = c.newExchange(config, m); err != nil {
				return err
			}
		}
		if err := c.answerServer(exchange, m); err != nil {
			return err
		}
	}
}

// nextOfServer reads one message of the server. Before the exchange the client has nothing to say, and one that leaves
// is noticed.
func (c *connection) nextOfServer(first bool) ([]byte, error) {
	if first {
		watch := c.watchClient()
		defer watch.stop()
	}
	return c.nextMessage(c.server)
}

// exchangeConfig is what a login to the server needs to know, but for the password.
func (c *connection) exchangeConfig(startup []byte) pgauth.Config {
	config := pgauth.Config{User: startupParameter(startup, "user"), ChannelBinding: c.config.ChannelBinding}
	if c.server.tls != nil {
		state := c.server.tls.ConnectionState()
		config.TLS = &state
	}
	return config
}

// checkAccepted refuses a server that is content too early: channel binding may be
// required of it. The exchange is nil where it asked for nothing.
func (c *connection) checkAccepted(config pgauth.Config, exchange *pgauth.Exchange, ok []byte) error {
	if exchange == nil {
		exchange = pgauth.New(config)
	}
	if _, err := exchange.Respond(subtypeOf(ok)); err != nil {
		c.show(event.ServerToScript, ok)
		return c.overrideFailed(err)
	}
	return nil
}

// newExchange asks the client for its password, unless the server wants something
// that no password helps with.
func (c *connection) newExchange(config pgauth.Config, request []byte) (*pgauth.Exchange, error) {
	// Try without a password first: it shows what can't work before the client is
	// asked for its secret.
	if _, err := pgauth.New(config).Respond(subtypeOf(request)); err != nil {
		return nil, c.overrideFailed(err)
	}
	password, err := c.askPassword()
	if err != nil {
		return nil, err
	}
	config.Password = password
	return pgauth.New(config), nil
}

// askPassword asks the client for its password.
func (c *connection) askPassword() (string, error) {
	request := []byte{'R', 0, 0, 0, 8, 0, 0, 0, 3}
	c.show(event.ScriptToClient, request)
	if _, err := c.client.Write(request); err != nil {
		return "", c.overrideLost(c.client, err)
	}
	m, err := c.nextMessage(c.client)
	if err != nil {
		return "", c.overrideLost(c.client, err)
	}
	c.show(event.ClientToScript, m)
	if m[0] != 'p' {
		return "", c.overrideFailed(errors.New("the client did not answer with its password"))
	}
	password, _, terminated := bytes.Cut(m[wire.HeaderSize:], []byte{0})
	if !terminated {
		return "", c.overrideFailed(errors.New("the client's password has no end"))
	}
	return string(password), nil
}

// answerServer sends what the exchange answers to an authentication request.
func (c *connection) answerServer(exchange *pgauth.Exchange, request []byte) error {
	body, err := exchange.Respond(subtypeOf(request))
	if err != nil {
		return c.overrideFailed(err)
	}
	if body == nil {
		return nil
	}
	m := append([]byte{'p', 0, 0, 0, 0}, body...)
	binary.BigEndian.PutUint32(m[1:], uint32(len(m)-1))
	c.show(event.ScriptToServer, m)
	if _, err := c.server.Write(m); err != nil {
		return c.overrideLost(c.server, err)
	}
	return nil
}

// subtypeOf is the number of an authentication request, and its data.
func subtypeOf(m []byte) (subtype uint32, data []byte) {
	if len(m) < wire.HeaderSize+4 {
		return ^uint32(0), nil // in no documentation
	}
	return binary.BigEndian.Uint32(m[wire.HeaderSize:]), m[wire.HeaderSize+4:]
}

// nextMessage reads one message of a party, which waits to be shown. What is none
// stays pending.
func (c *connection) nextMessage(l *leg) ([]byte, error) {
	for {
		b := l.pending()
		size := c.messageSize(l, b)
		if size < 0 || size > session.MaxHeld {
			return nil, errNotAMessage
		}
		if size > 0 && size <= int64(len(b)) {
			m := append([]byte(nil), b[:size]...)
			l.take(int(size))
			return m, nil
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// messageSize is [session.Framer.Next] of what a party sends to pgpi: what is relayed of it
// has to be framed alike.
func (c *connection) messageSize(l *leg, b []byte) (size int64) {
	d := event.ClientToScript
	if l == c.server {
		d = event.ServerToScript
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blind || !c.guard(func() { size = c.watch.Next(d, b) }) {
		return wire.Size(b)
	}
	return size
}

var errNotAMessage = errors.New("what came is no message of an authentication dialogue")

// relayOne relays one message of the server that is not for pgpi.
func (c *connection) relayOne(m []byte) error {
	p := &pump{connection: c, d: event.ServerToClient, from: c.server, to: c.client}
	c.mu.Lock()
	p.observe(c.scanFrame(p.d, m), m, 0)
	c.mu.Unlock()
	if err := p.write(m); err != nil {
		return c.overrideLost(c.client, err)
	}
	return nil
}

// overrideFailed says on all sides that the login can't go on.
func (c *connection) overrideFailed(err error) error {
	c.say(event.OverrideFailed{Why: err.Error()})
	c.sendError("28000", "pgpi: overriding authentication failed: "+err.Error())
	return errEnded
}

// overrideLost says which party left in the middle of the login, and with what last
// words, and lets the other see it.
func (c *connection) overrideLost(l *leg, err error) error {
	d := event.ClientToScript
	if l == c.server {
		d = event.ServerToScript
	}
	c.show(d, l.pending())
	switch {
	case c.ctx.Err() != nil:
	case errors.Is(err, errNotAMessage):
		c.say(event.ProtocolViolation{Party: l.party, What: err.Error()})
	case errors.Is(err, io.EOF):
		c.say(event.Disconnected{Party: l.party, When: "during authentication"})
	case l == c.server && c.refusedLate(err):
		c.lost(l, err)
		c.tell("08006", lostServer+c.whyLost(l, err))
	default:
		c.lost(l, err)
	}
	if l == c.server {
		c.client.closeWrite(true)
		c.awaitEnd(c.client)
	}
	return errEnded
}

// startupParameter is the value of a key in a StartupMessage.
func startupParameter(startup []byte, key string) string {
	var last []byte
	for _, f := range wire.AppendFields(nil, &wire.Message{Type: wire.StartupMessage, Bytes: startup, Size: int64(len(startup))}) {
		text := bytes.TrimRight(startup[f.Start:f.End], "\x00")
		if f.Name == wire.KeyValue && string(last) == key {
			return string(text)
		}
		if f.Name == wire.Key {
			last = text
		}
	}
	return ""
}
