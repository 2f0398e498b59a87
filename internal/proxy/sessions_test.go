package proxy_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// realSession is what a real client and a real server said to each other (test/faults/record),
// after the StartupMessage.
type realSession struct {
	startup string
	turns   []turn
}

// turn is what one party says until the other begins.
type turn struct {
	from wire.Sender
	said []byte
}

// stream returns everything that one party says.
func stream(turns []turn, from wire.Sender) (b []byte) {
	for _, t := range turns {
		if t.from == from {
			b = append(b, t.said...)
		}
	}
	return b
}

// realSessions reads those in testdata/sessions.
func realSessions(t testing.TB) []realSession {
	t.Helper()
	paths, err := filepath.Glob("testdata/sessions/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	var all []realSession
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var s realSession
		for line := range strings.Lines(string(text)) {
			who, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			said, err := strconv.Unquote(quoted)
			switch {
			case err != nil:
				t.Fatalf("%s: %v", path, err)
			case s.startup == "":
				s.startup = said
			case who == "client":
				s.turns = append(s.turns, turn{wire.Client, []byte(said)})
			default:
				s.turns = append(s.turns, turn{wire.Server, []byte(said)})
			}
		}
		all = append(all, s)
	}
	return all
}

// split cuts a stream into its messages.
func split(b []byte) (messages [][]byte) {
	for len(b) > 0 {
		size := wire.Size(b)
		if size <= 0 || size > int64(len(b)) {
			return append(messages, b)
		}
		messages = append(messages, b[:size:size])
		b = b[size:]
	}
	return messages
}

// mutator makes real sessions worse.
type mutator struct {
	*rand.Rand
	messages int // how many it has returned
	changed  int // how many of them are not as recorded
}

// mutate changes a session: bytes, which messages there are, and their order. In some sessions it
// also changes types and lengths, so that they are soon out of sync. The others are decoded to
// their end.
func (m *mutator) mutate(s realSession) conversation {
	c := conversation{startup: s.startup}
	framed := m.IntN(4) > 0
	for _, t := range s.turns {
		if m.IntN(20) > 0 { // some say nothing
			c.turns = append(c.turns, turn{t.from, m.mutateTurn(t, framed)})
		}
	}
	return c
}

func (m *mutator) mutateTurn(t turn, framed bool) (b []byte) {
	messages := split(t.said)
	if len(messages) > 40 { // a part is enough
		start := m.IntN(len(messages) - 40)
		messages = slices.Concat(messages[:10], messages[start:start+40])
	}
	for _, message := range messages {
		for range 1 + m.IntN(10)/9 { // some come twice
			if m.IntN(20) == 0 { // some are missing
				continue
			}
			mutated := m.mutateContent(message, t.from)
			if !framed {
				mutated = m.mutateFrame(mutated)
			}
			b = append(b, mutated...)
			m.messages++
			if !bytes.Equal(mutated, message) {
				m.changed++
			}
		}
	}
	if !framed && m.IntN(20) == 0 {
		b = b[:m.IntN(len(b)+1)] // cut off
	}
	return b
}

// mutateContent changes what is in a message, or puts another in its place.
func (m *mutator) mutateContent(message []byte, from wire.Sender) []byte {
	message = slices.Clone(message)
	if len(message) < wire.HeaderSize {
		return message
	}
	const body = wire.HeaderSize
	switch m.IntN(6) {
	case 0, 1: // other bytes
		for range 1 + m.IntN(4) {
			if len(message) > body {
				message[body+m.IntN(len(message)-body)] = m.anyByte()
			}
		}
	case 2: // too few or too many bytes, with the right length
		message = append(message[:body+m.IntN(len(message)-body+1)], make([]byte, m.IntN(3)*m.IntN(100))...)
		binary.BigEndian.PutUint32(message[1:], uint32(len(message)-1))
	case 3: // any valid message
		types := wire.Types()
		for {
			if t := types[m.IntN(len(types))]; t.Code() != 0 && t.From() == from {
				return wire.Random(m.Rand, t, wire.State{}).Bytes
			}
		}
	}
	return message
}

// anyByte often returns one that numbers and texts end with.
func (m *mutator) anyByte() byte {
	extremes := [...]byte{0, 1, 0x7f, 0x80, 0xff}
	if i := m.IntN(2 * len(extremes)); i < len(extremes) {
		return extremes[i]
	}
	return byte(m.IntN(256))
}

// mutateFrame changes where a message begins and ends.
func (m *mutator) mutateFrame(message []byte) []byte {
	if len(message) < wire.HeaderSize {
		return message
	}
	switch m.IntN(30) {
	case 0: // another type
		message[0] = byte(m.IntN(256))
	case 1: // another length, usually a similar one
		length := int32(binary.BigEndian.Uint32(message[1:])) + int32(m.IntN(9)-4)<<(4*m.IntN(8))
		binary.BigEndian.PutUint32(message[1:], uint32(length))
	case 2: // one that is too large to hold: what follows is in it
		if m.IntN(4) == 0 {
			binary.BigEndian.PutUint32(message[1:], 100_004)
		}
	}
	return message
}
