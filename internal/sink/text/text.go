// Package text writes events as the log that people read.
//
// It guarantees:
//
//   - No byte of a message is lost or invented. In annotated mode every byte is in exactly one
//     string in double quotes, followed by its meaning, except where a line says how many bytes
//     were omitted, or that something was redacted.
//   - Whatever a peer sends, it can't forge a line of another connection, and no control characters
//     reach a terminal.
//   - Every line of a connection begins with the connection's tag, and every line of a finding with
//     "!!" or spaces. The lines of an event are written together.
//   - The output depends only on the options and the events.
//
// Less formally: you can read the log without knowing the protocol, and can trust that it is what
// was said.
//
// It must not know sockets, sessions or other sinks, and it decides nothing: the names of messages,
// the times, and what is secret come with the events.
//
// Start reading at layout.go, which says for each field where it is written and what is said about
// it. annotate.go lays a message out by that table, escape.go has the quoted strings, event.go the
// lines, and repeats.go the lines that recur.
package text

import (
	"fmt"
	"io"
	"time"

	"pgpi/internal/event"
)

// Options are what the log looks like. The zero value is annotated, without color, with the times
// that the log always had, and with nothing shortened.
type Options struct {
	Mode  Mode
	Color bool
	Time  Time
	// MaxValue is how many bytes of a value (of a parameter, a column, or CopyData) annotated mode
	// shows; 0 means all. SQL is never shortened.
	MaxValue int
	// Slow is the duration from which queries mode marks an exchange; 0 marks none.
	Slow time.Duration
	// Findings makes annotated mode show findings too.
	Findings bool
	// Width returns how many columns a line of queries mode may have. 0, or a nil Width, means any
	// number.
	Width func() int
}

// Mode is whether and how messages are logged. What pgpi says in its own words is the same in each.
type Mode uint8

const (
	// Annotated names every field.
	Annotated Mode = iota
	// Raw shows each message as one string.
	Raw
	// Queries has a line for each exchange and each connection.
	Queries
	// None omits forwarded messages. Those that pgpi itself exchanges with a party are annotated.
	None
)

// Time is which times the log shows.
type Time uint8

const (
	// Short shows only the time since the connection was opened, in hundredths of a second, where
	// bytes were forwarded.
	Short Time = iota
	// Relative adds that time, in microseconds, at the end of the first line of each message and
	// each sentence.
	Relative
	// ISO adds the date and the time of day there instead.
	ISO
	// NoTime is for logs that are to be compared.
	NoTime
)

// Sizes of the buffer that a Sink holds, in bytes.
const (
	flushSize = 64 << 10
	maxText   = 1 << 20
)

// Sink writes events to one writer. It is not safe for concurrent use.
type Sink struct {
	w    io.Writer
	page page
}

// New returns a sink that writes to w. The caller closes w.
func New(w io.Writer, o Options) *Sink {
	return &Sink{w: w, page: page{Options: o}}
}

// Write logs events in order. It writes once, or about every 64 KiB of text, and never in the
// middle of an event. An error is the writer's; what was to be written is then lost.
func (s *Sink) Write(events []event.Event) error {
	for i := range events {
		s.page.add(&events[i])
		if len(s.page.text) >= flushSize {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return s.flush()
}

// Close writes what is left. It does not close the writer.
func (s *Sink) Close() error { return s.flush() }

// flush writes the page and begins a new one. It releases memory that one large message needed.
func (s *Sink) flush() error {
	p := &s.page
	if len(p.text) == 0 {
		return nil
	}
	_, err := s.w.Write(p.text)
	p.text = p.text[:0]
	if cap(p.text) > maxText {
		p.text = nil
	}
	p.reader.Trim()
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}
