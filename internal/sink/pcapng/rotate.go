package pcapng

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/recording"
)

// path returns the name of a file of the recording.
func (o *Options) path(number int) string {
	if o.Rotate == 0 {
		return o.Path
	}
	extension := filepath.Ext(o.Path)
	return fmt.Sprintf("%s-%05d%s", o.Path[:len(o.Path)-len(extension)], number, extension)
}

// Writes reports whether a recording with these options may write to a file with that name.
func (o *Options) Writes(name string) bool {
	if o.Rotate == 0 {
		return sameName(name, o.Path)
	}
	start := strings.TrimSuffix(name, filepath.Ext(o.Path))
	number, err := strconv.Atoi(start[strings.LastIndexByte(start, '-')+1:])
	return err == nil && sameName(name, o.path(number))
}

// sameName reports whether two names are of the same file, links aside.
func sameName(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// isFull reports whether the current file has the size at which the next one is begun. It is at
// least twice what the file repeats: otherwise, with many connections, each event would begin
// another file, and the disk could not keep up.
func (s *Sink) isFull() bool {
	return s.options.Rotate > 0 && s.file.size >= max(s.options.Rotate, 2*s.file.begins)
}

// rotate begins the next file, removes the one that is too many, and repeats what is needed to read
// the new file by itself.
func (s *Sink) rotate(at time.Time) error {
	if err := s.file.close(); err != nil {
		return err
	}
	s.section.File++
	if err := s.create(s.file.isns); err != nil {
		return err
	}
	if old := s.section.File - s.options.Files; s.options.Files > 0 && old > 0 {
		if err := os.Remove(s.options.path(old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an old file of the recording: %w", err)
		}
	}
	live := slices.SortedFunc(maps.Values(s.connections), func(a, b *connection) int { return cmp.Compare(a.id, b.id) })
	for _, c := range live {
		if err := s.repeat(c, at); err != nil {
			return err
		}
	}
	s.file.begins = s.file.size
	return nil
}

// repeat says again what a reader must know about a connection. All its packets have the time of
// the new file's first, so that files stay in order.
func (s *Sink) repeat(c *connection, at time.Time) error {
	for i := range c.memory.said {
		if err := s.repeatFact(c, c.memory.said[i].Fact, at); err != nil {
			return err
		}
	}
	for _, v := range []*conversation{c.clientLeg, c.serverLeg} {
		if v != nil {
			v.begun, v.ended = false, [2]bool{}
		}
	}
	writes, joined := c.memory.repetition()
	for _, w := range writes {
		e := event.Event{At: at, Direction: w.direction, Data: w.data}
		v, sender, _ := s.conversationOf(c, &e)
		if err := s.send(c, v, sender, &e, w.spans, recording.Note{Repeated: true}); err != nil {
			return err
		}
	}
	if joined {
		return s.repeatFact(c, event.Joined{}, at)
	}
	return nil
}

// repeatFact says a fact again.
func (s *Sink) repeatFact(c *connection, f event.Fact, at time.Time) error {
	e := event.Event{At: at, Elapsed: at.Round(0).Sub(c.clock.opened), Conn: c.id, Kind: event.Said, Fact: f}
	n := recording.Note{Repeated: true, Elapsed: e.Elapsed, HasElapsed: true}
	s.file.zone.note(&n, &e)
	s.sentence = recording.AppendSentence(s.sentence[:0], &e)
	return s.file.sentence(s.sentence, at, n)
}

// send writes bytes, with their redacted spans, into a conversation, and begins the conversation if
// necessary.
func (s *Sink) send(c *connection, v *conversation, sender int, e *event.Event, spans []event.Span, n recording.Note) error {
	if !v.begun {
		if err := s.file.open(v, e.At, beginning(c, &n)); err != nil {
			return err
		}
	}
	n.Direction, n.Scripted = e.Direction, e.Direction > event.ServerToClient
	return s.file.data(v, sender, e.Data, spans, e.At, n)
}

// beginning returns the note for the first packet of a conversation, which may be the first of a
// connection.
func beginning(c *connection, n *recording.Note) recording.Note {
	return recording.Note{Connection: c.id, Repeated: n.Repeated, Elapsed: n.Elapsed, HasElapsed: n.HasElapsed}
}
