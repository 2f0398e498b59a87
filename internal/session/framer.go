package session

import (
	"pgpi/internal/event"
	"pgpi/internal/peer"
	"pgpi/internal/wire"
)

// Framer finds the messages in what two parties say to each other: where each begins and ends. That
// is all that a relay must know before it passes bytes on. It touches few of them: once the login
// is over, five bytes per message. A [Tracker] contains a Framer, and finds the same pieces in the
// same bytes.
type Framer struct {
	client, server leg
	streams        [4]stream
}

// Frame is what a run of bytes is.
type Frame struct {
	// Kind is Traffic, Fragment or Undecoded.
	Kind event.Kind
	// Size is how many of the pending bytes belong to the frame; 0 means that more are needed.
	Size int
	// Total is the size of the messages that end here, or 0 if none does. Count is their number.
	Total int64
	Count int
	// Offset is how many bytes of its message came before a Fragment.
	Offset int64
	// Last is the first byte of the last message of Traffic. That is its type, except for packets
	// that have none.
	Last byte
	// Lost is set once, in the frame that puts the direction out of sync.
	Lost *Loss
}

// Loss is where and why a direction went out of sync.
type Loss struct {
	// Offset counts the bytes of the stream before it.
	Offset int64
	Why    string
}

// stream is what one party has sent so far.
type stream struct {
	offset int64 // of the next byte
	lost   bool
	// size, seen and head belong to a message too large to wait for, while it passes: its size, how
	// much of it has passed, and its beginning.
	size, seen int64
	head       []byte
}

// headSize is how many bytes of a message are enough to name it, and to learn whatever else its
// name can depend on.
const headSize = 64

// listener is called with each message, in order, except those too large to wait for.
type listener interface {
	message(d event.Direction, b []byte, size int64)
}

// place returns where a direction's framing state is. It belongs to the sender, whoever receives.
func place(d event.Direction) int {
	switch d {
	case event.ClientToServer, event.ClientToScript:
		return 0
	case event.ServerToClient, event.ServerToScript:
		return 1
	case event.ScriptToClient:
		return 2
	}
	return 3
}

// Scan says what the bytes that one party sent are. pending begins after the last frame, and may be
// cut anywhere. The caller passes the bytes of the frame on, and calls again with the rest as long
// as frames have a size.
func (f *Framer) Scan(d event.Direction, pending []byte) Frame {
	return f.scanWith(d, pending, f, false)
}

// scanWith is scan for callers that keep no messages. The framer itself keeps the beginning of a
// message too large to hold, to name it.
func (f *Framer) scanWith(d event.Direction, pending []byte, l listener, framed bool) Frame {
	frame := f.scan(d, pending, l, framed)
	if frame.Kind == event.Fragment {
		s := &f.streams[place(d)]
		s.head = append(s.head, pending[:min(frame.Size, headSize-len(s.head))]...)
		if frame.Total > 0 {
			l.message(d, s.head, frame.Total)
			s.head = nil
		}
	}
	return frame
}

// End says what is left when a direction has ended: a message that was cut off, with the size that
// it should have had, or an empty frame. pending is what was in no frame. Half a message does not
// change what is remembered.
func (f *Framer) End(d event.Direction, pending []byte) (frame Frame, want int64) {
	s := &f.streams[place(d)]
	if s.lost {
		return f.scan(d, pending, f, false), 0
	}
	if s.size > 0 {
		frame = Frame{Kind: event.Fragment, Total: s.seen, Count: 1, Offset: s.seen}
		want, s.size = s.size, 0
		return frame, want
	}
	if len(pending) == 0 {
		return Frame{}, 0
	}
	want, _ = f.frame(d, pending, false)
	s.offset += int64(len(pending))
	return Frame{Kind: event.Traffic, Size: len(pending), Total: int64(len(pending)), Count: 1}, want
}

// Cut is End for a message whose rest was sent, but not seen. What the message says, as far as it
// is there, is remembered. The next message begins after it, or after a [Framer.Gap]. If there is
// too little to know the message's size, nothing can be said about it: it is Undecoded.
func (f *Framer) Cut(d event.Direction, pending []byte) (frame Frame, want int64) {
	return f.cutWith(d, pending, f)
}

func (f *Framer) cutWith(d event.Direction, pending []byte, l listener) (frame Frame, want int64) {
	s := &f.streams[place(d)]
	beginning := pending
	if s.size > 0 {
		beginning = s.head
	}
	if frame, want = f.cut(d, pending); want > 0 {
		l.message(d, beginning, want)
	}
	s.head = nil
	return frame, want
}

func (f *Framer) cut(d event.Direction, pending []byte) (frame Frame, want int64) {
	frame, want = f.End(d, pending)
	if want <= 0 && frame.Size > 0 {
		frame = Frame{Kind: event.Undecoded, Size: frame.Size}
	}
	return frame, max(0, want)
}

// Skip notes that bytes of a direction have passed without being framed, and that a message begins
// after them.
func (f *Framer) Skip(d event.Direction, size int64) { f.streams[place(d)].offset += size }

// ScanFrame is Scan for bytes that are a frame, as Next found when more of them were there.
func (f *Framer) ScanFrame(d event.Direction, b []byte) Frame { return f.scan(d, b, f, true) }

// Next returns the size of the message at the start of pending: 0 if more bytes are needed to tell,
// negative if no message starts there. It changes nothing.
func (f *Framer) Next(d event.Direction, pending []byte) int64 {
	if len(pending) == 0 {
		return 0
	}
	size, why := f.frame(d, pending, false)
	if why != "" {
		return -1
	}
	return size
}

