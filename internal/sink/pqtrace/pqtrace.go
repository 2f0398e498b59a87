// Package pqtrace writes messages as libpq traces them, in the form of 18.5 and later: line for
// line and byte for byte what PQtrace would have printed in the client (PostgreSQL documentation,
// libpq, "Control Functions"; src/interfaces/libpq/fe-trace.c). That includes its faults, such as
// the line about a "mismatched message length" for a message that is correct.
//
// It guarantees:
//
//   - The lines are those of PQtrace, whoever the client is, except where PQtrace has none or would
//     read beyond the end of a message. There a mark in brackets says so, see docs/pqtrace.md.
//   - It shows what the client sent and received, and so nothing that pgpi says to the server on
//     its own.
//   - No redacted byte is written.
//   - It never fails because of what a peer sends.
//
// Less formally: you get the client's PQtrace without touching the client.
//
// It must not know sockets, sessions or other sinks. It uses the grammar of package wire only for
// the types of messages, not to read them: PQtrace has its own idea of where fields begin and end,
// and where the two differ, PQtrace's is wanted.
//
// Start reading at layout.go, which has one line for each message, then line.go for the kinds of
// fields.
package pqtrace

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Options are PQtrace's flags, and one of pgpi's own. The zero value is PQtrace without flags.
type Options struct {
	// Regress leaves out what differs from run to run, like PQTRACE_REGRESS_MODE.
	Regress bool
	// NoTimes leaves out the times, like PQTRACE_SUPPRESS_TIMESTAMPS.
	NoTimes bool
	// Tags begins every line with the connection's tag and a tab: "#1". PQtrace traces one
	// connection and has no tags. Without them, the lines of connections that are open at the same
	// time can't be told apart.
	Tags bool
}

// Sizes of the buffer that a Sink holds, in bytes.
const (
	flushSize = 64 << 10
	maxText   = 1 << 20
)

// Sink writes events to one writer. It is not safe for concurrent use.
type Sink struct {
	w       io.Writer
	options Options
	line    line
	scratch []byte
}

// New returns a sink that writes to w. The caller closes w.
func New(w io.Writer, o Options) *Sink {
	return &Sink{w: w, options: o, line: line{regress: o.Regress}}
}

// Write traces the messages of events in order. It writes once, or about every 64 KiB of text, and
// never in the middle of an event. An error is the writer's; what was to be written is then lost.
func (s *Sink) Write(events []event.Event) error {
	for i := range events {
		s.add(&events[i])
		if len(s.line.text) >= flushSize {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return s.flush()
}

// Close writes what is left. It does not close the writer.
func (s *Sink) Close() error { return s.flush() }

// add writes the lines of an event.
func (s *Sink) add(e *event.Event) {
	if e.IsNothing() || e.Kind == event.Said || e.Direction == event.ScriptToServer || e.Direction == event.ServerToScript {
		return
	}
	start := len(s.line.text)
	toServer := e.Direction.Sender() == wire.Client
	for i := range e.Messages {
		if e.Messages[i].Type == wire.AuthenticationOk {
			continue // libpq reads it without tracing it
		}
		s.stamp(e)
		s.line.message(&e.Messages[i], toServer)
	}
	if e.Kind == event.Undecoded {
		s.stamp(e)
		s.line.writeUndecoded(e.Data, toServer)
	}
	if s.options.Tags {
		s.tag(start, e.Conn)
	}
}

func (s *Sink) stamp(e *event.Event) {
	if !s.options.NoTimes {
		s.line.text = e.At.AppendFormat(s.line.text, "2006-01-02 15:04:05.000000\t")
	}
}

// tag begins every line from an offset on with the connection's tag, including lines that continue
// a string with line breaks in it.
func (s *Sink) tag(start int, conn uint32) {
	s.scratch = append(s.scratch[:0], s.line.text[start:]...)
	text := s.line.text[:start]
	for line := range bytes.Lines(s.scratch) {
		text = append(text, '#')
		text = strconv.AppendUint(text, uint64(conn), 10)
		text = append(text, '\t')
		text = append(text, line...)
	}
	s.line.text = text
}

// flush writes the lines so far and begins again. It releases memory that one large message needed.
func (s *Sink) flush() error {
	l := &s.line
	if len(l.text) == 0 {
		return nil
	}
	_, err := s.w.Write(l.text)
	l.text = l.text[:0]
	if cap(l.text) > maxText {
		l.text, s.scratch = nil, nil
	}
	if err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}
