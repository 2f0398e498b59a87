package proxy

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/peer"
	"pgpi/internal/wire"
)

// What speaks where Postgres is expected is shown as it comes, and named if package peer knows it.

// describeGarbage returns what a client sent that is not a startup packet.
func describeGarbage(b []byte) string {
	switch p := peer.OfClient(b); p {
	case "":
	case peer.Proxy1, peer.Proxy2:
		return p.Words() + ": pgpi takes none: turn it off there"
	default:
		return p.Words()
	}
	length := int32(binary.BigEndian.Uint32(b))
	return fmt.Sprintf("it announced a startup packet of %d bytes, where servers take 8 to %d", length, wire.StartupMaxLength)
}

// firstWordsTime is how long pgpi waits for the rest of what a server says first.
const firstWordsTime = 100 * time.Millisecond

// foreignServer shows what a server says that does not reply to an SSLRequest, and what the server
// is.
func (h *handshake) foreignServer(reply []byte) error {
	_ = h.server.raw.SetReadDeadline(time.Now().Add(firstWordsTime)) // then the read fails too
	_ = h.server.fill()                                              // there may be no more
	b := slices.Concat(reply, h.server.pending())
	h.showGarbage(event.ServerToScript, b)
	return h.refuseServer(reply, peer.OfServer(b))
}

// refuseServer says what a server has replied, and what it is if that is known.
func (h *handshake) refuseServer(reply []byte, p peer.Protocol) error {
	text := fmt.Sprintf("pgpi: server sent %q in reply to an SSLRequest", reply)
	switch words := p.Words(); p {
	case "":
		h.say(event.ProtocolViolation{Party: event.Server, What: fmt.Sprintf("reply %q to an SSLRequest", reply)})
	case peer.TLS:
		words += ": if it is Postgres, use --server-sslnegotiation direct"
		fallthrough
	default:
		h.say(event.NotPostgresServer{What: words})
		text += ": " + words
	}
	return &refusal{"08P01", text}
}

// showNoTLS shows what a party has sent in place of TLS, if that is why a handshake has failed.
func (h *handshake) showNoTLS(d event.Direction, l *leg, err error) {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); !ok {
		return
	}
	first := l.raw.first
	h.showGarbage(d, first)
	if l == h.client {
		if p := peer.OfClient(first); p != "" && p != peer.TLS {
			h.say(event.NotPostgres{What: p.Words()})
		}
		return
	}
	if p := peer.OfServer(append([]byte("S"), first...)); p != "" && !h.directToServer() {
		h.say(event.NotPostgresServer{What: p.Words()})
	} else if p := peer.OfServer(first); p != "" && p != peer.TLS {
		h.say(event.NotPostgresServer{What: p.Words()})
	}
}
