package session

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Limits of what is held of a message, in bytes.
const (
	// MaxHeld is the size up to which a message is waited for as a whole. A larger
	// one is passed on in pieces as it comes.
	MaxHeld = 65000
	// DefaultKept is how much of a larger message is kept for the log.
	DefaultKept = 1 << 20
	// minKept is enough to name any message.
	minKept = wire.HeaderSize + 4
)

// Tracker is the memory of one connection.
type Tracker struct {
	// Kept is how many bytes of a message larger than MaxHeld are kept. Of none are
	// less than the first 9 kept, which name it.
	Kept int

	budget         *Budget
	client, server leg
	streams        [4]stream
	memory         memory
	copying        copying
}

// New makes the memory of a connection that has just been opened. What it keeps
// counts towards budget.
func New(budget *Budget) *Tracker {
	return &Tracker{Kept: DefaultKept, budget: budget, memory: memory{names: names{budget: budget}}, copying: copying{budget: budget}}
}

// Close gives back what the connection kept. The tracker is not used any more.
func (t *Tracker) Close() {
	for i := range t.streams {
		if b := t.streams[i].big; b != nil {
			t.budget.release(b.reserved)
		}
		t.streams[i] = stream{}
	}
	t.memory.names.forget()
	t.copying.endServer()
}

// Piece is what a run of bytes is. Its slices are valid until the next call for
// the same direction.
type Piece struct {
	// Kind is Traffic, Fragment or Undecoded.
	Kind event.Kind
	// Size is how many of the pending bytes the piece is; 0 means that more are
	// needed.
	Size int
	// Messages are those that end here.
	Messages []event.Message
	// Total is the size of the messages that end here, or 0 where none does.
	Total int64
	// Offset is how many bytes of its message came before a Fragment.
	Offset int64
	// Lost is set once, by the piece that puts the direction out of sync.
	Lost *Loss
}

// Loss says where and why a direction went out of sync.
type Loss struct {
	// Offset counts the bytes of the stream before it.
	Offset int64
	Why    string
}

// stream is the framing state of what one party sends.
type stream struct {
	offset   int64 // of the next byte
	messages []event.Message
	big      *bigMessage
	lost     bool
	unknowns int // unknown messages in a row
}

// bigMessage is a message too large to wait for.
type bigMessage struct {
	size, seen int64
	kept       []byte
	reserved   int // of the budget
}

// keepStep is how much of the budget a large message takes at a time, in bytes.
const keepStep = 64 << 10

// keep adds to the prefix, up to max bytes and as far as the budget allows. Once
// something was left out nothing more is kept: a prefix has no holes.
func (b *bigMessage) keep(data []byte, most int, budget *Budget) {
	data = data[:max(0, min(len(data), most-len(b.kept)))]
	for len(b.kept)+len(data) > b.reserved+minKept {
		if int64(len(b.kept)) < b.seen || !budget.reserve(keepStep) {
			data = data[:max(0, min(len(data), b.reserved+minKept-len(b.kept)))]
			break
		}
		b.reserved += keepStep
	}
	if int64(len(b.kept)) == b.seen {
		b.kept = append(b.kept, data...)
	}
}

// stream finds the framing state of a direction: it belongs to the sender, whoever
// it is that receives.
func (t *Tracker) stream(d event.Direction) *stream {
	switch d {
	case event.ClientToServer, event.ClientToScript:
		return &t.streams[0]
	case event.ServerToClient, event.ServerToScript:
		return &t.streams[1]
	case event.ScriptToClient:
		return &t.streams[2]
	}
	return &t.streams[3]
}

// Scan says what the bytes that one party sent are, from the first that no earlier
// piece had. Pending may be cut anywhere. The caller passes the bytes of the piece
// on, and calls again with the rest, for as long as a piece has a size.
func (t *Tracker) Scan(d event.Direction, pending []byte) Piece {
	s := t.stream(d)
	if len(pending) == 0 {
		return Piece{}
	}
	if s.lost {
		s.offset += int64(len(pending))
		return Piece{Kind: event.Undecoded, Size: len(pending)}
	}
	if s.big != nil {
		return t.scanBig(d, s, pending)
	}
	return t.scanMessages(d, s, pending)
}

// scanMessages takes the complete messages at hand.
func (t *Tracker) scanMessages(d event.Direction, s *stream, pending []byte) Piece {
	s.messages = s.messages[:0]
	used := 0
	for used < len(pending) {
		rest := pending[used:]
		size, why := t.frame(d, s, rest)
		if why != "" {
			if used > 0 {
				break // the complete ones first
			}
			s.lost = true
			loss := &Loss{s.offset, why}
			s.offset += int64(len(pending))
			return Piece{Kind: event.Undecoded, Size: len(pending), Lost: loss}
		}
		if size > MaxHeld && used == 0 {
			s.big = &bigMessage{size: size}
			return t.scanBig(d, s, pending)
		}
		if size == 0 || size > MaxHeld || size > int64(len(rest)) {
			break
		}
		t.complete(d, s, rest[:size:size], size)
		used += int(size)
	}
	s.offset += int64(used)
	return Piece{Kind: event.Traffic, Size: used, Messages: s.messages, Total: int64(used)}
}

