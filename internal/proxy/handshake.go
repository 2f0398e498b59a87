package proxy

import (
	"errors"
	"fmt"

	"pgpi/internal/event"
	"pgpi/internal/pgtls"
)

// handshake is everything before the relay. It negotiates with the client (client.go), reaches a
// server for it (server.go, target.go), and may log in there in the client's place (override.go).
// It ends with two legs, and what is known about them. A CancelRequest is a handshake without a
// relay (cancel.go).
type handshake struct {
	*parties

	// directTLS is set if the client began with TLS, without an SSLRequest.
	directTLS bool
	login     login
}

// refuseTooMany tells the client that pgpi already relays as many connections as it may.
func (h *handshake) refuseTooMany() {
	h.say(event.TooMany{Limit: h.config.MaxConnections})
	h.sendError("53300", fmt.Sprintf("pgpi: sorry, too many clients already: it relays %d at most (--max-connections)", h.config.MaxConnections))
}

// refuse tells the client, in its own protocol, why there is no server for it.
func (h *handshake) refuse(err error) {
	var told *refusal
	if errors.As(err, &told) {
		h.sendError(told.code, told.text)
	}
}

// refusal is an error for the client.
type refusal struct{ code, text string }

func (r *refusal) Error() string { return r.text }

// logOwnCertificate records what pgpi presents to clients.
func (h *handshake) logOwnCertificate() {
	if own, err := h.ownCertificate(); err == nil { // there was a handshake with it
		h.say(event.CertificateTo{Party: event.Client, Certificate: pgtls.CertificateText(own)})
	}
}

// logCertificates records what a party presented, if the user wants it.
func (h *handshake) logCertificates(l *leg) {
	if !h.config.LogCerts {
		return
	}
	for _, cert := range l.tls.ConnectionState().PeerCertificates {
		h.say(event.CertificateFrom{Party: l.party, Certificate: pgtls.CertificateText(cert)})
	}
}
