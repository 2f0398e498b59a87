package capture

import (
	"errors"
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/recording"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// replay makes the events of a recording again. Its packets are in order, and say what
// does not follow from their bytes.
type replay struct {
	reader        *Reader
	redacted      bool
	file          int // of the recording
	zone          *time.Location
	connections   map[uint32]*replayed
	conversations map[flowKey]*conversation
	sentence      []byte // the beginning of one that has several datagrams
}

// replayed is a connection of a recording.
type replayed struct {
	id      uint32 // its tag now
	opened  time.Time
	tracker *session.Tracker
	blind   bool // decoding had failed
	edited  bool // packets were taken out of the recording
	// redacted says that secrets were blanked, and large messages altogether.
	redacted bool
	// primed is the file that repeated what is known of it, because the recording was
	// not read from its beginning.
	primed int
	// inside says, by sender, that a message is under way whose beginning was read.
	inside [2]bool
	keys   []flowKey
}

// conversation is a TCP conversation of a recording.
type conversation struct {
	connection *replayed
	client     end
	next       [2]uint32 // by event.ClientToServer and event.ServerToClient
	write      []byte    // the beginning of one that has several packets
}

func newReplay(r *Reader, redacted bool) *replay {
	return &replay{
		reader: r, redacted: redacted, zone: time.UTC,
		connections: map[uint32]*replayed{}, conversations: map[flowKey]*conversation{},
	}
}

// begin reports whether another file of the recording begins. Where one is missing
// between two, nothing that is remembered is true any more.
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

// packet takes the next packet.
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

// connection finds a connection by the tag that it had.
func (r *replay) connection(tag uint32, at time.Time, n recording.Note) *replayed {
	c := r.connections[tag]
	if c == nil {
		c = &replayed{id: tag, opened: at.Add(-n.Elapsed), tracker: session.New(r.reader.options.Budget), redacted: r.redacted}
		if r.reader.mixed && tag != 0 {
			r.reader.tags++
			c.id = r.reader.tags
		}
		if n.Repeated {
			c.primed = r.file
		}
		r.connections[tag] = c
	}
	return c
}

// stamp gives an event its times.
func (c *replayed) stamp(e *event.Event, at time.Time, n recording.Note) {
	e.At, e.Elapsed, e.Conn = at, at.Sub(c.opened), c.id
	if n.HasElapsed {
		e.Elapsed = n.Elapsed
	}
}

// datagram is a sentence of pgpi, or a part of one.
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
	if n.Repeated && c.primed != r.file {
		return
	}
	c.stamp(&e, at, n)
	r.reader.record(&e)
	switch e.Status {
	case event.Opened:
		r.reader.report.Connections++
		if n.Repeated {
			c.say(r.reader, at, event.Continued)
		}
	case event.Connected:
		c.tracker.NewServer()
	case event.ObserverFailed:
		c.blind = true
	case event.Ended:
		r.forget(tag, c)
	}
}

// forget drops a connection that has ended.
func (r *replay) forget(tag uint32, c *replayed) {
	c.tracker.Close()
	for _, key := range c.keys {
		if v := r.conversations[key]; v != nil && v.connection == c {
			delete(r.conversations, key)
		}
	}
	delete(r.connections, tag)
}

// segment is a packet of a conversation.
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
		r.reader.flows.add(at, f) // somebody has taken the beginning away
		return
	}
	d := event.ServerToClient
	if f.from == v.client {
		d = event.ClientToServer
	}
	switch {
	case f.flags&flagSYN != 0:
		v.next[d] = f.seq + 1
	case len(f.payload) > 0 || n.CutOff:
		r.data(at, n, f, v, d)
	}
}

// data is a packet with bytes, or with a note that there were no more.
func (r *replay) data(at time.Time, n recording.Note, f *frame, v *conversation, sender event.Direction) {
	d := sender
	if n.Scripted {
		d = n.Direction
	}
	if missing := f.seq - v.next[sender]; missing > 0 {
		v.connection.gap(r.reader, at, d, int64(missing))
	}
	v.next[sender] = f.seq + uint32(len(f.payload))
	b := f.payload
	if n.More || len(v.write) > 0 {
		v.write = append(v.write, b...)
		b = v.write
	}
	if n.More {
		return
	}
	v.write = nil
	switch c := v.connection; {
	case n.Repeated && c.primed == r.file:
		c.tracker.Scan(d, b)
	case !n.Repeated:
		c.observe(r.reader, at, n, d, b)
	}
}

// observe makes an event of a write as it was: what is no whole message was the end
// of a stream.
func (c *replayed) observe(r *Reader, at time.Time, n recording.Note, d event.Direction, b []byte) {
	for first := true; first || len(b) > 0; first = false {
		piece := session.Piece{Frame: session.Frame{Kind: event.Undecoded, Size: len(b)}}
		if !c.blind && !n.Overwritten && !c.skips(n, d) {
			piece = c.tracker.Scan(d, b)
			if piece.Size == 0 {
				piece, _ = c.tracker.End(d, b)
			}
		}
		c.inside[d.Sender()] = piece.Kind == event.Fragment && len(piece.Messages) == 0
		e := event.Event{
			Kind: piece.Kind, Direction: d, Data: b[:piece.Size], Messages: piece.Messages, Total: piece.Total,
			Relayed: d <= event.ServerToClient, OneByOne: n.OneByOne, Left: n.Left, Offset: piece.Offset,
		}
		if c.redacted && piece.Kind == event.Fragment {
			for i := range e.Messages {
				m := &e.Messages[i]
				m.Bytes = m.Bytes[:min(len(m.Bytes), wire.HeaderSize)] // the rest was blanked
			}
		}
		c.stamp(&e, at, n)
		r.record(&e)
		if piece.Lost != nil && c.edited {
			c.say(r, at, event.OutOfSync, d.String(), fmt.Sprint(piece.Lost.Offset), piece.Lost.Why)
		}
		b = b[piece.Size:]
		if piece.Size == 0 {
			return
		}
	}
}

// skips reports whether bytes belong to a message whose beginning was in a file that was
// not read.
func (c *replayed) skips(n recording.Note, d event.Direction) bool {
	return n.Inside && c.primed != 0 && !c.inside[d.Sender()]
}

// gap says that packets were taken out of a recording.
func (c *replayed) gap(r *Reader, at time.Time, d event.Direction, size int64) {
	c.edited = true
	r.report.Missing += size
	c.tracker.Gap(d, size)
	c.say(r, at, event.Missing, d.String(), fmt.Sprint(size))
}

// say records a sentence that is not in the recording.
func (c *replayed) say(r *Reader, at time.Time, s event.Status, args ...string) {
	e := event.Event{Kind: event.Said, Status: s, Args: args}
	c.stamp(&e, at, recording.Note{})
	r.record(&e)
}

// close ends the connections that the recording does not see the end of.
func (r *replay) close() {
	for tag, c := range r.connections {
		r.forget(tag, c)
	}
}
