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

// recordTypeHandshake is the first byte of a ClientHello. No startup packet that a server accepts
// begins with it.
const recordTypeHandshake = 0x16

// negotiateClient handles everything that comes before the StartupMessage. It returns the
// StartupMessage, or the CancelRequest in its place. After an error, which it has reported, the
// connection is over (documentation sections "SSL Session Encryption" and "GSSAPI Session
// Encryption"; ProcessStartupPacket in backend_startup.c).
func (h *handshake) negotiateClient() ([]byte, error) {
	if err := h.client.raw.SetReadDeadline(time.Now().Add(h.config.StartupTimeout)); err != nil {
		return nil, h.failNegotiation(err, "before startup")
	}
	if err := h.client.fill(); err != nil {
		return nil, h.failNegotiation(err, "before startup")
	}
	if h.client.pending()[0] == recordTypeHandshake {
		h.directTLS = true
		if err := h.clientTLS(h.config.ClientDirectTLS); err != nil {
			return nil, err
		}
	}
	asked := map[wire.Type]bool{}
	for {
		packet, err := h.startupPacket()
		if err != nil {
			return nil, err
		}
		switch t := wire.IdentifyStartup(packet); {
		case t == wire.SSLRequest && (!asked[t] && h.client.tls == nil || h.directTLS && !asked[t]),
			t == wire.GSSENCRequest && !asked[t] && h.client.tls == nil:
			asked[t] = true
			if err := h.answerRequest(t, packet); err != nil {
				return nil, err
			}
		case t == wire.SSLRequest, t == wire.GSSENCRequest:
			h.show(event.ClientToScript, packet)
			return nil, h.refuseRequest(t)
		default:
			if h.client.tls == nil && !asked[wire.SSLRequest] {
				h.say(event.NoSSLRequest{})
			}
			h.show(event.ClientToScript, packet)
			return packet, h.client.raw.SetReadDeadline(time.Time{})
		}
	}
}

// answerRequest answers a request for encryption: "S" to an SSLRequest if TLS can follow, and "N"
// otherwise.
func (h *handshake) answerRequest(t wire.Type, packet []byte) error {
	h.show(event.ClientToScript, packet)
	reply := []byte("N")
	accept := t == wire.SSLRequest && !h.config.DenyTLS && !h.directTLS
	if accept {
		reply = []byte("S")
	}
	// A client may send its ClientHello without waiting for the reply. Anything else after the
	// request was put there by someone else (CVE-2021-23222).
	rest := h.client.pending()
	if len(rest) > 0 && (!accept || rest[0] != recordTypeHandshake) {
		h.showGarbage(event.ClientToScript, rest)
		h.say(event.ProtocolViolation{Party: event.Client, What: fmt.Sprintf("%d bytes follow the %v before its reply: closing the connection", len(rest), t)})
		return errEnded
	}
	h.show(event.ScriptToClient, reply)
	if _, err := h.client.Write(reply); err != nil {
		return h.failNegotiation(err, "during negotiation")
	}
	if !accept {
		return nil
	}
	return h.clientTLS(h.config.ClientTLS)
}

// refuseRequest answers like a server that does not expect a request here: the code of the request
// is not a protocol version.
func (h *handshake) refuseRequest(t wire.Type) error {
	code := uint32(wire.SSLRequestCode)
	if t == wire.GSSENCRequest {
		code = wire.GSSENCRequestCode
	}
	h.sendError("0A000", fmt.Sprintf("unsupported frontend protocol %d.%d: server supports 3.0 to 3.2", code>>16, code&0xffff))
	return errEnded
}

// clientTLS does the server's part of a TLS handshake.
func (h *handshake) clientTLS(config *tls.Config) error {
	if h.directTLS && h.config.DenyTLS {
		h.say(event.TLSFailed{Party: event.Client, Why: "direct TLS is refused, as --client-deny-ssl demands"})
		return errEnded
	}
	h.client.handToTLS()
	conn := tls.Server(h.client.raw, config)
	defer h.client.raw.forget()
	ctx, cancel := context.WithTimeout(h.ctx, h.config.StartupTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		switch {
		case h.ctx.Err() != nil:
		case isTimeout(err):
			return h.failNegotiation(err, "during the TLS handshake")
		default:
			h.showNoTLS(event.ClientToScript, h.client, err)
			h.say(event.TLSFailed{Party: event.Client, Why: pgtls.ExplainClient(err)})
		}
		return errEnded
	}
	h.client.encrypt(conn)
	state := conn.ConnectionState()
	h.sayEncrypted(event.Client, state, h.directTLS)
	if state.ServerName != "" {
		h.say(event.ServerName{Name: state.ServerName})
	}
	if h.config.LogCerts {
		h.logOwnCertificate()
	}
	h.logCertificates(h.client)
	return nil
}

// sayEncrypted records that TLS is established on a leg.
func (h *handshake) sayEncrypted(party event.Party, state tls.ConnectionState, direct bool) {
	if direct {
		h.say(event.DirectTLSEstablished{TLS: pgtls.Describe(state), Party: party})
	} else {
		h.say(event.TLSEstablished{TLS: pgtls.Describe(state), Party: party})
	}
}

// startupPacket reads a packet without a type byte. It does not read what no server would accept.
func (h *handshake) startupPacket() ([]byte, error) {
	for {
		b := h.client.pending()
		size := wire.StartupSize(b)
		if size < 0 {
			h.showGarbage(event.ClientToScript, b)
			h.say(event.NotPostgres{What: describeGarbage(b)})
			return nil, errEnded
		}
		if size > 0 && size <= int64(len(b)) {
			packet := append([]byte(nil), b[:size]...)
			h.client.take(int(size))
			return packet, nil
		}
		if err := h.client.fill(); err != nil {
			when := "before startup"
			if len(b) > 0 {
				when = fmt.Sprintf("after %d bytes of a startup packet", len(b))
				h.showGarbage(event.ClientToScript, b)
			}
			return nil, h.failNegotiation(err, when)
		}
	}
}

// failNegotiation records how the client's connection ended before the relay began.
func (h *handshake) failNegotiation(err error, when string) error {
	switch {
	case h.ctx.Err() != nil:
	case errors.Is(err, io.EOF):
		h.say(event.Disconnected{Party: event.Client, When: when})
	case isTimeout(err):
		h.say(event.ProtocolViolation{Party: event.Client, What: fmt.Sprintf("no StartupMessage within %v: closing the connection", h.config.StartupTimeout)})
	default:
		h.sayLost(h.client, err)
	}
	return errEnded
}