// NewServer forgets what was said to a server that another one replaces.
func (f *Framer) NewServer() {
	f.server = leg{}
	f.streams[1], f.streams[3] = stream{}, stream{}
}

// scan finds the next frame. framed is set if pending is one, as was found when more bytes were
// there.
func (f *Framer) scan(d event.Direction, pending []byte, l listener, framed bool) Frame {
	s := &f.streams[place(d)]
	switch {
	case len(pending) == 0:
		return Frame{}
	case s.lost:
		s.offset += int64(len(pending))
		return Frame{Kind: event.Undecoded, Size: len(pending)}
	case s.size > 0:
		return s.pass(pending)
	}
	used, count, last := 0, 0, byte(0)
	for used < len(pending) {
		rest := pending[used:]
		if used == 0 && s.offset == 0 && f.mayBeMySQL(d, rest) {
			return f.awaitMySQL(s, pending)
		}
		size, why := f.frame(d, rest, framed)
		if why != "" && used == 0 {
			return s.lose(pending, why)
		}
		if size > MaxHeld && used == 0 {
			s.size, s.seen = size, 0
			return s.pass(pending)
		}
		if why != "" || size == 0 || size > MaxHeld || size > int64(len(rest)) {
			break // the complete ones first
		}
		l.message(d, rest[:size:size], size)
		last = rest[0]
		count++
		used += int(size)
	}
	s.offset += int64(used)
	return Frame{Kind: event.Traffic, Size: used, Total: int64(used), Count: count, Last: last}
}

// mayBeMySQL reports whether the first bytes of a server, as far as they are there, can be MySQL's.
// They look like the header of a message, and no other protocol's do.
func (f *Framer) mayBeMySQL(d event.Direction, b []byte) bool {
	l := f.legOf(d)
	return d.Sender() == wire.Server && !l.ready && !l.replyDue() && len(b) > wire.HeaderSize && peer.MayBeMySQL(b)
}

// awaitMySQL puts the stream out of sync as soon as enough bytes are there.
func (f *Framer) awaitMySQL(s *stream, pending []byte) Frame {
	if len(pending) < peer.EnoughForMySQL {
		return Frame{}
	}
	return s.lose(pending, peer.MySQL.Words())
}

// lose puts the stream out of sync.
func (s *stream) lose(pending []byte, why string) Frame {
	s.lost = true
	loss := &Loss{s.offset, why}
	s.offset += int64(len(pending))
	return Frame{Kind: event.Undecoded, Size: len(pending), Lost: loss}
}

// pass takes the next bytes of a message too large to wait for.
func (s *stream) pass(pending []byte) Frame {
	size := min(int64(len(pending)), s.size-s.seen)
	frame := Frame{Kind: event.Fragment, Size: int(size), Offset: s.seen}
	s.seen += size
	s.offset += size
	if s.seen == s.size {
		frame.Total, frame.Count, s.size = s.seen, 1, 0
	}
	return frame
}

// frame finds the size of the message at the start of rest: 0 if more bytes are needed, or a reason
// why no message starts there.
func (f *Framer) frame(d event.Direction, rest []byte, framed bool) (size int64, why string) {
	l, sender := f.legOf(d), d.Sender()
	if sender == wire.Client && l.mayStart(rest) || sender == wire.Server && l.replyDue() && rest[0] != 'E' {
		return l.frameUntyped(sender, rest)
	}
	if sender == wire.Server && l.unseen && framed && len(rest) == 1 && isReply(rest[0]) {
		return 1, "" // no other message is as short
	}
	if sender == wire.Server && l.mayReply() && f.streams[place(d)].offset == 0 && isReply(rest[0]) {
		switch { // which may be that to a request that was not seen, and only a notice could come in its place
		case len(rest) == 1 && rest[0] == 'N':
			return 0, ""
		case len(rest) == 1 || rest[0] != 'N' || rest[1] != 0:
			return 1, ""
		}
	}
	if sender == wire.Server && !l.authenticated && rest[0] == 'E' && (len(rest) >= wire.HeaderSize || framed) {
		if old := oldErrorSize(rest); old != 0 {
			return max(old, 0), ""
		}
	}
	if !wire.PlausibleType(rest[0]) {
		return 0, "no message begins with this byte"
	}
	size = wire.Size(rest)
	if size < 0 {
		return 0, "impossible message length"
	}
	return size, ""
}

func (f *Framer) message(d event.Direction, b []byte, size int64) {
	if !f.settled() {
		f.remember(d, b, size)
	}
}

// settled reports whether nothing that is said can change any more how messages are framed.
func (f *Framer) settled() bool { return f.client.settled() && f.server.settled() }

// remember names a message, and remembers what it says about the next.
func (f *Framer) remember(d event.Direction, b []byte, size int64) wire.Type {
	t := f.name(d, b)
	f.observe(d, &wire.Message{Type: t, Bytes: b, Size: size})
	return t
}

// name names a message.
func (f *Framer) name(d event.Direction, b []byte) wire.Type {
	return f.legOf(d).identify(d.Sender(), b)
}

// observe remembers what a message changes, on the leg that it was sent on, and on the leg that it
// goes to.
func (f *Framer) observe(d event.Direction, m *wire.Message) {
	switch d {
	case event.ClientToServer:
		f.server.observe(m)
	case event.ServerToClient:
		f.client.observe(m)
	default: // what the script says or hears is of one leg only
	}
	f.legOf(d).observe(m)
}

// legOf returns the leg whose dialogue gives a message its name: that of the party that is not
// pgpi.
func (f *Framer) legOf(d event.Direction) *leg {
	switch d {
	case event.ClientToServer, event.ClientToScript, event.ScriptToClient:
		return &f.client
	}
	return &f.server
}
