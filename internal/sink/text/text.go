// Package text writes events as the log that people read.
//
// It guarantees that no byte of a message is lost or invented: in annotated mode
// every byte stands in exactly one string in double quotes, with its meaning
// behind it, except where a line says how many bytes were omitted or that
// something was redacted. Whatever a peer sends, it forges no line of another and
// sends no control characters to a terminal. Every line of a connection begins
// with the connection's tag, and the lines of one event come out together. What
// is written depends on the options and the events alone.
//
// It must not know sockets, sessions or other sinks, and it decides nothing: the
// names of messages, the times, and what is secret come with the events.
//
// Start reading at layout.go, which says for each field where it stands and what
// is said of it; annotate.go lays a message out by that table, escape.go has the
// quoted strings, event.go the lines, and repeats.go those that come again.
package text

import (
	"fmt"
	"io"
	"time"

	"pgpi/internal/event"
)

// Options are how the log looks. The zero value is annotated, in black and
// white, with the times that the log always had, and with nothing shortened.
type Options struct {
	Mode  Mode
	Color bool
	Time  Time
	// MaxValue is how many bytes of a value (of a parameter, a column, or of
	// CopyData) annotated mode shows; 0 is all. SQL is never shortened.
	MaxValue int
	// Slow is the duration from which on queries mode marks an exchange; 0 marks none.
	Slow time.Duration
	// Width is how many columns a line of queries mode may have; nil or 0 is any number.
	Width func() int
}

// Mode is whether and how messages are logged. What pgpi says in its own words
// reads the same in each.
type Mode uint8

const (
	// Annotated names every field.
	Annotated Mode = iota
	// Raw shows each message as one string.
	Raw
	// Queries has a line for each exchange and each connection.
	Queries
	// None leaves out the messages that are forwarded. Those that pgpi itself
	// exchanges with a party are annotated.
	None
)

// Time is which times the log shows.
type Time uint8

const (
	// Short has only the time since the connection was opened, in hundredths of
	// a second, where bytes were forwarded.
	Short Time = iota
	// Relative adds that time, in microseconds, at the end of the first line of
	// each message and each sentence.
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

// New makes a sink that writes to w, which stays the caller's to close.
func New(w io.Writer, o Options) *Sink {
	return &Sink{w: w, page: page{Options: o}}
}

// Write logs events in their order. It writes once, or once in about 64 KiB of
// text, and never in the middle of an event. The error is the writer's; what was
// to be written is then gone.
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

// flush writes the page and begins a new one. Memory that one large message
// needed is given back.
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
