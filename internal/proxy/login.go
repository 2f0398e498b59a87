package proxy

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// login is what the proxy itself remembers of an authentication dialogue that it
// relays: enough to say why channel binding will make it fail.
type login struct {
	offered  bool // the server has offered SASL
	binding  bool // and SCRAM-SHA-256-PLUS in it
	answered bool // the client has answered
	warned   bool
}

// plusMechanism is SCRAM with channel binding.
const plusMechanism = "SCRAM-SHA-256-PLUS"

// watchLogin looks at the messages of a login: for the key that a CancelRequest will
// name, and for channel binding. The caller holds the lock.
func (c *connection) watchLogin(messages []wire.Message) {
	for _, m := range messages {
		switch m.Type {
		case wire.AuthenticationSASL:
			c.login.offered, c.login.binding = true, offersBinding(m)
			c.warnOfOffer()
		case wire.SASLInitialResponse:
			if !c.login.answered {
				c.login.answered = true
				c.warnOfAnswer(m)
			}
		case wire.ErrorResponse:
			c.warnOfError(m)
		case wire.BackendKeyData:
			c.proxy.cancels.remember(string(m.Bytes[wire.HeaderSize:]), c)
		case wire.ReadyForQuery:
			if !c.config.DecodeAll {
				c.silent.Store(true)
			}
		}
	}
}

// offersBinding reports whether an AuthenticationSASL has the mechanism with channel
// binding.
func offersBinding(m wire.Message) bool {
	return m.Type == wire.AuthenticationSASL && bytes.Contains(m.Bytes, []byte(plusMechanism+"\x00"))
}

// warnOfOffer warns of clients that fail at the sight of the offer.
func (c *connection) warnOfOffer() {
	if !c.login.binding || c.client.tls == nil {
		return
	}
	own, err := c.ownCertificate()
	if err != nil {
		return // there was a handshake with it
	}
	if _, ok := own.PublicKey.(ed25519.PublicKey); ok {
		c.warn("libpq can't use the Ed25519 certificate that pgpi presents where the server offers "+plusMechanism+
			" (\"could not find digest for NID UNDEF\")",
			"channel_binding=disable on the client", "an RSA or ECDSA certificate for --client-ssl-cert", "--override-auth")
	}
}

// warnOfAnswer warns of a client that has bound its login to the TLS connection which
// ends at pgpi.
func (c *connection) warnOfAnswer(m wire.Message) {
	if !c.login.binding {
		return
	}
	var mechanism, first []byte
	for _, f := range wire.AppendFields(nil, &m) {
		switch f.Name {
		case wire.SelectedMechanism:
			mechanism = bytes.TrimRight(m.Bytes[f.Start:f.End], "\x00")
		case wire.SCRAMClientFirst:
			first = m.Bytes[f.Start:f.End]
		}
	}
	switch {
	case string(mechanism) == plusMechanism && !c.sameCertificate():
		c.warn("the client binds its login to the certificate of pgpi, and the server will refuse that as \"SCRAM channel binding check failed\"",
			"channel_binding=disable on the client", "channel_binding=prefer there and --override-auth here",
			"the server's own certificate and key for --client-ssl-cert and --client-ssl-key", "--server-sslmode disable")
	case bytes.HasPrefix(first, []byte("y,")):
		c.warn("the client says that the server can't do channel binding, although it offers it: it may not know "+plusMechanism+". The server will refuse that as \"SCRAM channel binding negotiation error\"",
			"channel_binding=disable on the client", "--override-auth", "--server-sslmode disable")
	}
}

// warnOfError recognizes what servers say when channel binding has failed.
func (c *connection) warnOfError(m wire.Message) {
	text := errorText(m.Bytes)
	if strings.Contains(text, "SCRAM channel binding") {
		c.warn("the server refuses the login as \""+text+"\"",
			"channel_binding=disable on the client", "--override-auth", "--server-sslmode disable")
	}
}

