package capture

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/peer"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// dialogue is a connection whose bytes a capture has in order, with gaps marked. It records them as
// the proxy records what it relays.
type dialogue struct {
	reader *Reader
	id     uint32
	opened time.Time
	watch  session.Watch
	halves [2]half // by event.ClientToServer and event.ServerToClient
	key    string  // of cancel requests for it
	// sealed is set if what follows can't be read, and tls reads what TLS says in the clear.
	// foreign is set if it is not Postgres.
	sealed  bool
	tls     *clearTLS
	foreign bool
	broken  bool // by a reset
	left    bool // it was recorded who hung up
}

// half is one direction of a dialogue.
type half struct {
	pending []byte // the beginning of a message
	// rest is how much is left of a message with a gap after its beginning. It is not decoded.
	rest      int64
	searching *search // nil while messages follow each other
	unread    int64   // encrypted bytes
	ended     bool
}

// newDialogue records that a connection was opened.
func (r *Reader) newDialogue(at time.Time, client, server end) *dialogue {
	d := &dialogue{reader: r, id: r.newTag(), opened: at}
	if len(r.replays) > 0 && !r.mixed {
		r.strays[d.id] = true
	}
	d.say(at, event.Opened{Time: at.Truncate(time.Second), Client: client.String()})
	d.say(at, event.Connected{Address: server.words()})
	return d
}

// say records a fact about the connection.
func (d *dialogue) say(at time.Time, f event.Fact) {
	d.record(&event.Event{At: at, Kind: event.Said, Fact: f})
}

// record records an event of the connection.
func (d *dialogue) record(e *event.Event) {
	e.Elapsed, e.Conn = e.At.Sub(d.opened), d.id
	d.reader.record(e)
}

// join records that the beginning was not seen.
func (d *dialogue) join(at time.Time) {
	d.say(at, event.Joined{})
	d.watch.Join()
	for i := range d.halves {
		d.halves[i].searching = newSearch(&d.reader.searches)
	}
}

// data handles the next bytes of a direction. They are valid until it returns.
func (d *dialogue) data(at time.Time, direction event.Direction, b []byte) {
	h := &d.halves[direction]
	switch {
	case d.sealed:
		d.readSealed(at, direction, b)
		return
	case d.foreign:
		d.recordUndecoded(at, direction, b)
		return
	}
	if b = d.skipRest(at, direction, b); len(b) == 0 {
		return
	}
	if d.mayEncrypt(direction, b) {
		b = append(h.pending, b...)
		h.pending = nil
		switch {
		case peer.IsTLS(b):
			d.seal(at, direction)
			d.readSealed(at, direction, b)
			return
		case peer.MayBeTLS(b) && h.searching == nil:
			h.pending = b
			return
		}
	}
	if h.searching != nil {
		d.searchIn(at, direction, b)
	} else {
		d.scan(at, direction, b)
	}
}

// mayEncrypt reports whether TLS may begin with b: either it is not known what comes next, or the
// login is not over.
func (d *dialogue) mayEncrypt(direction event.Direction, b []byte) bool {
	h := &d.halves[direction]
	unsure := h.searching != nil || !d.watch.Ready()
	asked := direction == event.ClientToServer && d.watch.AsksForEncryption() // wait for the reply
	return unsure && !asked && (peer.MayBeTLS(h.pending) || len(h.pending) == 0 && peer.MayBeTLS(b))
}

// scan records everything that is complete.
func (d *dialogue) scan(at time.Time, direction event.Direction, b []byte) {
	h := &d.halves[direction]
	if len(h.pending) > 0 {
		h.pending = append(h.pending, b...)
		b = h.pending
	}
	for len(b) > 0 {
		if direction == event.ClientToServer && d.watch.AsksForEncryption() && peer.MayBeTLS(b) {
			break // it does not wait for the reply
		}
		f := d.watch.Scan(direction, b)
		if f.Size == 0 {
			break
		}
		d.bytes(at, direction, b[:f.Size], f.Count, len(b)-f.Size)
		d.conclude(at)
		b = b[f.Size:]
		if d.sealed {
			d.readSealed(at, direction, b)
			b = nil
		}
	}
	h.pending = append(h.pending[:0], b...)
	if len(b) == 0 && cap(h.pending) > session.MaxHeld {
		h.pending = nil
	}
}

// bytes records a frame, or the beginning of a message that never came whole.
func (d *dialogue) bytes(at time.Time, direction event.Direction, b []byte, count, left int) {
	d.record(&event.Event{At: at, Kind: event.Bytes, Direction: direction, Data: b, Count: count, Relayed: true, Left: left})
}

// recordUndecoded records bytes in which it is not known where a message begins.
func (d *dialogue) recordUndecoded(at time.Time, direction event.Direction, b []byte) {
	if len(b) > 0 {
		d.record(&event.Event{At: at, Kind: event.Undecoded, Opaque: true, Direction: direction, Data: b, Relayed: true})
	}
}

// conclude concludes from the messages of a login what reading needs to know.
func (d *dialogue) conclude(at time.Time) {
	for _, m := range d.watch.Login() {
		switch m.Type {
		case wire.SSLResponse:
			if m.Bytes[0] == 'S' {
				d.seal(at, event.ServerToClient)
			}
		case wire.GSSENCResponse:
			if m.Bytes[0] == 'G' {
				d.sealed = true
				d.sayEncrypted(at, "GSSAPI")
			}
		case wire.BackendKeyData:
			if m.Size > int64(len(m.Bytes)) {
				continue // only the beginning of the key is there
			}
			d.key = string(m.Bytes[min(len(m.Bytes), wire.HeaderSize):])
			d.reader.keys[d.key] = d
		case wire.CancelRequest:
			const header = 8
			if named := d.reader.keys[string(m.Bytes[min(len(m.Bytes), header):])]; named != nil {
				d.say(at, event.CancelFor{Connection: named.id})
			}
		}
	}
}

