package capture

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/recording"
	"pgpi/internal/wire"
)

// replay records what is in a recording again. Its packets are in order, and have notes about what
// does not follow from their bytes.
type replay struct {
	reader        *Reader
	section       recording.Section
	file          int // of the recording
	zone          *time.Location
	connections   map[uint32]*replayed
	conversations map[flowKey]*conversation
	sentence      []byte // the beginning of a sentence in several datagrams
}

// replayed is a connection in a recording.
type replayed struct {
	id     uint32 // its tag now
	opened time.Time
	// primed is the number of the file that repeated what is known about the connection, because
	// the recording was not read from its beginning.
	primed int
	keys   []flowKey
}

// conversation is a TCP conversation in a recording.
type conversation struct {
	connection *replayed
	client     end
	next       [2]uint32 // by event.ClientToServer and event.ServerToClient
	write      []byte    // the beginning of a write in several packets
	spans      []event.Span
}

func newReplay(r *Reader, section recording.Section) *replay {
	return &replay{
		reader: r, section: section, zone: time.UTC,
		connections: map[uint32]*replayed{}, conversations: map[flowKey]*conversation{},
	}
}

// begin reports whether another file of the recording begins. If one is missing in between, nothing
// that is remembered is true any more.
func (r *replay) begin(in *input) bool {
	number := in.section.File
	if number == r.file {
		return false
	}
	if r.file != 0 && number != r.file+1 {
		r.reader.damage(fmt.Errorf("read %s: it is file %d of its recording, and file %d is not there: connections begin anew", in.name, number, r.file+1))
		r.close()
	}
	r.file = number
	return true
}

// packet handles the next packet.
func (r *replay) packet(p *packet, f *frame) {
	n := recording.ParseNote(p.comments)
	if n.HasZone {
		r.zone = time.FixedZone("", n.Zone)
	}
	at := p.at.In(r.zone)
	if f.udp {
		r.datagram(at, n, f.payload)
		return
	}
	r.segment(at, n, f)
}

// connection finds a connection by its original tag.
func (r *replay) connection(tag uint32, at time.Time, n recording.Note) *replayed {
	c := r.connections[tag]
	if c == nil {
		c = &replayed{id: r.reader.tagOf(tag), opened: at.Add(-n.Elapsed)}
		if n.Repeated {
			c.primed = r.file
		}
		r.connections[tag] = c
	}
	return c
}

// record records an event of a connection.
func (r *replay) record(c *replayed, e *event.Event, at time.Time, n recording.Note) {
	e.At, e.Elapsed, e.Conn = at, at.Sub(c.opened), c.id
	e.Redacted, e.Noted = r.section.Redacted, r.section.Noted
	if n.HasElapsed {
		e.Elapsed = n.Elapsed
	}
	r.reader.record(e)
}

// datagram handles a sentence of pgpi, or a part of one.
func (r *replay) datagram(at time.Time, n recording.Note, payload []byte) {
	if n.More || len(r.sentence) > 0 {
		r.sentence = append(r.sentence, payload...)
		payload = r.sentence
	}
	if n.More {
		return
	}
	e, err := recording.ParseSentence(payload)
	r.sentence = nil
	switch {
	case errors.Is(err, recording.ErrUnknownSentence):
		return
	case err != nil:
		r.reader.damage(err)
		return
	}
	tag := e.Conn
	c := r.connection(tag, at, n)
	_, one := e.Fact.(event.OneCommand)
	if n.Repeated && c.primed != r.file || one && r.reader.mixed {
		return
	}
	fact := r.known(e.Fact)
	e.Fact = fact
	r.record(c, &e, at, n)
	switch f := fact.(type) {
	case event.Damaged:
		r.reader.report.Damaged = true
		r.reader.options.Problem(errors.New(f.Why))
	case event.Continued:
		c.primed = cmp.Or(c.primed, r.file)
	case event.Opened:
		r.reader.report.Connections++
		if n.Repeated {
			r.record(c, &event.Event{Kind: event.Said, Fact: event.Continued{}}, at, recording.Note{})
		}
	case event.Missing:
		r.reader.report.Missing += f.Bytes
	case event.Encrypted:
		r.reader.report.Encrypted++
	case event.Ended:
		r.forget(tag, c)
	}
}

// known returns what is read of a fact. What follows from bytes is derived again, unless redaction
// has overwritten them. Connections get their present tags.
func (r *replay) known(f event.Fact) event.Fact {
	switch f := f.(type) {
	case event.CancelForwarded:
		f.Connection, f.SQL = r.tag(f.Connection), r.recordedSQL(f.SQL)
		return f
	case event.CancelFor:
		f.Connection, f.SQL = r.tag(f.Connection), r.recordedSQL(f.SQL)
		return f
	}
	return f
}

func (r *replay) tag(tag uint32) uint32 {
	if c := r.connections[tag]; c != nil {
		return c.id
	}
	return tag
}

// recordedSQL returns the SQL in a recorded fact, unless it can be derived again: redaction has not
// overwritten any bytes.
func (r *replay) recordedSQL(sql string) string {
	if r.section.Redacted {
		return sql
	}
	return ""
}