// scanBig takes the next bytes of a message too large to wait for.
func (t *Tracker) scanBig(d event.Direction, s *stream, pending []byte) Piece {
	b := s.big
	size := int(min(int64(len(pending)), b.size-b.seen))
	b.keep(pending[:size], max(t.Kept, minKept), t.budget)
	if d == event.ClientToServer && b.kept[0] == 'd' {
		first := b.seen == 0
		body := pending[:size]
		if first {
			body = body[wire.HeaderSize:]
		}
		t.copying.follow(first, body)
	}
	b.seen += int64(size)
	s.offset += int64(size)
	if b.seen < b.size {
		return Piece{Kind: event.Fragment, Size: size, Offset: b.seen - int64(size)}
	}
	s.big = nil
	t.budget.release(b.reserved) // the prefix belongs to the event now
	s.messages = s.messages[:0]
	t.complete(d, s, b.kept, b.size)
	return Piece{Kind: event.Fragment, Size: size, Messages: s.messages, Total: b.size, Offset: b.seen - int64(size)}
}

// End says what is left when a direction has ended: a message that was cut off,
// with the size it should have had, or an empty piece. Pending is what no piece
// had. Half a message changes nothing of what is remembered.
func (t *Tracker) End(d event.Direction, pending []byte) (p Piece, want int64) {
	s := t.stream(d)
	if s.lost {
		return t.Scan(d, pending), 0
	}
	if b := s.big; b != nil {
		s.big = nil
		t.budget.release(b.reserved)
		s.messages = s.messages[:0]
		t.add(d, s, b.kept, b.seen)
		return Piece{Kind: event.Fragment, Messages: s.messages, Total: b.seen, Offset: b.seen}, b.size
	}
	if len(pending) == 0 {
		return Piece{}, 0
	}
	want, _ = t.frame(d, s, pending)
	s.messages = s.messages[:0]
	s.offset += int64(len(pending))
	t.add(d, s, pending, int64(len(pending)))
	return Piece{Kind: event.Traffic, Size: len(pending), Messages: s.messages, Total: int64(len(pending))}, want
}

// frame finds the size of the message that begins rest: 0 while that can't be
// told, or a reason why it can't be a message.
func (t *Tracker) frame(d event.Direction, s *stream, rest []byte) (size int64, why string) {
	l := t.legOf(d)
	if d.Sender() == wire.Client && !l.started || d.Sender() == wire.Server && l.replyDue() && rest[0] != 'E' {
		return l.frameUntyped(d.Sender(), rest)
	}
	if d.Sender() == wire.Server && !l.authenticated && rest[0] == 'E' && len(rest) >= wire.HeaderSize {
		if old := oldErrorSize(rest); old != 0 {
			return max(old, 0), ""
		}
	}
	if !wire.PlausibleType(rest[0]) {
		return 0, "no message begins with this byte"
	}
	if s.unknowns > 0 && wire.Identify(d.Sender(), rest) == wire.UnknownMessage {
		return 0, "second unknown message in a row"
	}
	size = wire.Size(rest)
	if size < 0 {
		return 0, "impossible message length"
	}
	return size, ""
}

// complete adds a message to the piece and remembers what it changes.
func (t *Tracker) complete(d event.Direction, s *stream, b []byte, size int64) {
	last := t.add(d, s, b, size)
	m := &last.Message
	var c *event.Context
	switch d {
	case event.ClientToServer:
		c = t.memory.client(m)
		last.Exchange = t.memory.asked
		t.server.observe(m)
	case event.ServerToClient:
		c = t.memory.server(m, t.client.ready)
		last.Exchange = t.memory.answered
		t.client.observe(m)
	default: // what the script says or hears is of one leg only
	}
	t.legOf(d).observe(m)
	if c != nil {
		last.Context = c
	}
	last.Settings = t.memory.settings
	t.copying.observe(d.Sender(), last, &t.memory)
}

// add names a message and adds it to the piece.
func (t *Tracker) add(d event.Direction, s *stream, b []byte, size int64) *event.Message {
	l := t.legOf(d)
	s.messages = append(s.messages, event.Message{})
	last := &s.messages[len(s.messages)-1]
	last.Bytes, last.Size = b, size
	last.Type = l.identify(d.Sender(), b)
	last.State.Mechanism = l.mechanism
	if last.Type == wire.UnknownMessage {
		s.unknowns++
	} else {
		s.unknowns = 0
	}
	if last.Type == wire.CopyData {
		last.Message, last.Context = t.copying.identify(d.Sender(), last.Message)
	}
	return last
}

// legOf is the leg whose dialogue gives a message its name: that of the party
// which is not pgpi.
func (t *Tracker) legOf(d event.Direction) *leg {
	switch d {
	case event.ClientToServer, event.ClientToScript, event.ScriptToClient:
		return &t.client
	}
	return &t.server
}

// Ready reports whether the server has sent its first ReadyForQuery to the client.
func (t *Tracker) Ready() bool { return t.client.ready }

// Authenticated reports whether AuthenticationOk has passed on the leg that a
// direction names.
func (t *Tracker) Authenticated(d event.Direction) bool { return t.legOf(d).authenticated }

// NewServer forgets what was said to a server that another one takes the place of.
func (t *Tracker) NewServer() {
	t.server = leg{}
	t.streams[1], t.streams[3] = stream{}, stream{}
}
