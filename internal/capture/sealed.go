package capture

import (
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/peer"
)

// clearTLS is what the parties of a dialogue say in TLS before they encrypt.
type clearTLS struct {
	clear [2]peer.Clear // by event.ClientToServer and event.ServerToClient
	// said is set if anything was said about TLS, and hello if that was what the client offers.
	said, hello bool
	encrypted   bool // which was recorded
}

// seal records that TLS begins with the next bytes of a direction. What came before can't be
// decoded any more. The other direction may have begun early: a client need not wait for the reply
// to its SSLRequest.
func (d *dialogue) seal(at time.Time, direction event.Direction) {
	d.sealed, d.tls = true, &clearTLS{}
	for i := range d.halves {
		if s := d.halves[i].searching; s != nil {
			s.close(d.passOver(at, event.Direction(i)))
			d.halves[i].searching = nil
		}
	}
	other := event.ServerToClient - direction
	early := d.halves[other].pending
	d.halves[other].pending = nil
	if peer.IsTLS(early) {
		d.readSealed(at, other, early)
	} else {
		d.recordUndecoded(at, other, early)
	}
}

// readSealed reads what is in the clear, and counts the bytes.
func (d *dialogue) readSealed(at time.Time, direction event.Direction, b []byte) {
	d.halves[direction].unread += int64(len(b))
	if d.tls == nil {
		return
	}
	c := &d.tls.clear[direction]
	d.sayClear(at, direction, c.Read(b))
	if c.Over() {
		d.sayEncrypted(at, "TLS")
	}
}

// missSealed is readSealed for bytes that are not in the capture.
func (d *dialogue) missSealed(at time.Time, direction event.Direction, size int64) {
	d.halves[direction].unread += size
	if d.tls != nil {
		d.sayClear(at, direction, d.tls.clear[direction].Cut())
		d.sayEncrypted(at, "TLS")
	}
}

// sayClear records what a party has said in the clear.
func (d *dialogue) sayClear(at time.Time, direction event.Direction, said peer.Said) {
	t := d.tls
	if h := said.Client; h != nil && direction == event.ClientToServer && !t.hello {
		t.hello = true
		if h.Name != "" {
			t.said = true
			d.say(at, event.ServerName{Name: h.Name})
		}
		if h.Versions != nil {
			t.said = true
			d.say(at, event.TLSOffered{Versions: h.VersionNames(), Protocols: protocolsOf(h)})
		}
	}
	if h := said.Server; h != nil && direction == event.ServerToClient {
		t.said = true
		d.say(at, event.TLSChosen{TLS: h.VersionNames() + "/" + h.CipherName()})
	}
	for _, a := range said.Alerts {
		t.said = true
		d.say(at, event.TLSAlert{Party: event.PartyOf(direction), Why: a.String()})
	}
}

// protocolsOf lists the protocols in ALPN.
func protocolsOf(h *peer.Hello) string {
	switch {
	case len(h.Protocols) > 0:
		return strings.Join(h.Protocols, ", ")
	case !h.Whole:
		return "not captured"
	}
	return "none"
}

// sayEncrypted records once that the rest can't be read.
func (d *dialogue) sayEncrypted(at time.Time, by string) {
	if d.tls != nil {
		if d.tls.encrypted {
			return
		}
		d.tls.said, d.tls.encrypted = true, true
	}
	d.reader.report.Encrypted++
	d.say(at, event.Encrypted{What: by})
}
