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

// overrideAuth logs in to the server in the client's place, with a password that it asks the client
// for in cleartext. It ends when the server accepts, with AuthenticationOk relayed to the client,
// or refuses, with the server's own error relayed. What follows is left to the relay. After an
// error, which the log and the client have been told, the connection is over.
//
// Each leg has its own authentication dialogue. A NoticeResponse, an ErrorResponse or a
// NegotiateProtocolVersion may come at any point in the server's, and is relayed.
func (h *handshake) overrideAuth(startup []byte) error {
	config := h.exchangeConfig(startup)
	var exchange *pgauth.Exchange
	for {
		m, err := h.nextOfServer(exchange == nil)
		switch {
		case err == nil:
		case exchange == nil && (errors.Is(err, errNotAMessage) || errors.Is(err, io.EOF)):
			return nil // nothing was overridden: the client must decide
		default:
			return h.overrideLost(h.server, err)
		}
		t := wire.Identify(wire.Server, m)
		if t == wire.AuthenticationOk {
			if err := h.checkAccepted(config, exchange, m); err != nil {
				return err
			}
		}
		if m[0] != 'R' || t == wire.AuthenticationOk {
			if err := h.relayOne(m); err != nil {
				return err
			}
			if m[0] == 'R' || m[0] == 'E' {
				return nil
			}
			continue
		}
		if exchange == nil {
			h.say(event.OverridingAuth{})
		}
		h.show(event.ServerToScript, m)
		if exchange == nil {
			if exchange, err = h.newExchange(config, m); err != nil {
				return err
			}
		}
		if err := h.answerServer(exchange, m); err != nil {
			return err
		}
	}
}

// nextOfServer reads one message of the server. Before the exchange the client has nothing to say,
// and it is noticed if it leaves.
func (h *handshake) nextOfServer(first bool) ([]byte, error) {
	if first {
		watch := h.watchClient()
		defer watch.stop()
	}
	return h.nextMessage(h.server)
}

// exchangeConfig returns what a login to the server needs to know, except the password.
func (h *handshake) exchangeConfig(startup []byte) pgauth.Config {
	config := pgauth.Config{User: startupParameter(startup, "user"), ChannelBinding: h.config.ChannelBinding}
	if h.server.tls != nil {
		state := h.server.tls.ConnectionState()
		config.TLS = &state
	}
	return config
}

// checkAccepted refuses a server that accepts too early, because channel binding may be required.
// exchange is nil if the server asked for nothing.
func (h *handshake) checkAccepted(config pgauth.Config, exchange *pgauth.Exchange, ok []byte) error {
	if exchange == nil {
		exchange = pgauth.New(config)
	}
	if _, err := exchange.Respond(subtypeOf(ok)); err != nil {
		h.show(event.ServerToScript, ok)
		return h.failOverride(err)
	}
	return nil
}

// newExchange asks the client for its password, unless the server wants something that no password
// helps with.
func (h *handshake) newExchange(config pgauth.Config, request []byte) (*pgauth.Exchange, error) {
	// Try without a password first. That shows what can't work before the client is asked for its
	// secret.
	if _, err := pgauth.New(config).Respond(subtypeOf(request)); err != nil {
		return nil, h.failOverride(err)
	}
	password, err := h.askPassword()
	if err != nil {
		return nil, err
	}
	config.Password = password
	return pgauth.New(config), nil
}

// askPassword asks the client for its password.
func (h *handshake) askPassword() (string, error) {
	request := []byte{'R', 0, 0, 0, 8, 0, 0, 0, 3}
	h.show(event.ScriptToClient, request)
	if _, err := h.client.Write(request); err != nil {
		return "", h.overrideLost(h.client, err)
	}
	m, err := h.nextMessage(h.client)
	if err != nil {
		return "", h.overrideLost(h.client, err)
	}
	h.show(event.ClientToScript, m)
	if m[0] != 'p' {
		return "", h.failOverride(errors.New("the client did not answer with its password"))
	}
	password, _, terminated := bytes.Cut(m[wire.HeaderSize:], []byte{0})
	if !terminated {
		return "", h.failOverride(errors.New("the client's password has no end"))
	}
	return string(password), nil
}

// answerServer sends the exchange's answer to an authentication request.
func (h *handshake) answerServer(exchange *pgauth.Exchange, request []byte) error {
	body, err := exchange.Respond(subtypeOf(request))
	if err != nil {
		return h.failOverride(err)
	}
	if body == nil {
		return nil
	}
	m := append([]byte{'p', 0, 0, 0, 0}, body...)
	binary.BigEndian.PutUint32(m[1:], uint32(len(m)-1))
	h.show(event.ScriptToServer, m)
	if _, err := h.server.Write(m); err != nil {
		return h.overrideLost(h.server, err)
	}
	return nil
}

// subtypeOf returns the number of an authentication request, and its data.
func subtypeOf(m []byte) (subtype uint32, data []byte) {
	if len(m) < wire.HeaderSize+4 {
		return ^uint32(0), nil // in no documentation
	}
	return binary.BigEndian.Uint32(m[wire.HeaderSize:]), m[wire.HeaderSize+4:]
}

// nextMessage reads one message of a party. The caller shows it. What is not a message stays
// pending.
func (h *handshake) nextMessage(l *leg) ([]byte, error) {
	for {
		b := l.pending()
		size := h.messageSize(l, b)
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

// messageSize is [session.Framer.Next] for what a party sends to pgpi: it must be framed like what
// is relayed.
func (h *handshake) messageSize(l *leg, b []byte) (size int64) {
	d := event.ClientToScript
	if l == h.server {
		d = event.ServerToScript
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.blind || !h.guard(func() { size = h.watch.Next(d, b) }) {
		return wire.Size(b)
	}
	return size
}

var errNotAMessage = errors.New("what came is no message of an authentication dialogue")

// relayOne relays one message of the server that is not for pgpi.
func (h *handshake) relayOne(m []byte) error {
	p := &pump{parties: h.parties, login: &h.login, d: event.ServerToClient, from: h.server, to: h.client}
	h.mu.Lock()
	p.observe(h.scanFrame(p.d, m), m, 0)
	h.mu.Unlock()
	if err := p.write(m); err != nil {
		return h.overrideLost(h.client, err)
	}
	return nil
}

// failOverride tells all sides that the login can't continue.
func (h *handshake) failOverride(err error) error {
	h.say(event.OverrideFailed{Why: err.Error()})
	h.sendError("28000", "pgpi: overriding authentication failed: "+err.Error())
	return errEnded
}

// overrideLost says which party left in the middle of the login, and its last words, and lets the
// other party see it.
func (h *handshake) overrideLost(l *leg, err error) error {
	d := event.ClientToScript
	if l == h.server {
		d = event.ServerToScript
	}
	h.show(d, l.pending())
	switch {
	case h.ctx.Err() != nil:
	case errors.Is(err, errNotAMessage):
		h.say(event.ProtocolViolation{Party: l.party, What: err.Error()})
	case errors.Is(err, io.EOF):
		h.say(event.Disconnected{Party: l.party, When: "during authentication"})
	case l == h.server && h.refusedLate(err):
		h.sayLost(l, err)
		h.tell("08006", lostServer+h.whyLost(l, err))
	default:
		h.sayLost(l, err)
	}
	if l == h.server {
		h.client.closeWrite(true)
		h.awaitEnd(h.client)
	}
	return errEnded
}

// startupParameter returns the value of a key in a StartupMessage.
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
