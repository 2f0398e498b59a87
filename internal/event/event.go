// Package event describes what happened: to connections, and to pgpi itself.
//
// It guarantees that an event does not change while sinks look at it. Whatever gives a message its
// meaning travels with the message, so a sink can decode it long after the session has moved on.
//
// Less formally: hold an event, and you hold all that pgpi knew at that moment.
//
// It must not know where events come from, a live connection or a recording, nor where they go. It
// is data with little behavior: a table of sentences, and copies.
//
// Start reading at [Event], then fact.go, which has everything that pgpi says in its own words.
package event

import (
	"bytes"
	"slices"
	"time"

	"pgpi/internal/wire"
)

// Event is one thing that happened. The zero Event has no meaning, and outputs skip it. Its small
// fields are next to each other, because events are copied often.
type Event struct {
	// Seq orders all events of a run, from 1. What a stage adds has the Seq of the event that
	// caused it. See [Event.TakesNumber].
	Seq uint64
	// At is when it happened. Elapsed is the same as time since the connection was opened.
	At      time.Time
	Elapsed time.Duration
	// Waited is how long before At the first of its bytes was read. Held is how much of that time
	// pgpi waited for its own outlets. Stalled is how long earlier writes in the same direction
	// waited for their reader.
	Waited, Held, Stalled time.Duration
	// Conn is the connection's number, from 1; 0 is pgpi itself.
	Conn uint32
	Kind Kind
	// Direction is the direction of the bytes, for all kinds that have bytes.
	Direction Direction
	// Relayed is set if the bytes were handed to the other leg, and OneByOne if each of them had a
	// write of its own.
	Relayed, OneByOne bool
	// Cut is set if the last message was sent whole, but a capture lacks its end. The message
	// begins in Data or before.
	Cut bool
	// Broken is set for an End at which the stream did not end: it was lost, or pgpi cut it off.
	Broken bool
	// Opaque is set if nothing can be concluded from Data: redaction has overwritten it, or it is
	// not known where its messages begin.
	Opaque bool
	// Foreign is set if Data is the first thing that a party says which does not speak Postgres.
	Foreign bool
	// Redacted is set if bytes that can't be decoded were blanked, now or before they were
	// recorded.
	Redacted bool
	// Noted is set if the event is from a recording that notes what was redacted before: see Spans.
	Noted bool
	// Repeated is set if a recording repeats the event for those who have not read the earlier
	// file: only another recording wants it. Inside is set if its message began in an earlier file
	// of the recording.
	Repeated, Inside bool

	// Fact is the content of a Said or a Measured event.
	Fact Fact
	// Exchange is the content of an Exchanged or a Pending event.
	Exchange *Exchange
	// Finding is the content of a Found event.
	Finding *Finding

	// Data is the bytes as they were handed on, in one write. For an End, it is the beginning of a
	// message whose end never came.
	Data []byte
	// Count is how many messages end in Data, for those who need it before Data is decoded.
	Count int
	// Messages are those that end in Data. In a Traffic event they tile Data. The message of a
	// Fragment began earlier, and its Bytes are what was kept of it.
	Messages []Message
	// Total counts the bytes since a message boundary, and Left those of them that wait for the
	// rest of a message.
	Total int64
	Left  int
	// Offset is how many bytes of a Fragment's message came before it.
	Offset int64
	// Unread counts, for an End, the bytes of the direction that are in no event because they are
	// encrypted.
	Unread int64
	// Spans of Data were redacted before the event was recorded. Decoding passes them on to the
	// messages.
	Spans []Span
	// Identity is what was known about who is connected, or nil.
	Identity *Identity
}

// Began returns when the first byte of the event was seen, on the clock of Elapsed.
func (e *Event) Began() time.Duration { return e.Elapsed - e.Waited }

// TakesNumber reports whether a recorded event takes the next Seq; otherwise it has the Seq of the
// event before it. Events that no log shows take none, and neither do events that will be derived
// again. So a log has the same numbers live and from a recording.
func (e *Event) TakesNumber() bool {
	switch {
	case e.Kind == Measured || e.Repeated:
		return false
	case e.Kind == End || e.Kind == Bytes: // without bytes, they say only how a message or a direction ends
		return len(e.Data) > 0
	}
	return e.Fact == nil || OriginOf(e.Fact) != Derived
}

// IsNothing reports whether an event has no meaning, like the zero event. Outputs skip it.
func (e *Event) IsNothing() bool {
	return e.Kind == Nothing || (e.Kind == Said || e.Kind == Measured) && e.Fact == nil
}

// Clone returns a copy that belongs to the caller. It shares with e only what never changes: facts,
// strings, contexts, settings, identities, exchanges and findings. Messages that tile e.Data tile the copy's
// Data.
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

// Kind is the sort of an event.
type Kind uint8

// The kinds of events. Sources record Said, Bytes, Undecoded, End and Measured. Decoding turns
// Bytes into Traffic, Fragment and Undecoded.
const (
	// Nothing is the kind of the zero Event.
	Nothing Kind = iota
	// Said is a fact about the connection or about pgpi itself.
	Said
	// Bytes is what one party sent, not decoded yet: complete messages, or part of one that is too
	// large to hold.
	Bytes
	// Traffic is the complete messages of one write.
	Traffic
	// Fragment is part of a message that is too large to hold. The last one has the message.
	Fragment
	// Undecoded is bytes in which message boundaries are not known: the direction is out of sync, a
	// defect has ended decoding, or a capture lacks what came before.
	Undecoded
	// Exchanged sums up an exchange that is over.
	Exchanged
	// Pending sums up one that is not over after a while, as far as it has come.
	Pending
	// End is the end of a direction. Only stages and recordings look at it; the log has sentences
	// for what it means.
	End
	// Measured is a fact that no log shows: that time has passed, or how far away a party is. It is
	// for stages, and recordings have it for those of a reader.
	Measured
	// Found is a finding.
	Found
)

// Direction is who sent the bytes, and to whom.
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

// String returns the direction as the log writes it: "client -> server".
func (d Direction) String() string { return directions[d] }

// Sender returns the party whose part of the protocol is spoken. pgpi speaks as a server to
// clients, and as a client to servers.
func (d Direction) Sender() wire.Sender {
	switch d {
	case ServerToClient, ScriptToClient, ServerToScript:
		return wire.Server
	}
	return wire.Client
}

// Message is a protocol message, with what gives it meaning.
type Message struct {
	wire.Message
	// Context is nil if nothing is known beyond the bytes.
	Context *Context
	// Settings are those of the session when the message was sent. They are nil before the server
	// has reported any.
	Settings *Settings
	// Exchange is the number of the exchange that the message belongs to, within its connection and
	// from 1. An exchange is a Query, or everything that leads to an Execute, with the replies. It
	// is 0 if there is none, or if it is not known. Done is the number of the last exchange that is
	// over with this message. Replies are in order, so all exchanges before Done are over too.
	Exchange, Done uint32
	// More is the number of messages like this one that follow it in Bytes. It is above 0 only if
	// no outlet wants single rows: then a DataRow or CopyData can be a run of them, with Bytes and
	// Size of the whole run.
	More uint32
	// Skipped is set if the server ignores the message, after an error.
	Skipped bool
	// AtSync is set if the message is the error of a Sync, not of what was asked before it.
	AtSync bool
	// Secret is set if the message is of a kind that can be a password, and secrets are redacted.
	// Then it must not be shown as raw bytes at all.
	Secret bool
	// About has the SQL of the exchange, or is nil if that is unknown.
	About *Context
	// Redacted are the spans of Bytes that were blanked, in order.
	Redacted []Span
}
