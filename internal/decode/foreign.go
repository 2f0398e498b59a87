package decode

import (
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/peer"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// foreign returns what a party speaks that is not Postgres, if its first bytes show it. It marks
// them, so that outputs show them.
func (c *connection) foreign(e *event.Event, piece *session.Piece) (what string) {
	sender := e.Direction.Sender()
	if e.Direction == event.ScriptToClient || e.Direction == event.ScriptToServer || len(c.first[sender]) >= peer.Needed {
		return ""
	}
	before := c.first[sender]
	first := slices.Concat(before, e.Data[:min(len(e.Data), peer.Needed-len(before))])
	c.first[sender] = first
	if piece.Kind != event.Undecoded {
		return ""
	}
	p := peer.OfServer(first)
	if sender == wire.Client {
		p = peer.OfClient(first)
	}
	if p == "" || p == peer.TLS {
		return ""
	}
	const reply = 1 // which may look like a reply to a request for encryption
	e.Foreign = e.Foreign || len(before) <= reply
	return p.Words()
}