// noPasswordYet is the harmless reason for which a client leaves.
const noPasswordYet = "it may have no password yet (psql then asks its user, and connects again)"

// warnOfLeaving explains a client that goes as soon as it sees the offer. The caller
// holds the lock.
func (c *connection) warnOfLeaving() {
	switch {
	case !c.login.offered || c.login.answered:
	case c.login.binding && c.client.tls == nil:
		c.warn("the client left at the offer of "+plusMechanism+": libpq takes it for an attack on a connection without TLS",
			"--hide-channel-binding", "TLS on the client, with channel_binding=disable", "--override-auth", "--server-sslmode disable")
	case c.login.binding:
		c.warn("the client left at the offer of "+plusMechanism+": "+noPasswordYet+", not know that mechanism, or refuse channel binding to the certificate of pgpi",
			"channel_binding=disable on the client", "--override-auth")
	default:
		c.warn("the client left at an offer without "+plusMechanism+": "+noPasswordYet+", or have channel_binding=require, which a man in the middle can't give it",
			"channel_binding=disable on the client", "channel_binding=prefer there and --override-auth here",
			"TLS on the server leg, and the server's own certificate and key for --client-ssl-cert and --client-ssl-key")
	}
}

// warn says once per connection that channel binding stands in the way, and what
// helps.
func (c *connection) warn(what string, remedies ...string) {
	if c.login.warned {
		return
	}
	c.login.warned = true
	c.say(event.BindingWillFail{What: what, Remedies: "use " + strings.Join(remedies, ", or ")})
}

// ownCertificate is what pgpi presents to clients.
func (c *connection) ownCertificate() (*x509.Certificate, error) {
	identity, err := c.config.Identity()
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(identity.Certificate[0])
}

// sameCertificate reports whether clients see the server's own certificate.
func (c *connection) sameCertificate() bool {
	if c.client.tls == nil || c.server.tls == nil {
		return false
	}
	own, err := c.ownCertificate()
	return err == nil && own.Equal(c.server.tls.ConnectionState().PeerCertificates[0])
}

// hides reports whether the last frame has an offer that is changed on its way. The caller
// holds the lock.
func (p *pump) hides() bool {
	return p.config.HideBinding && p.d == event.ServerToClient && p.client.tls == nil &&
		slices.ContainsFunc(p.loginMessages(), offersBinding)
}

// forwardHidden forwards messages of which an offer loses the mechanism with channel
// binding, which a client without TLS would take for an attack. It shows both what
// came and what went. The caller holds the lock, and nothing else is under way: the
// client waits.
func (p *pump) forwardHidden(b []byte) error {
	for _, m := range p.loginMessages() {
		part := b[:len(m.Bytes)]
		b = b[len(part):]
		if !offersBinding(m) {
			p.recordBytes(&event.Event{Direction: p.d, Relayed: true, OneByOne: p.config.ByteByByte, Left: len(b)}, traffic(part), part)
			p.watchLogin([]wire.Message{m})
			if err := p.write(part); err != nil {
				return err
			}
			continue
		}
		went := withoutBinding(part)
		p.say(event.BindingHidden{})
		p.recordBytes(&event.Event{Direction: event.ServerToScript}, traffic(part), part)
		p.recordBytes(&event.Event{Direction: event.ScriptToClient}, traffic(went), went)
		p.login.offered = true
		if err := p.write(went); err != nil {
			return err
		}
	}
	return nil
}

// traffic is the frame of one message.
func traffic(b []byte) session.Frame {
	return session.Frame{Kind: event.Traffic, Size: len(b), Total: int64(len(b)), Count: 1}
}

// withoutBinding is an AuthenticationSASL without SCRAM-SHA-256-PLUS.
func withoutBinding(b []byte) []byte {
	changed := bytes.Replace(b, []byte(plusMechanism+"\x00"), nil, 1)
	binary.BigEndian.PutUint32(changed[1:], uint32(len(changed)-1))
	return changed
}
