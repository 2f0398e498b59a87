package capture

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/peer"
	"pgpi/internal/wire"
)

// flowReceiver takes what a flow has in order.
type flowReceiver struct {
	*flow
	reader *Reader
}

func (f *flowReceiver) data(at time.Time, sender int, b []byte) {
	if f.dialogue == nil && !f.ignored {
		b = f.recognize(at, sender, b)
	}
	if f.dialogue != nil {
		f.dialogue.data(at, f.direction(sender), b)
	}
}

// recognize looks at the first bytes of a conversation. A startup packet begins one of Postgres, at
// any port, and so does TLS for Postgres; a load balancer may have put a header before it. At a
// server's port it may be in the middle of one. It returns what is there to decode.
func (f *flowReceiver) recognize(at time.Time, sender int, b []byte) []byte {
	if len(f.opening) > 0 && sender != f.client {
		f.settle(at)
		return b
	}
	if len(f.opening) == 0 {
		f.openedAt = at
	}
	if f.certain && sender != f.client {
		return f.begin(at, sender, b)
	}
	f.client = sender
	b = append(f.opening, b...)
	f.opening = nil
	if f.mayTell(b) {
		f.opening = b
		return nil
	}
	return f.begin(at, sender, b)
}

// maxOpening is how many first bytes of a client are waited for.
const maxOpening = 64 << 10

// mayTell reports whether only more of what a client says first will tell what it is. In the middle of
// a connection it never will.
func (f *flowReceiver) mayTell(b []byte) bool {
	if len(b) > maxOpening || f.served(f.reader) && !f.began {
		return false
	}
	rest := b[peer.ProxyHeader(b):]
	switch p := peer.OfClient(rest); {
	case p == peer.Proxy1, p == peer.Proxy2:
		return true
	case peer.MayBeClientHello(rest):
		return helloOf(rest, false) == nil
	case p != "":
		return false
	}
	const startup, other = 8, 16 // bytes that tell
	return len(rest) < startup || rest[0] != 0 && len(rest) < other
}

// helloOf reads what a client offers in TLS, nil where that is not all there. The end may be cut off.
func helloOf(b []byte, cut bool) *peer.Hello {
	var c peer.Clear
	said := c.Read(b)
	if said.Client == nil && cut {
		said = c.Cut()
	}
	if said.Client == nil && c.Over() {
		return &peer.Hello{} // it is none
	}
	return said.Client
}

// settle decides what a conversation is by what there is of its beginning.
func (f *flowReceiver) settle(at time.Time) {
	switch {
	case len(f.opening) > 0:
		b := f.opening
		f.opening = nil
		if rest := f.begin(at, f.client, b); f.dialogue != nil {
			f.dialogue.data(at, f.direction(f.client), rest)
		}
	case f.dialogue == nil && f.began && f.accepted && f.served(f.reader) && !f.ignored:
		f.open() // nothing was said, as by a health check
		switch {
		case f.reset:
			f.dialogue.breakOff(at, f.left)
		case f.left != "":
			f.dialogue.broken = true // it is over
			f.dialogue.say(at, event.Disconnected{Party: f.left, When: "before startup"})
		}
	}
}

// begin begins a dialogue, or finds that there is none. It returns what is there to decode.
func (f *flowReceiver) begin(at time.Time, sender int, b []byte) []byte {
	if sender != f.client {
		if f.served(f.reader) {
			f.openInside()
			return b
		}
		f.ignore(peer.OfServer(b))
		return nil
	}
	header := peer.ProxyHeader(b)
	rest := b[header:]
	speaks := peer.OfClient(rest)
	served := f.served(f.reader) && f.certain
	foreign := false
	switch {
	case isStartup(rest) || peer.MayBeClientHello(rest) && (served || helloOf(rest, true).Speaks("postgresql")):
		f.certain = true
		f.open()
	case served:
		f.openInside()
		foreign = f.began && speaks != "" && speaks != peer.TLS
	default:
		f.ignore(speaks)
		return nil
	}
	if header > 0 {
		f.dialogue.undecoded(at, event.ClientToServer, b[:header])
		f.dialogue.say(at, event.HeaderFirst{What: string(peer.OfClient(b))})
	}
	if foreign {
		f.dialogue.refuse(at, rest, speaks)
		return nil
	}
	return rest
}

// ignore passes over a conversation of something else.
func (f *flowReceiver) ignore(p peer.Protocol) {
	f.ignored = true
	f.reader.report.Ignored++
	if p != "" {
		f.reader.foreign[p]++
	}
}

// openInside begins a dialogue with something else than its first packet. Where the beginning was
// seen, it will be out of sync, which is said.
func (f *flowReceiver) openInside() {
	f.open()
	if !f.began {
		f.dialogue.join(f.openedAt)
	}
}

func (f *flowReceiver) open() {
	f.reader.report.Connections++
	f.dialogue = f.reader.newDialogue(f.openedAt, f.ends[f.client], f.ends[1-f.client])
}

func (f *flowReceiver) gap(at time.Time, sender int, size int64) {
	if len(f.opening) > 0 {
		f.settle(at)
	}
	switch {
	case f.dialogue != nil:
	case f.served(f.reader) && f.certain && !f.ignored:
		f.openedAt = at
		f.openInside()
	default:
		f.began = false // what follows is in the middle
		return
	}
	f.dialogue.gap(at, f.direction(sender), size)
}

func (f *flowReceiver) fin(at time.Time, sender int) {
	if len(f.opening) > 0 {
		f.settle(at)
	}
	direction := f.direction(sender)
	f.leave(event.PartyOf(direction), false)
	f.ended[sender] = true
	if d := f.dialogue; d != nil {
		d.end(at, direction, false)
		d.hungUp(at, event.PartyOf(direction))
	}
}

// isStartup reports whether a client's first bytes are one of the packets that begin a
// connection of Postgres.
func isStartup(b []byte) bool {
	if len(b) < 8 || wire.StartupSize(b) < 8 {
		return false
	}
	switch wire.IdentifyStartup(b) {
	case wire.SSLRequest, wire.GSSENCRequest:
		return wire.StartupSize(b) == 8
	case wire.CancelRequest:
		return true
	}
	const major, minor = 3, 16 // version 3.x; 9999 asks what there is
	version := uint32(b[4])<<24 | uint32(b[5])<<16 | uint32(b[6])<<8 | uint32(b[7])
	return version>>16 == major && (version&0xffff < minor || version&0xffff == 9999)
}
