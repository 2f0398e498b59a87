// Package decode finds out what recorded bytes mean. It is the first stage after the bus.
//
// It guarantees:
//
//   - Live traffic, captures and recordings are decoded by the same code.
//   - It decodes only from what is in the stream of events: bytes, and the facts that change how
//     bytes are read (a server was reached, bytes are missing, a direction or a connection has
//     ended).
//   - What follows from bytes is derived here, once: messages with their context, where a direction
//     goes out of sync, what was cut off or not decoded, the SQL that a cancel request ends, and
//     who is connected.
//
// Less formally: whatever recorded the bytes, the same bytes mean the same.
//
// It must not know where events come from, or what becomes of them. It does no I/O, and reads no
// clock.
//
// Start reading at [Stage.Take]. Package session has the memory of a connection.
package decode

import (
	"cmp"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// Stage decodes the events of all connections. It is for one goroutine.
type Stage struct {
	// CountRows makes one message from a run of rows, on all connections (see
	// [event.Message.More]).
	CountRows bool

	budget      *session.Budget
	connections map[uint32]*connection
	// messages has room for the messages of an event. All connections share it, because idle ones
	// should hold little.
	messages []event.Message
	seen     Seen
}

// Seen is how much a stage has decoded.
type Seen struct {
	Messages  int64
	Undecoded int64 // bytes
}

// Seen returns what was seen so far. It is for the end: no event may be under way.
func (s *Stage) Seen() Seen { return s.seen }

// New returns a stage. What it keeps for all connections counts towards budget.
func New(budget *session.Budget) *Stage {
	return &Stage{budget: budget, connections: map[uint32]*connection{}}
}

// track returns a connection about which nothing is known yet.
func (s *Stage) track() connection {
	tracker := session.New(s.budget)
	tracker.CountRows = s.CountRows
	return connection{tracker: tracker, seen: &s.seen}
}

// connection is what is known about a connection.
type connection struct {
	tracker  *session.Tracker
	seen     *Seen // of all connections
	identity *event.Identity
	blind    bool // decoding has failed
	// primed is set if it began in a file of the recording that was not read. What the current file
	// repeats is read first.
	primed bool
	// encrypted is set if not all bytes are in the stream of events.
	encrypted bool
	// greased is set while the server owes an answer to a client that checks whether it negotiates.
	greased bool
	// first is what the two parties said first, by wire.Client and wire.Server.
	first [2][]byte
	// directions are the relayed ones, by event.ClientToServer and event.ServerToClient.
	directions [2]direction
}

// direction is one way through pgpi.
type direction struct {
	undecoded int64 // relayed bytes that were not understood
	// cut is the size of the last message if it did not come whole, or else 0. wanted is what its
	// size should have been.
	cut    int64
	wanted event.Size
	// owed is how much is still to come of a message whose beginning was decoded. The rest will not
	// be decoded, because a capture lacks a part of the message.
	owed   int64
	inside bool // a message too large to hold is under way
	// unsure is set if bytes were missing, and no message was found since.
	unsure bool
}

// Take decodes an event.
func (s *Stage) Take(e *event.Event, emit func(*event.Event)) {
	if e.Conn == 0 {
		emit(e)
		return
	}
	c := s.connections[e.Conn]
	if c == nil && (e.Kind == event.End || e.Kind == event.Measured) { // of a connection that has ended
		emit(e)
		return
	}
	if c == nil {
		next := s.track()
		c = &next
		s.connections[e.Conn] = c
	}
	e.Identity = c.identity
	switch e.Kind {
	case event.Said:
		s.fact(c, e, emit)
	case event.End:
		s.end(c, e, emit)
	case event.Measured:
		emit(e)
	default:
		s.bytes(c, e, emit)
	}
}

// Blind ends the decoding of a connection. What comes from it is passed on undecoded.
func (s *Stage) Blind(conn uint32) {
	if c := s.connections[conn]; c != nil {
		c.blind = true
	}
}

// bytes finds the messages in bytes. They are whole frames, as the source has found them. Anything
// else is the end of a message that was cut off.
func (s *Stage) bytes(c *connection, e *event.Event, emit func(*event.Event)) {
	headless := e.Inside && !c.inside(e.Direction) // its beginning is in a file that was not read
	if c.blind || e.Kind == event.Undecoded || e.Opaque || headless {
		e.Opaque = true
		c.passOver(e)
		c.pass(e, session.Piece{Frame: session.Frame{Kind: event.Undecoded, Size: len(e.Data)}}, emit)
		return
	}
	if c.primed && !e.Repeated {
		c.primed = false
		c.tracker.Continue()
	}
	if owed := c.owed(e); owed > 0 {
		part := *e
		part.Data, part.Opaque, part.Cut = e.Data[:owed], true, false
		e.Spans = event.CutSpans(e.Spans, owed, len(e.Data))
		e.Data = e.Data[owed:]
		s.bytes(c, &part, emit)
		if len(e.Data) == 0 {
			return
		}
	}
	c.tracker.Blanked = e.Redacted
	rest, spans := e.Data, e.Spans
	for at := 0; ; {
		var piece session.Piece
		if !e.Cut || len(rest) > 1 {
			piece = c.tracker.ScanFrame(e.Direction, rest, s.messages)
			s.messages = piece.Messages
		}
		if piece.Size == 0 {
			e.Spans = event.CutSpans(spans, at, at+len(rest))
			c.finish(e, rest, emit)
			break
		}
		e.Spans = event.CutSpans(spans, at, at+piece.Size)
		at += piece.Size
		if e.Data, rest = rest[:piece.Size], rest[piece.Size:]; len(rest) == 0 {
			c.pass(e, piece, emit)
			break
		}
		part := *e // later stages may change what they get
		part.Cut = false
		c.pass(&part, piece, emit)
	}
	clear(s.messages) // they point to what others own
}

// owed returns how many bytes of an event are the rest of a cut message: a part of it is missing in
// a recording.
func (c *connection) owed(e *event.Event) int {
	return int(min(c.direction(e.Direction).owed, int64(len(e.Data))))
}

// inside reports whether the beginning of a message that is still under way was seen.
func (c *connection) inside(d event.Direction) bool { return c.direction(d).inside }

// direction returns what is known about a direction. Nothing is remembered about what pgpi itself
// says and hears.
func (c *connection) direction(d event.Direction) *direction {
	if d <= event.ServerToClient {
		return &c.directions[d]
	}
	return &direction{}
}

// pass emits what was found in the bytes of an event.
func (c *connection) pass(e *event.Event, piece session.Piece, emit func(*event.Event)) {
	e.Kind, e.Messages, e.Count, e.Total, e.Offset = piece.Kind, piece.Messages, piece.Count, piece.Total, piece.Offset
	d := c.direction(e.Direction)
	d.inside = piece.Kind == event.Fragment && piece.Total == 0
	if piece.Kind == event.Undecoded && !e.Repeated && !e.Inside {
		d.undecoded += int64(len(e.Data))
		c.seen.Undecoded += int64(len(e.Data))
	}
	grease, ready := "", false
	for i := range piece.Messages {
		c.seen.Messages += 1 + int64(piece.Messages[i].More)
		c.identify(&piece.Messages[i])
		ready = ready || piece.Messages[i].Type == wire.ReadyForQuery
		grease = cmp.Or(grease, c.failGrease(&piece.Messages[i]))
	}
	if piece.Kind == event.Traffic {
		giveSpans(piece.Messages, e.Spans)
	}
	e.Spans, e.Identity = nil, c.identity
	if ready {
		c.endLogin() // for what follows
	}
	switch {
	case len(e.Data) == 0 && e.Total == 0:
		return
	case e.Repeated:
		emit(e) // nothing follows from it that was not said before
		return
	}
	mistakes, foreign := piece.Mistakes, c.foreign(e, &piece)
	told := e.Redacted || d.unsure // by the recording; later stages may redact the event
	d.unsure = d.unsure && piece.Kind == event.Undecoded
	emit(e)
	if piece.Lost != nil && !told {
		say(e, event.OutOfSync{Direction: e.Direction, Offset: piece.Lost.Offset, Why: cmp.Or(foreign, piece.Lost.Why)}, emit)
	}
	for _, what := range mistakes {
		say(e, event.ServerMistake{What: what}, emit)
	}
	if grease != "" {
		say(e, event.GreaseFails{Does: grease}, emit)
	}
}

// giveSpans assigns to consecutive messages the spans that were redacted before they were recorded.
func giveSpans(messages []event.Message, spans []event.Span) {
	at := 0
	for i := range messages {
		end := at + len(messages[i].Bytes)
		messages[i].Redacted = event.CutSpans(spans, at, end)
		for len(spans) > 0 && spans[0].End <= end {
			spans = spans[1:]
		}
		at = end
	}
}

// passOver counts bytes that are not decoded.
func (c *connection) passOver(e *event.Event) {
	if d := c.direction(e.Direction); !c.blind && e.Direction <= event.ServerToClient {
		c.tracker.Skip(e.Direction, int64(len(e.Data)))
		d.owed = max(0, d.owed-int64(len(e.Data)))
	}
}

// finish emits the beginning of a message whose rest is missing. If a capture lacks the rest, the
// message counts: it was sent whole.
func (c *connection) finish(e *event.Event, rest []byte, emit func(*event.Event)) {
	finish := c.tracker.End
	if e.Cut {
		finish = c.tracker.Cut
	}
	piece, want := finish(e.Direction, rest)
	d := c.direction(e.Direction)
	switch {
	case piece.Total == 0 || piece.Kind == event.Undecoded:
	case e.Cut:
		d.owed, d.wanted = want-piece.Total, event.Size(want)
	default:
		d.cut, d.wanted = piece.Total, event.Size(want)
	}
	e.Data = rest[:piece.Size]
	c.pass(e, piece, emit)
}

// end sums up what is left in a direction.
func (s *Stage) end(c *connection, e *event.Event, emit func(*event.Event)) {
	part := *e
	part.Kind, part.Relayed, part.Broken, part.Unread = event.Bytes, true, false, 0
	d := c.direction(e.Direction)
	if c.blind || d.cut == 0 {
		s.bytes(c, &part, emit)
	}
	d.undecoded += e.Unread
	c.seen.Undecoded += e.Unread
	c.sayCutOff(e, e.Direction, emit)
	c.saySum(e, e.Direction, emit)
	e.Data, e.Identity = nil, c.identity
	emit(e)
}

// sayCutOff says so if the last message of a direction did not come whole.
func (c *connection) sayCutOff(e *event.Event, direction event.Direction, emit func(*event.Event)) {
	d := c.direction(direction)
	if d.owed > 0 {
		d.cut = int64(d.wanted) - d.owed
	}
	if d.cut > 0 {
		say(e, event.CutOff{Direction: direction, Bytes: d.cut, Size: d.wanted}, emit)
	}
	d.cut, d.owed = 0, 0
}

// saySum says how many bytes of a direction were not decoded, if any.
func (c *connection) saySum(e *event.Event, direction event.Direction, emit func(*event.Event)) {
	if d := c.direction(direction); d.undecoded > 0 {
		say(e, event.Undecodable{Direction: direction, Bytes: d.undecoded}, emit)
		d.undecoded = 0
	}
}

// say emits a fact that follows from an event.
func say(e *event.Event, f event.Fact, emit func(*event.Event)) {
	emit(&event.Event{Seq: e.Seq, At: e.At, Elapsed: e.Elapsed, Conn: e.Conn, Kind: event.Said, Fact: f, Identity: e.Identity})
}
