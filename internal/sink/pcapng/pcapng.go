// Package pcapng writes events as a recording: a pcapng file in which Wireshark and tshark show,
// without any setting, the Postgres messages of decrypted conversations. pgpi makes its log from it
// again.
//
// It guarantees:
//
//   - Every write is in the file as one packet, at its time, with everything else that the log
//     needs.
//   - The file is whole up to the last block that reached the disk, whenever pgpi ends.
//   - Only its owner can read it.
//   - Memory is bounded by the number of open connections.
//   - At most about half of what is written is repeated from an earlier file.
//
// Less formally: what was recorded can be read later as if one had been there, with pgpi or
// without.
//
// It must not know sockets, sessions or other sinks. It decides nothing and decodes nothing.
//
// Start reading at [Sink.Write]. conversation.go says what becomes a TCP conversation and why, and
// package recording has what is noted in addition to the bytes.
package pcapng

import (
	"crypto/rand"
	"fmt"
	"os"

	"pgpi/internal/event"
	"pgpi/internal/recording"
)

// Options are where and how to record.
type Options struct {
	// Path is the file. With Rotate, a number is inserted before its extension.
	Path string
	// Rotate is the size in bytes at which another file is begun, or 0 for one file of any size. A
	// file becomes larger if it must repeat more than half of that. Files is how many files are
	// kept, or 0 for all.
	Rotate int64
	Files  int
	// Overwrite replaces an existing file.
	Overwrite bool
	// File, if not nil, is written instead. Then Path is its name in errors.
	File *os.File
	// Redacted is set if secrets are blanked before events come here.
	Redacted bool
}

// Sink records events. It is not safe for concurrent use.
type Sink struct {
	options     Options
	section     recording.Section
	file        *file
	connections map[uint32]*connection
	owners      map[endpoints]uint32 // connections that have conversations between these ends
	sentence    []byte               // memory for the current sentence
}

// New creates the file. The error is for the user.
func New(o Options) (*Sink, error) {
	s := &Sink{
		options: o, connections: map[uint32]*connection{}, owners: map[endpoints]uint32{},
		section: recording.Section{ID: rand.Text(), File: 1, Redacted: o.Redacted, Noted: o.Redacted},
	}
	if err := o.checkSeries(); err != nil {
		return nil, err
	}
	return s, s.create(0)
}

// create makes the file of the current section. Initial sequence numbers continue from isns.
func (s *Sink) create(isns uint32) error {
	f, path := s.options.File, s.options.path(s.section.File)
	if f == nil {
		var err error
		if f, err = open(path, s.options.Overwrite); err != nil {
			return err
		}
	}
	file, err := begin(f, path, s.section, isns)
	if err != nil {
		return err
	}
	s.file = file
	return nil
}

// Write records events in order, and passes them to the system.
func (s *Sink) Write(events []event.Event) error {
	for i := range events {
		if err := s.add(&events[i]); err != nil {
			return fmt.Errorf("write the recording %s: %w", s.options.Path, err)
		}
	}
	if err := s.file.w.Flush(); err != nil {
		return fmt.Errorf("write the recording %s: %w", s.options.Path, err)
	}
	return nil
}

// Close ends the recording.
func (s *Sink) Close() error {
	if err := s.file.close(); err != nil {
		return fmt.Errorf("write the recording %s: %w", s.options.Path, err)
	}
	return nil
}

// add records one event. Exchanges are added up again when the recording is read.
func (s *Sink) add(e *event.Event) error {
	if e.IsNothing() || e.Kind == event.Exchanged || e.Kind == event.Pending || e.Kind == event.Found {
		return nil
	}
	if s.isFull() {
		if err := s.rotate(e.At); err != nil {
			return err
		}
	}
	c := s.connections[e.Conn]
	if c == nil {
		c = newConnection(e.Conn)
		s.connections[e.Conn] = c
	}
	var n recording.Note
	if s.options.Rotate > 0 {
		n.Inside = c.memory.inside(e, s.section.File)
		n.Opaque = c.memory.isLost(e, s.section.File)
		c.memory.observe(e, s.section.File)
	}
	c.clock.note(&n, e)
	s.file.zone.note(&n, e)
	switch e.Kind {
	case event.Said, event.Measured:
		return s.recordFact(c, e, n)
	case event.End:
		return s.end(c, e, n)
	}
	return s.data(c, e, n)
}

// data records bytes that a party or pgpi sent.
func (s *Sink) data(c *connection, e *event.Event, n recording.Note) error {
	v, sender, finished := s.conversationOf(c, e)
	if err := s.finish(e, finished); err != nil {
		return err
	}
	n.Left, n.OneByOne, n.Again, n.Inside = e.Left, e.OneByOne, e.Repeated, n.Inside || e.Inside
	n.CutOff, n.Opaque, n.Cut, n.Foreign = len(e.Data) == 0, n.Opaque || e.Opaque, e.Cut, e.Foreign
	n.Waited, n.Held, n.Stalled = e.Waited, e.Held, e.Stalled
	return s.send(c, v, sender, e, spansOf(e), n)
}

// spansOf returns the redacted spans of the messages in a write.
func spansOf(e *event.Event) (spans []event.Span) {
	if e.Kind != event.Traffic {
		return nil // all of it is blank, or nothing is
	}
	at := 0
	for i := range e.Messages {
		for _, s := range e.Messages[i].Redacted {
			spans = append(spans, event.Span{Start: at + s.Start, End: at + s.End, Kind: s.Kind})
		}
		at += len(e.Messages[i].Bytes)
	}
	return spans
}

// end ends one direction of what is relayed.
func (s *Sink) end(c *connection, e *event.Event, n recording.Note) error {
	v, sender, _ := s.conversationOf(c, e)
	if !v.begun {
		if err := s.file.open(v, e.At, beginning(c, &n)); err != nil {
			return err
		}
	}
	n.End, n.Broken = true, e.Broken
	return s.file.end(v, sender, e.At, n)
}

// recordFact records a sentence, and what it means for the conversations. Conversations that it
// ends are closed before it. Those that it breaks are closed after it.
func (s *Sink) recordFact(c *connection, e *event.Event, n recording.Note) error {
	if err := s.finish(e, c.learn(e.Fact)); err != nil {
		return err
	}
	s.sentence = recording.AppendSentence(s.sentence[:0], e)
	if err := s.file.sentence(s.sentence, e.At, n); err != nil {
		return err
	}
	switch f := e.Fact.(type) {
	case event.ConnectionLost:
		return s.breakLost(c, e, f)
	case event.Ended:
		delete(s.connections, e.Conn)
		s.release(c)
		return s.finish(e, c.clientLeg, c.serverLeg)
	}
	return nil
}

// finish ends conversations.
func (s *Sink) finish(e *event.Event, conversations ...*conversation) error {
	for _, v := range conversations {
		for end := range 2 {
			if v == nil || !v.begun {
				continue
			}
			if err := s.file.end(v, end, e.At, recording.Note{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// breakLost breaks the conversation that is lost.
func (s *Sink) breakLost(c *connection, e *event.Event, f event.ConnectionLost) error {
	for _, v := range []*conversation{c.clientLeg, c.serverLeg} {
		if v == nil || !v.begun {
			continue
		}
		if err := s.file.reset(v, endOf(f.Party), e.At); err != nil {
			return err
		}
	}
	return nil
}

func endOf(p event.Party) int {
	if p == event.Server {
		return serverEnd
	}
	return clientEnd
}