// refuse records what speaks instead of Postgres.
func (d *dialogue) refuse(at time.Time, b []byte, p peer.Protocol) {
	d.foreign = true
	d.recordUndecoded(at, event.ClientToServer, b)
	d.say(at, event.NotPostgres{What: p.Words()})
}

// breakOff records that a party has reset the connection.
func (d *dialogue) breakOff(at time.Time, p event.Party) {
	d.broken = true
	d.say(at, event.ConnectionLost{Party: p, Why: "it reset the connection"})
}

// gap records that bytes of a direction are missing from the capture. If they are part of a message
// whose length is known, messages begin again after it. Otherwise a message must be searched for.
func (d *dialogue) gap(at time.Time, direction event.Direction, size int64) {
	h := &d.halves[direction]
	if h.ended {
		return
	}
	if d.sealed {
		d.missSealed(at, direction, size)
		return
	}
	d.reader.report.Missing += size
	if h.searching != nil {
		d.fit(at, direction, size)
	}
	rest := h.rest
	switch {
	case h.searching != nil:
		h.searching.close(d.passOver(at, direction))
	case rest == 0:
		rest = d.cutOff(at, direction)
	}
	d.say(at, event.Missing{Direction: direction, Bytes: size})
	within := min(rest, size)
	d.watch.Skip(direction, within)
	h.rest = rest - within
	if size == within {
		return
	}
	d.watch.Gap(direction, size-within)
	if h.searching == nil {
		h.searching = newSearch(&d.reader.searches)
	}
}

// fit looks for messages that end with the missing bytes.
func (d *dialogue) fit(at time.Time, direction event.Direction, missing int64) {
	s := d.halves[direction].searching
	if rest, found := s.fit(direction.Sender(), missing, d.passOver(at, direction)); found {
		d.resume(at, direction, rest)
	}
}

// cutOff records the beginning of the message that a gap has cut. It returns how many bytes of the
// message were still to come, as far as that is known.
func (d *dialogue) cutOff(at time.Time, direction event.Direction) (left int64) {
	h := &d.halves[direction]
	f, want := d.watch.Cut(direction, h.pending)
	if len(h.pending) > 0 {
		d.record(&event.Event{At: at, Kind: event.Bytes, Direction: direction, Data: h.pending, Count: f.Count, Relayed: true, Cut: true})
		d.conclude(at)
		h.pending = h.pending[:0]
	}
	return max(0, want-f.Total)
}

// skipRest skips what is left of a message with a gap in it.
func (d *dialogue) skipRest(at time.Time, direction event.Direction, b []byte) []byte {
	h := &d.halves[direction]
	if h.rest == 0 {
		return b
	}
	n := int(min(h.rest, int64(len(b))))
	h.rest -= int64(n)
	d.watch.Skip(direction, int64(n))
	d.recordUndecoded(at, direction, b[:n])
	return b[n:]
}

// searchIn looks for the first message in what has come since a gap.
func (d *dialogue) searchIn(at time.Time, direction event.Direction, b []byte) {
	s := d.halves[direction].searching
	rest, found := s.add(direction.Sender(), b, d.passOver(at, direction))
	if found {
		d.resume(at, direction, rest)
	}
}

// resume continues where messages begin again.
func (d *dialogue) resume(at time.Time, direction event.Direction, rest []byte) {
	h := &d.halves[direction]
	passed := h.searching.passed
	h.searching = nil
	if passed > 0 {
		d.say(at, event.Resumed{Direction: direction, Bytes: passed})
	}
	d.scan(at, direction, rest)
}

// passOver returns what to do with bytes that contain no message.
func (d *dialogue) passOver(at time.Time, direction event.Direction) func([]byte) {
	return func(b []byte) { d.recordUndecoded(at, direction, b) }
}

// end records that a direction has ended. If neither its end nor a reset was seen, the rest of its
// last message is missing from the capture.
func (d *dialogue) end(at time.Time, direction event.Direction, broken bool) {
	h := &d.halves[direction]
	if h.ended {
		return
	}
	h.ended = true
	if h.unread > 0 && d.tls != nil && !d.tls.said {
		d.sayEncrypted(at, "TLS")
	}
	e := event.Event{At: at, Kind: event.End, Direction: direction, Broken: broken, Cut: broken && !d.broken, Unread: h.unread}
	if s := h.searching; s != nil {
		s.close(d.passOver(at, direction))
	} else if !d.sealed && !d.foreign && h.rest == 0 {
		e.Data = h.pending
	}
	d.record(&e)
}

// close ends the dialogue.
func (d *dialogue) close(at time.Time) {
	d.end(at, event.ClientToServer, true)
	d.end(at, event.ServerToClient, true)
	if d.reader.keys[d.key] == d {
		delete(d.reader.keys, d.key)
	}
	d.say(at, event.Ended{})
}

// sayHungUp records, once, who was the first to end its direction.
func (d *dialogue) sayHungUp(at time.Time, p event.Party) {
	if !d.left {
		d.left = true
		d.say(at, event.HungUp{Party: p})
	}
}

// waiting returns how many bytes are held until more come.
func (d *dialogue) waiting() (n int) {
	if d.tls != nil {
		n = d.tls.clear[0].Waiting() + d.tls.clear[1].Waiting()
	}
	for i := range d.halves {
		n += cap(d.halves[i].pending)
		if s := d.halves[i].searching; s != nil {
			n += cap(s.bytes)
		}
	}
	return n
}
