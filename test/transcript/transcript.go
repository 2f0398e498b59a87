// Package transcript makes up what two parties say to each other, as events, for tests of
// what becomes of events.
//
// It guarantees that events are as a bus would give them: numbered, in order, with
// messages that tile their bytes. It must not know what a sink makes of them.
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
	// Elapsed is the time of the next event since the connection was opened, and Step what
	// each adds to it.
	Elapsed, Step time.Duration
}

// Add adds an event, and returns it for changes.
func (s *Transcript) Add(e event.Event) *event.Event {
	e.Seq = uint64(len(s.Events) + 1)
	e.Conn = 1
	e.Elapsed = s.Elapsed
	e.At = time.Date(2025, 7, 4, 14, 28, 59, 0, time.FixedZone("", 3600)).Add(s.Elapsed)
	s.Events = append(s.Events, e)
	s.Elapsed += s.Step
	return &s.Events[len(s.Events)-1]
}

// Said adds a fact.
func (s *Transcript) Said(f event.Fact) {
	s.Add(event.Event{Kind: event.Said, Fact: f})
}

// Passed adds messages in one write, relayed where the direction is from party to party.
func (s *Transcript) Passed(d event.Direction, messages ...event.Message) *event.Event {
	e := event.Event{Kind: event.Traffic, Direction: d, Messages: messages}
	for _, m := range messages {
		e.Total += m.Size
		e.Data = append(e.Data, m.Bytes...)
	}
	e.Relayed = d == event.ClientToServer || d == event.ServerToClient
	return s.Add(e)
}

// Client adds messages of the client.
func (s *Transcript) Client(messages ...event.Message) { s.Passed(event.ClientToServer, messages...) }

// Server adds messages of the server.
func (s *Transcript) Server(messages ...event.Message) { s.Passed(event.ServerToClient, messages...) }

// Message makes one from its body, what stands behind the type byte and the length;
// packets without a type byte are given whole.
func Message(t wire.Type, body string) event.Message {
	m := wire.Message{Type: t, State: wire.State{Mechanism: wire.SCRAM}, Bytes: []byte(body)}
	if t.Code() != 0 {
		m.Bytes = binary.BigEndian.AppendUint32([]byte{t.Code()}, uint32(4+len(body)))
		m.Bytes = append(m.Bytes, body...)
	}
	m.Size = int64(len(m.Bytes))
	return event.Message{Message: m}
}

// Cut is a message of which only the first n bytes were kept.
func Cut(m event.Message, n int) event.Message {
	m.Bytes = m.Bytes[:n]
	return m
}

// Redacted is a message in which every occurrence of a secret is blanked.
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
