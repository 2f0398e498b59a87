package proxy

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"sync/atomic"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// login is what the proxy itself remembers about an authentication dialogue that it relays: enough
// to say why channel binding will make it fail.
type login struct {
	*parties

	offered  bool // the server has offered SASL
	binding  bool // including SCRAM-SHA-256-PLUS
	answered bool // the client has answered
	warned   bool
	// silent is set when the login is over and nothing wants the rest decoded.
	silent atomic.Bool
}

// plusMechanism is SCRAM with channel binding.
const plusMechanism = "SCRAM-SHA-256-PLUS"

// watch looks at the messages of a login for two things: the key that a CancelRequest will name,
// and channel binding. The caller holds the lock.
func (l *login) watch(messages []wire.Message) {
	for _, m := range messages {
		switch m.Type {
		case wire.AuthenticationSASL:
			l.offered, l.binding = true, offersBinding(m)
			l.warnOfOffer()
		case wire.SASLInitialResponse:
			if !l.answered {
				l.answered = true
				l.warnOfAnswer(m)
			}
		case wire.ErrorResponse:
			l.warnOfError(m)
		case wire.BackendKeyData:
			l.proxy.cancels.remember(string(m.Bytes[wire.HeaderSize:]), l.parties)
		case wire.ReadyForQuery:
			if !l.config.DecodeAll {
				l.silent.Store(true)
			}
		}
	}
}

// offersBinding reports whether an AuthenticationSASL offers the mechanism with channel binding.
func offersBinding(m wire.Message) bool {
	return m.Type == wire.AuthenticationSASL && bytes.Contains(m.Bytes, []byte(plusMechanism+"\x00"))
}

// warnOfOffer warns about clients that fail when they see the offer.
func (l *login) warnOfOffer() {
	if !l.binding || l.client.tls == nil {
		return
	}
	own, err := l.ownCertificate()
	if err != nil {
		return // there was a handshake with it
	}
	if _, ok := own.PublicKey.(ed25519.PublicKey); ok {
		l.warn("libpq can't use the Ed25519 certificate that pgpi presents where the server offers "+plusMechanism+
			" (\"could not find digest for NID UNDEF\")",
			"channel_binding=disable on the client", "an RSA or ECDSA certificate for --client-ssl-cert", "--override-auth")
	}
}

// warnOfAnswer warns about a client that has bound its login to the TLS connection that ends at
// pgpi.
func (l *login) warnOfAnswer(m wire.Message) {
	if !l.binding {
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
	case string(mechanism) == plusMechanism && !l.sameCertificate():
		l.warn("the client binds its login to the certificate of pgpi, and the server will refuse that as \"SCRAM channel binding check failed\"",
			"channel_binding=disable on the client", "channel_binding=prefer there and --override-auth here",
			"the server's own certificate and key for --client-ssl-cert and --client-ssl-key", "--server-sslmode disable")
	case bytes.HasPrefix(first, []byte("y,")):
		l.warn("the client says that the server can't do channel binding, although it offers it: it may not know "+plusMechanism+". The server will refuse that as \"SCRAM channel binding negotiation error\"",
			"channel_binding=disable on the client", "--override-auth", "--server-sslmode disable")
	}
}

// warnOfError recognizes what servers say when channel binding has failed.
func (l *login) warnOfError(m wire.Message) {
	text := errorText(m.Bytes)
	if strings.Contains(text, "SCRAM channel binding") {
		l.warn("the server refuses the login as \""+text+"\"",
			"channel_binding=disable on the client", "--override-auth", "--server-sslmode disable")
	}
}

// noPasswordYet is a harmless reason why a client leaves.
const noPasswordYet = "it may have no password yet (psql then asks its user, and connects again)"

// warnOfLeaving explains a client that leaves as soon as it sees the offer. The caller holds the
// lock.
func (l *login) warnOfLeaving() {
	switch {
	case !l.offered || l.answered:
	case l.binding && l.client.tls == nil:
		l.warn("the client left at the offer of "+plusMechanism+": libpq takes it for an attack on a connection without TLS",
			"--hide-channel-binding", "TLS on the client, with channel_binding=disable", "--override-auth", "--server-sslmode disable")
	case l.binding:
		l.warn("the client left at the offer of "+plusMechanism+": "+noPasswordYet+", not know that mechanism, or refuse channel binding to the certificate of pgpi",
			"channel_binding=disable on the client", "--override-auth")
	default:
		l.warn("the client left at an offer without "+plusMechanism+": "+noPasswordYet+", or have channel_binding=require, which a man in the middle can't give it",
			"channel_binding=disable on the client", "channel_binding=prefer there and --override-auth here",
			"TLS on the server leg, and the server's own certificate and key for --client-ssl-cert and --client-ssl-key")
	}
}

// warn says once per connection that channel binding is in the way, and what helps.
func (l *login) warn(what string, remedies ...string) {
	if l.warned {
		return
	}
	l.warned = true
	l.say(event.BindingWillFail{What: what, Remedies: "use " + strings.Join(remedies, ", or ")})
}

// sameCertificate reports whether clients see the server's own certificate.
func (l *login) sameCertificate() bool {
	if l.client.tls == nil || l.server.tls == nil {
		return false
	}
	own, err := l.ownCertificate()
	return err == nil && own.Equal(l.server.tls.ConnectionState().PeerCertificates[0])
}
