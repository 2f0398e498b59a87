package capture

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// dialogue is a connection of which a capture has the bytes in order, with the gaps
// named. It makes events of them as the proxy does of what it relays.
type dialogue struct {
	reader  *Reader
	id      uint32
	opened  time.Time
	tracker *session.Tracker
	halves  [2]half // by event.ClientToServer and event.ServerToClient
	key     string  // of the cancel requests that name it
	// encrypted is set when what follows is no Postgres that can be read.
	encrypted bool
	broken    bool        // by a reset
	event     event.Event // used again for each piece
	left      bool        // it was said who hung up
}

// half is one direction of a dialogue.
type half struct {
	pending []byte // the beginning of a message
	// rest is how much is left of a message whose beginning has a gap behind it; it is
	// not decoded.
	rest      int64
	searching *search // nil where messages follow on each other
	undecoded int64   // bytes that were not decoded
	ended     bool
}

// newDialogue says that a connection was opened.
func (r *Reader) newDialogue(at time.Time, client, server end) *dialogue {
	r.tags++
	d := &dialogue{reader: r, id: r.tags, opened: at, tracker: session.New(r.options.Budget)}
	d.say(at, event.Opened, at.Format("2006-01-02 15:04:05 -0700"), client.String())
	d.say(at, event.Connected, server.words())
	return d
}

// say records a sentence about the connection.
func (d *dialogue) say(at time.Time, s event.Status, args ...string) {
	d.reader.record(&event.Event{At: at, Elapsed: at.Sub(d.opened), Conn: d.id, Kind: event.Said, Status: s, Args: args})
}

// join says that the beginning was not seen.
func (d *dialogue) join(at time.Time) {
	d.say(at, event.Joined)
	d.tracker.Join()
	for i := range d.halves {
		d.halves[i].searching = &search{}
	}
}

// data takes the next bytes of a direction. They are valid until it returns.
func (d *dialogue) data(at time.Time, direction event.Direction, b []byte) {
	h := &d.halves[direction]
	if d.encrypted {
		h.undecoded += int64(len(b))
		return
	}
	if b = d.skipRest(at, direction, b); len(b) == 0 {
		return
	}
	unsure := h.searching != nil || !d.tracker.Ready()
	switch {
	case unsure && len(h.pending) == 0 && beginsWithTLS(b):
		d.encrypt(at, "TLS")
		h.undecoded += int64(len(b))
	case h.searching != nil:
		d.searchIn(at, direction, b)
	default:
		d.scan(at, direction, b)
	}
}

// beginsWithTLS reports whether bytes are the beginning of a TLS record (RFC 8446,
// section 5.1): no message begins with such a byte.
func beginsWithTLS(b []byte) bool {
	const changeCipherSpec, applicationData, major = 0x14, 0x17, 3
	return len(b) > 2 && b[0] >= changeCipherSpec && b[0] <= applicationData && b[1] == major && b[2] <= 4
}

// scan makes events of all that is complete.
func (d *dialogue) scan(at time.Time, direction event.Direction, b []byte) {
	h := &d.halves[direction]
	kept := len(h.pending) > 0
	if kept {
		h.pending = append(h.pending, b...)
		b = h.pending
	}
	for len(b) > 0 {
		piece := d.tracker.Scan(direction, b)
		if piece.Size == 0 {
			break
		}
		d.observe(at, direction, piece, b[:piece.Size], len(b)-piece.Size)
		b = b[piece.Size:]
		if d.encrypted {
			h.undecoded += int64(len(b))
			b = nil
		}
	}
	h.pending = append(h.pending[:0], b...)
	if len(b) == 0 && cap(h.pending) > session.MaxHeld {
		h.pending = nil
	}
}

// observe records a piece, and draws the conclusions that reading needs.
func (d *dialogue) observe(at time.Time, direction event.Direction, piece session.Piece, b []byte, left int) {
	e := &d.event
	*e = event.Event{
		At: at, Elapsed: at.Sub(d.opened), Conn: d.id, Kind: piece.Kind, Direction: direction,
		Data: b, Messages: piece.Messages, Relayed: true, Total: piece.Total, Left: left, Offset: piece.Offset,
	}
	d.reader.record(e)
	if piece.Lost != nil {
		d.say(at, event.OutOfSync, direction.String(), fmt.Sprint(piece.Lost.Offset), piece.Lost.Why)
	}
	if piece.Kind == event.Undecoded {
		d.halves[direction].undecoded += int64(len(b))
	}
	for i := range piece.Messages {
		d.conclude(at, &piece.Messages[i])
	}
}

// conclude draws conclusions from a message.
func (d *dialogue) conclude(at time.Time, m *event.Message) {
	switch m.Type {
	case wire.SSLResponse:
		if m.Bytes[0] == 'S' {
			d.encrypt(at, "TLS")
		}
	case wire.GSSENCResponse:
		if m.Bytes[0] == 'G' {
			d.encrypt(at, "GSSAPI")
		}
	case wire.BackendKeyData:
		d.key = string(m.Bytes[min(len(m.Bytes), wire.HeaderSize):])
		d.reader.keys[d.key] = d
	case wire.CancelRequest:
		const header = 8
		if named := d.reader.keys[string(m.Bytes[min(len(m.Bytes), header):])]; named != nil {
			d.say(at, event.CancelFor, fmt.Sprint(named.id), named.running())
		}
	}
}

