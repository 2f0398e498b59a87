// Package event is what happened, as sinks see it.
//
// It guarantees that an event does not change while sinks look at it. Whatever
// gives a message its meaning travels with it, so that a sink can decode later
// than the session decided.
//
// It must not know where events come from (a live connection, a recording) nor
// what becomes of them. It is data with little behavior: a table of words, and copies.
//
// Start reading at [Event], then fact.go, which has everything that pgpi says
// in its own words.
package event

import (
	"bytes"
	"slices"
	"time"

	"pgpi/internal/wire"
)

// Event is one thing that happened. The zero Event says nothing.
type Event struct {
	// Seq orders all events of a run, from 1. What a stage adds has the Seq of the event that
	// brought it about. See [Event.TakesNumber].
	Seq uint64
	// At is when it happened, Elapsed the same since the connection was opened.
	At      time.Time
	Elapsed time.Duration
	// Waited is how long before At the first of its bytes was read. Held is how much of that pgpi
	// waited for its own outlets, and Stalled how long the writes of the same direction before
	// this event waited for their reader.
	Waited, Held, Stalled time.Duration
	// Conn is the connection's tag, from 1; 0 is pgpi itself.
	Conn uint32
	Kind Kind

	// Fact is what a Said event says.
	Fact Fact
	// Exchange is what an Exchanged event adds up.
	Exchange *Exchange

	// Direction is that of the bytes, for all other kinds.
	Direction Direction
	// Data is the bytes as they were handed on, in one write. Of an End it is the beginning of
	// a message that never came whole.
	Data []byte
	// Count is how many messages end in Data, for those who must know before it is decoded.
	Count int
	// Messages are those that end in Data. Of a Traffic event they tile Data; the one
	// of a Fragment began earlier, and its Bytes are what was kept of it.
	Messages []Message
	// Relayed says that the bytes were handed to the other leg, and OneByOne that
	// each had a write of its own. Total counts the bytes since a message boundary,
	// and Left those that wait for the rest of a message.
	Relayed  bool
	OneByOne bool
	Total    int64
	Left     int
	// Offset is how many bytes of its message came before a Fragment.
	Offset int64
	// Cut says that the last message, of which the beginning is in Data or went before, was sent as
	// a whole, but a capture does not have the rest.
	Cut bool
	// Broken says of an End that the stream did not end: it was lost, or cut off by pgpi.
	Broken bool
	// Unread counts, of an End, the bytes of the direction that are in no event, because they
	// are encrypted.
	Unread int64
	// Opaque says that nothing can be concluded from Data: redaction has overwritten it, or
	// nobody could know where its messages begin.
	Opaque bool
	// Foreign says that Data is what somebody says first who does not speak Postgres.
	Foreign bool
	// Redacted says that what nobody can decode was blanked, now or before it was recorded.
	Redacted bool
	// Noted says that the event is from a recording which notes what was redacted before. Spans are
	// those of Data; decoding gives them to the messages.
	Noted bool
	Spans []Span
	// Repeated says that a recording tells it again for those who have not read it before, and
	// Inside that its message began in a file of the recording before this one.
	Repeated, Inside bool

	// Identity is what was known by then of who is connected, nil where nothing was.
	Identity *Identity
}

// Began returns when the first byte of the event was seen, as Elapsed.
func (e *Event) Began() time.Duration { return e.Elapsed - e.Waited }

// TakesNumber reports whether a recorded event takes the next Seq, or has that of the event
// before it. What no log shows takes none, and neither does what will be derived anyway: so the
// numbers of a log are the same live and read from a recording.
func (e *Event) TakesNumber() bool {
	return e.Kind != End && !e.Repeated && (e.Fact == nil || OriginOf(e.Fact) != Derived)
}

// IsNothing reports whether an event says nothing, as the zero event does: outputs pass it over.
func (e *Event) IsNothing() bool { return e.Kind == Nothing || e.Kind == Said && e.Fact == nil }

// Clone returns a copy that belongs to the caller. It shares with e only what never changes:
// facts, strings, contexts, settings, identities and exchanges. Messages that tile Data tile the copy's.
func (e *Event) Clone() Event {
	own := *e
	own.Data, own.Messages, own.Spans = bytes.Clone(e.Data), slices.Clone(e.Messages), slices.Clone(e.Spans)
	rest := own.Data
	for i := range own.Messages {
		m := &own.Messages[i]
		m.Redacted = slices.Clone(m.Redacted)
		if n := len(m.Bytes); e.Kind == Traffic && n <= len(rest) {
			m.Bytes, rest = rest[:n:n], rest[n:]
		} else {
			m.Bytes = bytes.Clone(m.Bytes)
		}
	}
	return own
}

// Kind is what sort of event it is.
type Kind uint8

// The kinds of events. Sources record Said, Bytes, Undecoded and End. Decoding makes Traffic,
// Fragment and Undecoded of Bytes.
const (
	// Nothing is the kind of the zero Event.
	Nothing Kind = iota
	// Said is a fact about the connection or about pgpi itself.
	Said
	// Bytes is what one party sent, not decoded yet: complete messages, or a part of one that
	// is too large to hold.
	Bytes
	// Traffic is the complete messages of one write.
	Traffic
	// Fragment is a part of a message too large to hold. The last one has the
	// message.
	Fragment
	// Undecoded is bytes in which nobody knows where messages begin: the direction is out of
	// sync, a defect has ended the decoding, or a capture lacks what was before them.
	Undecoded
	// Exchanged is an exchange that is over, added up.
	Exchanged
	// End says that a direction has ended. Only stages and recordings look at it; the log
	// says what it means in sentences.
	End
)

// Direction is from whom bytes came and to whom they went.
type Direction uint8

// The six directions. Script is pgpi itself.
const (
	ClientToServer Direction = iota
	ServerToClient
	ClientToScript
	ScriptToClient
	ScriptToServer
	ServerToScript
)

var directions = [...]string{
	"client -> server", "server -> client", "client -> script", "script -> client", "script -> server", "server -> script",
}

// String is the direction as the log has it: "client -> server".
func (d Direction) String() string { return directions[d] }

// Sender is the party whose part of the protocol is spoken: pgpi speaks as a
// server to clients, and as a client to servers.
func (d Direction) Sender() wire.Sender {
	switch d {
	case ServerToClient, ScriptToClient, ServerToScript:
		return wire.Server
	}
	return wire.Client
}

// Message is a protocol message with what gives it meaning.
type Message struct {
	wire.Message
	// Context is nil where nothing is known beyond the bytes.
	Context *Context
	// Settings are those of the session when the message was sent, nil before the
	// server has told any.
	Settings *Settings
	// Exchange numbers the exchange that the message belongs to within its connection,
	// from 1: a Query, or all that leads to an Execute, with their replies. It is 0
	// where there is none, or it is not known. Done numbers the last exchange that is over with
	// this message. Replies are in order, so that those before it are over, too.
	Exchange, Done uint32
	// Skipped says that the server ignores the message, after an error.
	Skipped bool
	// AtSync says that the message is the error of a Sync, not of what was asked before it.
	AtSync bool
	// About has the SQL of the exchange, nil where it is not known.
	About *Context
	// Redacted are the byte spans of Bytes that were blanked, in order.
	Redacted []Span
	// Secret says that the message is of a kind that can be a password and that
	// secrets are redacted: as raw bytes it is not to be shown at all.
	Secret bool
}