// forget drops a connection that has ended.
func (r *replay) forget(tag uint32, c *replayed) {
	for _, key := range c.keys {
		if v := r.conversations[key]; v != nil && v.connection == c {
			delete(r.conversations, key)
		}
	}
	delete(r.connections, tag)
}

// segment handles a packet of a conversation.
func (r *replay) segment(at time.Time, n recording.Note, f *frame) {
	key := keyOf(f.from, f.to)
	v := r.conversations[key]
	if f.flags&(flagSYN|flagACK) == flagSYN {
		c := r.connection(n.Connection, at, n)
		if v == nil || v.connection != c {
			c.keys = append(c.keys, key)
		}
		r.conversations[key] = &conversation{connection: c, client: f.from, next: [2]uint32{f.seq + 1, 0}}
		return
	}
	if v == nil {
		r.reader.flows.add(at, f) // someone has removed the beginning
		return
	}
	d := event.ServerToClient
	if f.from == v.client {
		d = event.ClientToServer
	}
	if f.flags&flagFIN != 0 && f.seq == v.next[d] {
		v.next[d]++ // as TCP counts it
	}
	switch {
	case f.flags&flagSYN != 0:
		v.next[d] = f.seq + 1
	case len(f.payload) > 0 || n.CutOff:
		r.data(at, n, f, v, d)
	case n.End:
		r.miss(at, v, event.ServerToClient-d, f.ack)
		r.record(v.connection, &event.Event{Kind: event.End, Direction: d, Broken: n.Broken}, at, n)
	}
}

// data handles a packet with bytes, or with a note that there were no more.
func (r *replay) data(at time.Time, n recording.Note, f *frame, v *conversation, sender event.Direction) {
	c, d := v.connection, sender
	if n.Scripted {
		d = n.Direction
	}
	if !n.Scripted { // a reply comes after its request
		r.miss(at, v, event.ServerToClient-sender, f.ack)
	}
	switch missing := f.seq - v.next[sender]; {
	case missing > maxTaken: // of a conversation between the same ends whose beginning is not there
		r.record(c, &event.Event{Kind: event.Said, Fact: event.Joined{}}, at, recording.Note{})
		r.reader.damage(fmt.Errorf("the beginning of a conversation of connection #%d was removed from the recording", c.id))
		v.next[event.ServerToClient-sender] = f.ack
	case missing > 0:
		r.sayMissing(at, c, d, missing)
	}
	v.next[sender] = f.seq + uint32(len(f.payload))
	b := f.payload
	for _, s := range recording.DecodeSpans(n.Redacted, len(b)) {
		v.addSpan(event.Span{Start: s.Start + len(v.write), End: s.End + len(v.write), Kind: s.Kind})
	}
	if n.More || len(v.write) > 0 {
		v.write = append(v.write, b...)
		b = v.write
	}
	if n.More {
		return
	}
	spans := v.spans
	v.write, v.spans = nil, nil
	if n.Repeated && c.primed != r.file {
		return
	}
	e := event.Event{
		Kind: event.Bytes, Direction: d, Data: b, Count: countMessages(b), Relayed: d <= event.ServerToClient, OneByOne: n.OneByOne, Left: n.Left,
		Waited: n.Waited, Held: n.Held, Stalled: n.Stalled, Opaque: n.Opaque, Cut: n.Cut, Foreign: n.Foreign, Repeated: n.Repeated || n.Again, Inside: n.Inside && (c.primed != 0 || n.Opaque),
		Spans: spans,
	}
	if n.Opaque {
		e.Kind = event.Undecoded
	}
	r.record(c, &e, at, n)
}

// maxTaken is how many bytes may have been removed from a conversation.
const maxTaken = 1 << 28

// miss records what is missing of a direction up to a sequence number: packets were removed from
// the recording.
func (r *replay) miss(at time.Time, v *conversation, d event.Direction, next uint32) {
	if after(next, v.next[d]) && next-v.next[d] <= maxTaken {
		r.sayMissing(at, v.connection, d, next-v.next[d])
		v.next[d] = next
	}
}

func (r *replay) sayMissing(at time.Time, c *replayed, d event.Direction, size uint32) {
	r.reader.report.Missing += int64(size)
	r.record(c, &event.Event{Kind: event.Said, Fact: event.Missing{Direction: d, Bytes: int64(size)}}, at, recording.Note{})
}

// addSpan adds a span of a write. A span that was cut by the end of a packet is joined again.
func (v *conversation) addSpan(s event.Span) {
	if n := len(v.spans); n > 0 && s.Start == len(v.write) && v.spans[n-1].End == s.Start && v.spans[n-1].Kind == s.Kind {
		v.spans[n-1].End = s.End
		return
	}
	v.spans = append(v.spans, s)
}

// countMessages estimates how many messages are in a write, from their lengths alone.
func countMessages(b []byte) (n int) {
	for len(b) > 0 {
		n++
		size := wire.Size(b)
		if size <= 0 || size > int64(len(b)) {
			break
		}
		b = b[size:]
	}
	return n
}

// close ends the connections whose end is not in the recording.
func (r *replay) close() {
	for tag, c := range r.connections {
		r.forget(tag, c)
	}
}
