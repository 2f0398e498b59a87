package session

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Limits on what is held of a message, in bytes.
const (
	// MaxHeld is the size up to which we wait for the whole message. A larger one is passed on in
	// pieces as it comes.
	MaxHeld = 65000
	// DefaultKept is how much of a larger message is kept for the log.
	DefaultKept = 1 << 20
	// minKept is enough to name any message.
	minKept = wire.HeaderSize + 4
)

// Tracker is the memory of a connection.
type Tracker struct {
	// Kept is how many bytes of a message larger than MaxHeld are kept. At least the first 9 are
	// always kept, which name it.
	Kept int
	// Blanked is set if redaction has blanked such messages, except for their headers.
	Blanked bool
	// CountRows makes one message of a run of rows (see [event.Message.More]). Then the contents of
	// CopyData are not identified.
	CountRows bool

	budget   *Budget
	framer   Framer
	messages []event.Message // in the current bytes
	mistakes []string        // likewise
	bigs     [4]*bigMessage  // by stream, while they pass
	memory   memory
	copying  copying
}

// New returns the memory of a connection that has just been opened. What it keeps counts towards
// budget.
func New(budget *Budget) *Tracker {
	return &Tracker{Kept: DefaultKept, budget: budget, memory: memory{names: names{budget: budget}}, copying: copying{budget: budget}}
}

// Close releases what the connection kept. The tracker must not be used any more.
func (t *Tracker) Close() {
	for i := range t.bigs {
		t.drop(i)
	}
	t.memory.names.forget()
	t.copying.endServer()
}

// Piece is what a run of bytes is, and what it says. Its slices are valid until the next call.
type Piece struct {
	Frame

	// Messages are those that end here.
	Messages []event.Message
	// Mistakes are descriptions of what the server has sent that nobody asked for.
	Mistakes []string
}

// Scan says what the bytes that one party sent are, like [Framer.Scan], and which messages end in
// them.
func (t *Tracker) Scan(d event.Direction, pending []byte) Piece { return t.scan(d, pending, false) }

// ScanFrame is Scan for bytes that a [Framer] has found to be one frame, so that only their meaning
// is left to find. The messages replace what is in the caller's slice.
func (t *Tracker) ScanFrame(d event.Direction, b []byte, messages []event.Message) Piece {
	t.messages = messages
	p := t.scan(d, b, true)
	t.messages = nil
	return p
}

func (t *Tracker) scan(d event.Direction, pending []byte, framed bool) Piece {
	t.messages, t.mistakes = t.messages[:0], t.mistakes[:0]
	frame := t.framer.scan(d, pending, t, framed)
	if frame.Lost != nil {
		t.Unsee()
	}
	switch frame.Kind {
	case event.Fragment:
		t.keep(d, frame, pending[:frame.Size])
	case event.Traffic:
		if t.CountRows {
			tile(t.messages, pending)
		}
	default:
	}
	return Piece{frame, t.messages, t.mistakes}
}

// End says what is left when a direction has ended, like [Framer.End].
func (t *Tracker) End(d event.Direction, pending []byte) (p Piece, want int64) {
	t.messages = t.messages[:0]
	beginning := t.beginning(d, pending)
	frame, want := t.framer.End(d, pending)
	if frame.Total > 0 && frame.Kind != event.Undecoded {
		t.add(d, beginning, frame.Total)
	}
	t.drop(place(d))
	return Piece{frame, t.messages, nil}, want
}

// Cut says what is left when the rest of a message was not seen, like [Framer.Cut].
func (t *Tracker) Cut(d event.Direction, pending []byte) (p Piece, want int64) {
	t.messages, t.mistakes = t.messages[:0], t.mistakes[:0]
	beginning := t.beginning(d, pending)
	frame, want := t.framer.cut(d, pending)
	if d == event.ClientToServer && t.copying.client != nil {
		t.copying.client.following = false // it is not known where the rest leads
	}
	if want > 0 {
		t.message(d, beginning, want)
	}
	t.drop(place(d))
	return Piece{frame, t.messages, t.mistakes}, want
}