// running is the SQL that the connection's server works on.
func (d *dialogue) running() string {
	if sql := d.tracker.Running(); sql != "" {
		return sql
	}
	return "nothing that is known"
}

func (d *dialogue) encrypt(at time.Time, what string) {
	d.encrypted = true
	d.reader.report.Encrypted++
	d.say(at, event.Encrypted, what)
}

// gap says that bytes of a direction are missing in the capture. Where they are a part
// of a message whose length is known, messages begin again behind it; else that has
// to be searched.
func (d *dialogue) gap(at time.Time, direction event.Direction, size int64) {
	h := &d.halves[direction]
	if h.ended {
		return
	}
	if d.encrypted {
		h.undecoded += size
		return
	}
	d.reader.report.Missing += size
	rest := h.rest
	switch {
	case h.searching != nil:
		d.passOver(at, direction, len(h.searching.bytes))
	case rest == 0:
		rest = d.cutOff(at, direction)
	}
	d.say(at, event.Missing, direction.String(), fmt.Sprint(size))
	d.tracker.Gap(direction, size)
	if h.rest = max(0, rest-size); rest < size && h.searching == nil {
		h.searching = &search{}
	}
}

// cutOff shows the message that a gap or the end of the stream has cut, and returns
// how many bytes of it were still to come, as far as that is known.
func (d *dialogue) cutOff(at time.Time, direction event.Direction) (left int64) {
	h := &d.halves[direction]
	piece, want := d.tracker.End(direction, h.pending)
	if piece.Total > 0 {
		d.observe(at, direction, piece, h.pending[:piece.Size], 0)
		d.say(at, event.CutOff, direction.String(), fmt.Sprint(piece.Total), wanted(want))
	}
	h.pending = h.pending[:0]
	return max(0, want-piece.Total)
}

func wanted(size int64) string {
	if size <= 0 {
		return "an unknown number of"
	}
	return fmt.Sprint(size)
}

// skipRest passes over what is left of a message that has a gap in it.
func (d *dialogue) skipRest(at time.Time, direction event.Direction, b []byte) []byte {
	h := &d.halves[direction]
	if h.rest == 0 {
		return b
	}
	n := int(min(h.rest, int64(len(b))))
	h.rest -= int64(n)
	d.undecoded(at, direction, b[:n])
	return b[n:]
}

// undecoded records bytes that are no whole message.
func (d *dialogue) undecoded(at time.Time, direction event.Direction, b []byte) {
	if len(b) > 0 {
		d.observe(at, direction, session.Piece{Frame: session.Frame{Kind: event.Undecoded, Size: len(b)}}, b, 0)
	}
}

// searchIn looks for the first message in what has come since a gap.
func (d *dialogue) searchIn(at time.Time, direction event.Direction, b []byte) {
	h := &d.halves[direction]
	s := h.searching
	offset, found := s.add(direction.Sender(), b)
	if !found {
		d.passOver(at, direction, offset)
		return
	}
	rest := s.bytes[offset:]
	h.searching = nil
	if offset > 0 || s.passed > 0 {
		d.undecoded(at, direction, s.bytes[:offset])
		d.say(at, event.Resumed, direction.String(), fmt.Sprint(s.passed+int64(offset)))
	}
	d.scan(at, direction, rest)
}

// passOver gives up the first bytes of what is searched.
func (d *dialogue) passOver(at time.Time, direction event.Direction, n int) {
	if n > 0 {
		s := d.halves[direction].searching
		d.undecoded(at, direction, s.bytes[:n])
		s.pass(n)
	}
}

// end says that a direction has ended.
func (d *dialogue) end(at time.Time, direction event.Direction) {
	h := &d.halves[direction]
	if h.ended {
		return
	}
	h.ended = true
	if s := h.searching; s != nil {
		d.passOver(at, direction, len(s.bytes))
	} else if !d.encrypted && h.rest == 0 {
		d.cutOff(at, direction)
	}
	if h.undecoded > 0 {
		d.say(at, event.Undecodable, direction.String(), fmt.Sprint(h.undecoded))
	}
}

// close ends the dialogue.
func (d *dialogue) close(at time.Time) {
	d.end(at, event.ClientToServer)
	d.end(at, event.ServerToClient)
	if d.reader.keys[d.key] == d {
		delete(d.reader.keys, d.key)
	}
	d.tracker.Close()
	d.say(at, event.Ended)
}

// hungUp says, once, who was the first to end its direction.
func (d *dialogue) hungUp(at time.Time, party string) {
	if !d.left {
		d.left = true
		d.say(at, event.HungUp, party, "")
	}
}

// waiting is how many bytes are held until more come.
func (d *dialogue) waiting() (n int) {
	for i := range d.halves {
		n += cap(d.halves[i].pending)
		if s := d.halves[i].searching; s != nil {
			n += cap(s.bytes)
		}
	}
	return n
}
