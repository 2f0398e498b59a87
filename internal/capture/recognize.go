package capture

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/peer"
	"pgpi/internal/wire"
)

// flowReceiver receives the bytes of a flow in order.
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

// recognize looks at the first bytes of a conversation. A startup packet begins one with Postgres,
// at any port, and so does TLS for Postgres. A load balancer may have put a header before it. At a
// server's port, the bytes may be from the middle of a connection. It returns what there is to
// decode.
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

// maxOpening is how many of a client's first bytes are waited for.
const maxOpening = 64 << 10

// mayTell reports whether only more of a client's first words can show what it is. In the middle of
// a connection they never can.
func (f *flowReceiver) mayTell(b []byte) bool {
	if len(b) > maxOpening || f.hasServerPort(f.reader) && !f.began {
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
	const startup, other = 8, 16 // enough bytes to tell
	return len(rest) < startup || rest[0] != 0 && len(rest) < other
}

// helloOf reads what a client offers in TLS, or returns nil if it is incomplete. Its end may be cut
// off.
func helloOf(b []byte, cut bool) *peer.Hello {
	var c peer.Clear
	said := c.Read(b)
	if said.Client == nil && cut {
		said = c.Cut()
	}
	if said.Client == nil && c.Over() {
		return &peer.Hello{} // it is not one
	}
	return said.Client
}

// settle decides what a conversation is from what there is of its beginning.
func (f *flowReceiver) settle(at time.Time) {
	switch {
	case len(f.opening) > 0:
		b := f.opening
		f.opening = nil
		if rest := f.begin(at, f.client, b); f.dialogue != nil {
			f.dialogue.data(at, f.direction(f.client), rest)
		}
	case f.dialogue == nil && f.began && f.accepted && f.hasServerPort(f.reader) && !f.ignored:
		f.open() // nothing was said, as in a health check
		switch {
		case f.reset:
			f.dialogue.breakOff(at, f.left)
		case f.left != "":
			f.dialogue.broken = true // it is over
			f.dialogue.say(at, event.Disconnected{Party: f.left, When: "before startup"})
		}
	}
}

// begin begins a dialogue, or finds that there is none. It returns what there is to decode.
func (f *flowReceiver) begin(at time.Time, sender int, b []byte) []byte {
	if sender != f.client {
		if f.hasServerPort(f.reader) {
			f.openInside()
			return b
		}
		f.ignore(peer.OfServer(b))
		return nil
	}
	header := peer.ProxyHeader(b)
	rest := b[header:]
	speaks := peer.OfClient(rest)
	served := f.hasServerPort(f.reader) && f.certain
	foreign := false
	switch {
	case isStartup(rest) || peer.MayBeClientHello(rest) && (served || helloOf(rest, true).Speaks("postgresql")):
		f.certain = true
		f.reader.passed.addServer(f.ends[1-f.client])
		f.open()
	case served:
		f.openInside()
		foreign = f.began && speaks != "" && speaks != peer.TLS
	default:
		f.ignore(speaks)
		return nil
	}
	if header > 0 {
		f.dialogue.recordUndecoded(at, event.ClientToServer, b[:header])
		f.dialogue.say(at, event.HeaderFirst{What: string(peer.OfClient(b))})
	}
	if foreign {
		f.dialogue.refuse(at, rest, speaks)
		return nil
	}
	return rest
}

// ignore skips a conversation of something else.
func (f *flowReceiver) ignore(p peer.Protocol) {
	f.ignored = true
	f.reader.report.Ignored++
	f.reader.passed.add(f.flow)
	if p != "" {
		f.reader.foreign[p]++
	}
}

// openInside begins a dialogue with something other than its first packet. If the beginning was
// seen, the dialogue will be out of sync, and say so.
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
	case f.hasServerPort(f.reader) && f.certain && !f.ignored:
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
		d.sayHungUp(at, event.PartyOf(direction))
	}
}

// isStartup reports whether a client's first bytes are one of the packets that begin a connection
// with Postgres.
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
	const major, minor = 3, 16 // version 3.x; 9999 asks which there are
	version := uint32(b[4])<<24 | uint32(b[5])<<16 | uint32(b[6])<<8 | uint32(b[7])
	return version>>16 == major && (version&0xffff < minor || version&0xffff == 9999)
}