// keep takes the next bytes of a message too large to wait for.
func (t *Tracker) keep(d event.Direction, frame Frame, b []byte) {
	if frame.Offset == 0 {
		t.bigs[place(d)] = &bigMessage{}
	}
	big := t.bigs[place(d)]
	most := max(t.Kept, minKept)
	if t.Blanked {
		most = wire.HeaderSize
	}
	big.keep(b, most, t.budget)
	if d == event.ClientToServer && big.kept[0] == 'd' && !t.Blanked && !t.CountRows {
		first, body := frame.Offset == 0, b
		if first {
			body = body[wire.HeaderSize:]
		}
		t.copying.follow(first, body)
	}
	big.seen += int64(len(b))
	if frame.Total > 0 {
		kept := big.kept
		t.drop(place(d)) // the prefix belongs to the event now
		t.message(d, kept, frame.Total)
	}
}

// message adds a message to the piece, and remembers what it changes.
func (t *Tracker) message(d event.Direction, b []byte, size int64) {
	if t.CountRows && t.count(d, b[0], size) {
		return
	}
	last := t.add(d, b, size)
	m := &last.Message
	var belongs belonging
	switch d {
	case event.ClientToServer:
		belongs = t.memory.client(m)
	case event.ServerToClient:
		belongs = t.memory.server(m, t.framer.client.ready)
	default: // what the script says or hears is of one leg only
	}
	last.Exchange, last.Done, last.About = belongs.exchange, t.memory.over, belongs.about
	last.Skipped, last.AtSync = belongs.skipped, belongs.atSync
	if belongs.mistake != "" {
		t.mistakes = append(t.mistakes, belongs.mistake)
	}
	t.framer.observe(d, m)
	if belongs.context != nil {
		last.Context = belongs.context
	}
	last.Settings = t.memory.settings
	if !t.CountRows {
		t.copying.observe(d.Sender(), last, &t.memory)
	}
}

// count adds a row to the last message, if that is a row too and this one changes nothing else. It
// reports whether it did.
func (t *Tracker) count(d event.Direction, code byte, size int64) bool {
	if len(t.messages) == 0 || d > event.ServerToClient {
		return false
	}
	last := &t.messages[len(t.messages)-1]
	isRow := last.Type == wire.CopyData || last.Type == wire.DataRow
	if !isRow || code != last.Type.Code() || d == event.ServerToClient && !t.memory.requests.fits(last.Type) {
		return false
	}
	last.More++
	last.Size += size
	return true
}

// tile sets the bytes of consecutive messages by their sizes.
func tile(messages []event.Message, b []byte) {
	for i := range messages {
		m := &messages[i]
		m.Bytes, b = b[:m.Size:m.Size], b[m.Size:]
	}
}

// add names a message and adds it to the piece.
func (t *Tracker) add(d event.Direction, b []byte, size int64) *event.Message {
	t.messages = append(t.messages, event.Message{})
	last := &t.messages[len(t.messages)-1]
	last.Bytes, last.Size = b, size
	last.Type = t.framer.name(d, b)
	last.State.Mechanism = t.framer.legOf(d).mechanism
	switch last.Type {
	case wire.CopyData:
		if !t.CountRows {
			t.copying.identify(d.Sender(), last)
		}
	case wire.SASLInitialResponse:
		last.State.BindingOffered = t.framer.legOf(d).offersBinding
	case wire.BackendKeyData:
		last.State.Protocol = t.framer.legOf(d).protocol
	}
	return last
}

// NewServer forgets what was said to a server that another one replaces.
func (t *Tracker) NewServer() {
	t.framer.NewServer()
	t.drop(1)
	t.drop(3)
}

// Running returns the SQL that the server is working on, or "" if it is not known.
func (t *Tracker) Running() string {
	if r := t.memory.requests.current(); r != nil {
		if c := r.context(); c != nil {
			return c.SQL
		}
	}
	return ""
}
