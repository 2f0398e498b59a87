// Package jsonl writes events as JSON Lines: one object a line, for programs.
//
// It guarantees that every line is one object of the form that docs/jsonl.schema.json
// describes, in UTF-8, whatever a peer sends; that a value which can be given is given
// exactly, and that one which can't says what is missing: bytes that are no text are in
// hexadecimal, what was not kept or is not shown is counted, what was redacted is
// counted too. What is written depends on the options and the events alone. The lines
// of one event come out together.
//
// It must not know sockets, sessions or other sinks, and it decides nothing: the names
// of messages, the times, and what is secret come with the events.
//
// Start reading at line.go, which has the objects, then fields.go, which makes an object
// of the fields of any message; names.go is what it knows of single fields, value.go
// writes what they hold, and escape.go the strings.
package jsonl

import (
	"fmt"
	"io"

	"pgpi/internal/event"
)

// Version is that of the format: what the member "v" of each line says. Members may be
// added within a version; what is there keeps its name and its meaning.
const Version = 1

// Options are what the lines hold. With the zero value nothing is shortened.
type Options struct {
	// MaxValue is how many bytes are shown of a value (of a parameter, a column, or of
	// CopyData), of data that is no text, and of SQL that stands in a context; 0 is all.
	// The SQL of the message that brings it is never shortened.
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

// New makes a sink that writes to w, which stays the caller's to close.
func New(w io.Writer, o Options) *Sink {
	return &Sink{w: w, page: page{Options: o}}
}

// Write logs events in their order. It writes once, or once in about 64 KiB of text, and
// never in the middle of an event. The error is the writer's; what was to be written is
// then gone.
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

// flush writes the page and begins a new one. Memory that one large message needed is
// given back.
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
