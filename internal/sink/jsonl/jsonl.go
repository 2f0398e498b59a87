// Package jsonl writes events as JSON Lines: one object per line, for programs.
//
// It guarantees:
//
//   - Every line is one object as described by docs/jsonl.schema.json, in UTF-8, whatever a peer
//     sends.
//   - A value that JSON can represent is written exactly. Any other value says what is missing:
//     bytes that are not text are in hexadecimal, and bytes that were not kept, are not shown or
//     were redacted are counted.
//   - The output depends only on the options and the events.
//   - The lines of an event are written together.
//
// Less formally: a program gets everything that was seen, or learns how much it did not get.
//
// It must not know sockets, sessions or other sinks, and it decides nothing: the names of messages,
// the times, and what is secret come with the events.
//
// Start reading at line.go, which has the objects, then fields.go, which turns the fields of any
// message into an object. names.go has what is known about single fields, value.go writes what they
// hold, and escape.go writes strings.
package jsonl

import (
	"fmt"
	"io"

	"pgpi/internal/event"
)

// Version is the version of the format, the member "v" of each line. Members may be added within a
// version, but existing members keep their names and meanings.
const Version = 1

// Options are what lines contain. In the zero value nothing is shortened.
type Options struct {
	// MaxValue is how many bytes are shown of a value (of a parameter, a column, or CopyData), of
	// data that is not text, and of SQL in a context; 0 means all. The SQL of the message that
	// carries it is never shortened.
	MaxValue int
}

// Sizes of the buffers that a Sink holds, in bytes.
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
	if cap(p.scratch) > maxText {
		p.scratch = nil
	}
	if cap(p.quoted) > maxText {
		p.quoted = nil
	}
	p.reader.Trim()
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}
