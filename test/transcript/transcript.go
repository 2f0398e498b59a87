// Package transcript makes up conversations of two parties, as events, for tests of stages and
// sinks.
//
// It guarantees that events are as a bus would deliver them: numbered, in order, with messages that
// tile their bytes. It must not know what a sink does with them.
//
// Start reading at [Transcript].
package transcript

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Transcript collects the events of one connection.
type Transcript struct {
	Events []event.Event
	// Elapsed is the time of the next event since the connection was opened. Step is the time
	// between events.
	Elapsed, Step time.Duration
}

// Add adds an event, and returns it so that it can be changed.
func (s *Transcript) Add(e event.Event) *event.Event {
	e.Seq = uint64(len(s.Events) + 1)
	e.Conn = 1
	e.Elapsed = s.Elapsed
	e.At = time.Date(2025, 7, 4, 14, 28, 59, 0, time.FixedZone("", 3600)).Add(s.Elapsed)
	s.Events = append(s.Events, e)
	s.Elapsed += s.Step
	return &s.Events[len(s.Events)-1]
}

// Say adds a fact.
func (s *Transcript) Say(f event.Fact) {
	s.Add(event.Event{Kind: event.Said, Fact: f})
}

// Pass adds messages in one write. They count as relayed if the direction is from one party to the
// other.
func (s *Transcript) Pass(d event.Direction, messages ...event.Message) *event.Event {
	e := event.Event{Kind: event.Traffic, Direction: d, Messages: messages}
	for _, m := range messages {
		e.Total += m.Size
		e.Data = append(e.Data, m.Bytes...)
	}
	e.Relayed = d == event.ClientToServer || d == event.ServerToClient
	return s.Add(e)
}

// Client adds messages from the client.
func (s *Transcript) Client(messages ...event.Message) { s.Pass(event.ClientToServer, messages...) }

// Server adds messages from the server.
func (s *Transcript) Server(messages ...event.Message) { s.Pass(event.ServerToClient, messages...) }

// Message makes a message from its body, which is everything after the type byte and the length.
// For a packet without a type byte, body is the whole packet.
func Message(t wire.Type, body string) event.Message {
	m := wire.Message{Type: t, State: wire.State{Mechanism: wire.SCRAM}, Bytes: []byte(body)}
	if t.Code() != 0 {
		m.Bytes = binary.BigEndian.AppendUint32([]byte{t.Code()}, uint32(4+len(body)))
		m.Bytes = append(m.Bytes, body...)
	}
	m.Size = int64(len(m.Bytes))
	return event.Message{Message: m}
}

// Cut returns m with only its first n bytes kept.
func Cut(m event.Message, n int) event.Message {
	m.Bytes = m.Bytes[:n]
	return m
}

// Redacted returns m with every occurrence of a secret blanked.
func Redacted(m event.Message, secret string) event.Message {
	m.Bytes = bytes.Clone(m.Bytes)
	for {
		at := bytes.Index(m.Bytes, []byte(secret))
		if at < 0 {
			return m
		}
		copy(m.Bytes[at:], strings.Repeat("*", len(secret)))
		m.Redacted = append(m.Redacted, event.Span{Start: at, End: at + len(secret)})
		m.Secret = m.Type.Code() == 'p'
	}
}
