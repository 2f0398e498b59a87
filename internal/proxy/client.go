package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"crypto/tls"

	"pgpi/internal/event"
	"pgpi/internal/pgtls"
	"pgpi/internal/wire"
)

// recordTypeHandshake is the first byte of a ClientHello. No startup packet that a
// server takes begins with it.
const recordTypeHandshake = 0x16

// negotiateClient goes through everything that comes before the StartupMessage,
// and returns it, or the CancelRequest in its place. After an error, which it has
// told, the connection is over (documentation sections "SSL Session Encryption"
// and "GSSAPI Session Encryption"; ProcessStartupPacket in backend_startup.c).
func (c *connection) negotiateClient() ([]byte, error) {
	if err := c.client.raw.SetReadDeadline(time.Now().Add(c.config.StartupTimeout)); err != nil {
		return nil, c.negotiationFailed(err, "before startup")
	}
	if err := c.client.fill(); err != nil {
		return nil, c.negotiationFailed(err, "before startup")
	}
	if c.client.pending()[0] == recordTypeHandshake {
		c.directTLS = true
		if err := c.clientTLS(c.config.ClientDirectTLS); err != nil {
			return nil, err
		}
	}
	asked := map[wire.Type]bool{}
	for {
		packet, err := c.startupPacket()
		if err != nil {
			return nil, err
		}
		switch t := wire.IdentifyStartup(packet); {
		case t == wire.SSLRequest && (!asked[t] && c.client.tls == nil || c.directTLS && !asked[t]),
			t == wire.GSSENCRequest && !asked[t] && c.client.tls == nil:
			asked[t] = true
			if err := c.answerRequest(t, packet); err != nil {
				return nil, err
			}
		case t == wire.SSLRequest, t == wire.GSSENCRequest:
			c.show(event.ClientToScript, packet)
			return nil, c.refuseRequest(t)
		default:
			if c.client.tls == nil && !asked[wire.SSLRequest] {
				c.say(event.NoSSLRequest{})
			}
			c.show(event.ClientToScript, packet)
			return packet, c.client.raw.SetReadDeadline(time.Time{})
		}
	}
}

// answerRequest answers a request for encryption: "S" to an SSLRequest that TLS can
// follow, "N" otherwise.
func (c *connection) answerRequest(t wire.Type, packet []byte) error {
	c.show(event.ClientToScript, packet)
	reply := []byte("N")
	accept := t == wire.SSLRequest && !c.config.DenyTLS && !c.directTLS
	if accept {
		reply = []byte("S")
	}
	// A client may send its ClientHello without waiting for the reply, but whatever
	// else stands behind the request was stuffed there by somebody else
	// (CVE-2021-23222).
	rest := c.client.pending()
	if len(rest) > 0 && (!accept || rest[0] != recordTypeHandshake) {
		c.showGarbage(event.ClientToScript, rest)
		c.say(event.ProtocolViolation{Party: event.Client, What: fmt.Sprintf("%d bytes follow the %v before its reply: closing the connection", len(rest), t)})
		return errEnded
	}
	c.show(event.ScriptToClient, reply)
	if _, err := c.client.Write(reply); err != nil {
		return c.negotiationFailed(err, "during negotiation")
	}
	if !accept {
		return nil
	}
	return c.clientTLS(c.config.ClientTLS)
}

// refuseRequest is the answer of a server that has no place for a request: its
// code is not a protocol version.
func (c *connection) refuseRequest(t wire.Type) error {
	code := uint32(wire.SSLRequestCode)
	if t == wire.GSSENCRequest {
		code = wire.GSSENCRequestCode
	}
	c.sendError("0A000", fmt.Sprintf("unsupported frontend protocol %d.%d: server supports 3.0 to 3.2", code>>16, code&0xffff))
	return errEnded
}

// clientTLS does the server's part of a TLS handshake.
func (c *connection) clientTLS(config *tls.Config) error {
	if c.directTLS && c.config.DenyTLS {
		c.say(event.TLSFailed{Party: event.Client, Why: "direct TLS is refused, as --client-deny-ssl demands"})
		return errEnded
	}
	c.client.handToTLS()
	conn := tls.Server(c.client.raw, config)
	defer c.client.raw.forget()
	ctx, cancel := context.WithTimeout(c.ctx, c.config.StartupTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		switch {
		case c.ctx.Err() != nil:
		case isTimeout(err):
			return c.negotiationFailed(err, "during the TLS handshake")
		default:
			c.showNoTLS(event.ClientToScript, c.client, err)
			c.say(event.TLSFailed{Party: event.Client, Why: pgtls.ExplainClient(err)})
		}
		return errEnded
	}
	c.client.encrypt(conn)
	state := conn.ConnectionState()
	c.sayEncrypted(event.Client, state, c.directTLS)
	if state.ServerName != "" {
		c.say(event.ServerName{Name: state.ServerName})
	}
	if c.config.LogCerts {
		c.logOwnCertificate()
	}
	c.logCertificates(c.client)
	return nil
}

// sayEncrypted says that TLS is established on a leg.
func (c *connection) sayEncrypted(party event.Party, state tls.ConnectionState, direct bool) {
	if direct {
		c.say(event.DirectTLSEstablished{TLS: pgtls.Describe(state), Party: party})
	} else {
		c.say(event.TLSEstablished{TLS: pgtls.Describe(state), Party: party})
	}
}

// startupPacket reads a packet without a type byte. What no server would take is
// not read.
func (c *connection) startupPacket() ([]byte, error) {
	for {
		b := c.client.pending()
		size := wire.StartupSize(b)
		if size < 0 {
			c.showGarbage(event.ClientToScript, b)
			c.say(event.NotPostgres{What: describeGarbage(b)})
			return nil, errEnded
		}
		if size > 0 && size <= int64(len(b)) {
			packet := append([]byte(nil), b[:size]...)
			c.client.take(int(size))
			return packet, nil
		}
		if err := c.client.fill(); err != nil {
			when := "before startup"
			if len(b) > 0 {
				when = fmt.Sprintf("after %d bytes of a startup packet", len(b))
				c.showGarbage(event.ClientToScript, b)
			}
			return nil, c.negotiationFailed(err, when)
		}
	}
}

// negotiationFailed says how the client's connection ended before the relay began.
func (c *connection) negotiationFailed(err error, when string) error {
	switch {
	case c.ctx.Err() != nil:
	case errors.Is(err, io.EOF):
		c.say(event.Disconnected{Party: event.Client, When: when})
	case isTimeout(err):
		c.say(event.ProtocolViolation{Party: event.Client, What: fmt.Sprintf("no StartupMessage within %v: closing the connection", c.config.StartupTimeout)})
	default:
		c.lost(c.client, err)
	}
	return errEnded
}
