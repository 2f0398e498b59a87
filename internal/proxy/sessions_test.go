package proxy_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// realSession is what a real client and a real server have said to each other (test/faults/record), after the
// StartupMessage.
type realSession struct {
	name                   string
	startup                string
	fromClient, fromServer []byte
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
		s := realSession{name: filepath.Base(path)}
		for line := range strings.Lines(string(text)) {
			who, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			bytes, err := strconv.Unquote(quoted)
			switch {
			case err != nil:
				t.Fatalf("%s: %v", path, err)
			case s.startup == "":
				s.startup = bytes
			case who == "client":
				s.fromClient = append(s.fromClient, bytes...)
			default:
				s.fromServer = append(s.fromServer, bytes...)
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

// mutator makes worse sessions of real ones.
type mutator struct {
	*rand.Rand
	messages int // how many it has made
}

// mutate changes a stream: bytes, lengths, and which messages there are, in which order.
func (m *mutator) mutate(stream []byte, from wire.Sender) []byte {
	messages := split(stream)
	if len(messages) > 40 { // a part is enough
		start := m.IntN(len(messages) - 40)
		messages = slices.Concat(messages[:10], messages[start:start+40])
	}
	var b []byte
	for _, message := range messages {
		for range 1 + m.IntN(3)/2 { // some come twice
			if m.IntN(10) > 0 { // some are missing
				b = append(b, m.mutateMessage(message, from)...)
				m.messages++
			}
		}
	}
	if m.IntN(8) == 0 {
		b = b[:m.IntN(len(b)+1)] // cut off
	}
	return b
}

// mutateMessage changes one message, or puts another in its place.
func (m *mutator) mutateMessage(message []byte, from wire.Sender) []byte {
	message = slices.Clone(message)
	body := min(wire.HeaderSize, len(message)-1)
	switch m.IntN(24) {
	case 0: // another type
		message[0] = byte(m.IntN(256))
	case 1: // another length, mostly a near one
		if len(message) >= wire.HeaderSize {
			length := int32(binary.BigEndian.Uint32(message[1:])) + int32(m.IntN(9)-4)<<(4*m.IntN(8))
			binary.BigEndian.PutUint32(message[1:], uint32(length))
		}
	case 2, 3, 4, 5: // other bytes
		for range 1 + m.IntN(4) {
			message[body+m.IntN(len(message)-body)] = byte(m.IntN(256))
		}
	case 6: // bytes that are too few or too many, with the length that is right
		message = append(message[:body+m.IntN(len(message)-body+1)], make([]byte, m.IntN(3)*m.IntN(100))...)
		if len(message) >= wire.HeaderSize {
			binary.BigEndian.PutUint32(message[1:], uint32(len(message)-1))
		}
	case 7: // any valid message
		types := wire.Types()
		for {
			if t := types[m.IntN(len(types))]; t.Code() != 0 && t.From() == from {
				return wire.Random(m.Rand, t, wire.State{}).Bytes
			}
		}
	case 8: // one too large to hold
		if m.IntN(10) == 0 {
			return []byte(fmt.Sprintf("%s%s", message[:1], binary.BigEndian.AppendUint32(nil, 100_004))) // what follows is in it
		}
	}
	return message
}
