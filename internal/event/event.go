// Package event is what happened, as sinks see it.
//
// It guarantees that an event does not change while sinks look at it. Whatever
// gives a message its meaning travels with it, so that a sink can decode later
// than the session decided.
//
// It must not know where events come from (a live connection, a recording) nor
// what becomes of them. It is data without behavior; the only functions are tables of words,
// [Event.IsNothing] and the one deep copy, [Event.Clone].
//
// Start reading at [Event], then status.go, which has everything that pgpi says
// in its own words.
package event

import (
	"bytes"
	"slices"
	"time"

	"pgpi/internal/wire"
)

// Event is one thing that happened. The zero event says nothing: no output has a line of it.
type Event struct {
	// Seq orders all events of a run, from 1.
	Seq uint64
	// At is when it happened, Elapsed the same since the connection was opened.
	At      time.Time
	Elapsed time.Duration
	// Conn is the connection's tag, from 1; 0 is pgpi itself.
	Conn uint32
	Kind Kind

	// Status and Args are what a Said event says.
	Status Status
	Args   []string

	// Direction is that of the bytes, for all other kinds.
	Direction Direction
	// Data is the bytes as they were handed on, in one write.
	Data []byte
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
}

// IsNothing reports whether an event says nothing, as the zero event does: outputs pass it over.
func (e *Event) IsNothing() bool {
	return e.Kind == Nothing || e.Kind == Said && e.Status == NoStatus
}

// Clone returns a copy that belongs to the caller. It shares with e only what never changes:
// strings, contexts and settings. Messages that tile Data tile the copy's.
func (e *Event) Clone() Event {
	own := *e
	own.Args, own.Data, own.Messages = slices.Clone(e.Args), bytes.Clone(e.Data), slices.Clone(e.Messages)
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

// Decode makes of an event that was taken down in haste, its bytes without their
// messages, those that sinks see: mostly one, with its messages. What it is given is its
// own; what it gives belongs to it again when emit returns, but for bytes.
type Decode func(e *Event, emit func(*Event))

// Kind is what sort of event it is.
type Kind uint8

// The kinds of events.
const (
	// Nothing is the kind of the zero event.
	Nothing Kind = iota
	// Said is a sentence of pgpi about the connection or about itself.
	Said
	// Traffic is the complete messages of one write.
	Traffic
	// Fragment is a part of a message too large to hold. The last one has the
	// message.
	Fragment
	// Undecoded is bytes of a direction that is out of sync.
	Undecoded
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
	// where there is none, or it is not known.
	Exchange uint32
	// Redacted are the byte spans of Bytes that were blanked, in order.
	Redacted []Span
	// Secret says that the message is of a kind that can be a password and that
	// secrets are redacted: as raw bytes it is not to be shown at all.
	Secret bool
}

// Span is a run of bytes, End exclusive.
type Span struct{ Start, End int }
