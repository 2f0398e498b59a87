package capture

import (
	"pgpi/internal/wire"
)

// search looks for the first message in a stream whose beginning is not there. It
// believes a place only where whole messages of known types follow on each other
// without a byte that their grammar has no name for, and says what it passed over.
type search struct {
	bytes  []byte // of which nothing is known
	starts []int  // where packets begin in them: most begin with a message
	passed int64  // bytes that were given up
}

// Limits of a search.
const (
	// maxSearched is how much is held, in bytes.
	maxSearched = 128 << 10
	// enoughMessages is how many messages prove a place in the middle of a packet.
	enoughMessages = 3
)

// add looks for a place with more bytes at hand. Where there is none, offset is how
// many of the first bytes can't be one.
func (s *search) add(from wire.Sender, b []byte) (offset int, found bool) {
	s.starts = append(s.starts, len(s.bytes))
	s.bytes = append(s.bytes, b...)
	for _, start := range s.starts {
		if count, end := follow(from, s.bytes[start:]); count > 0 && (end == len(s.bytes)-start || count >= enoughMessages) {
			return start, true
		}
	}
	if len(s.bytes) < maxSearched {
		return 0, false
	}
	for start := range s.bytes {
		if count, _ := follow(from, s.bytes[start:]); count >= enoughMessages {
			return start, true
		}
	}
	return len(s.bytes) / 2, false
}

// pass gives up the first n bytes.
func (s *search) pass(n int) {
	s.passed += int64(n)
	s.bytes = s.bytes[:copy(s.bytes, s.bytes[n:])]
	kept := s.starts[:0]
	for _, start := range s.starts {
		if start >= n {
			kept = append(kept, start-n)
		}
	}
	s.starts = kept
}

// maxBelieved is the largest message that is believed in without having seen its end,
// in bytes: four bytes of text would be a larger length.
const maxBelieved = 16 << 20

// follow counts the whole and well-formed messages that follow on each other from the
// beginning of b, and where they end. It is 0 where what comes behind them can't be a
// message.
func follow(from wire.Sender, b []byte) (count, end int) {
	var memory [32]wire.Field
	for end < len(b) && count < enoughMessages {
		rest := b[end:]
		t := wire.Identify(from, rest)
		if t == wire.UnknownMessage {
			return 0, 0
		}
		size := wire.Size(rest)
		if size < 0 || size > maxBelieved {
			return 0, 0
		}
		if size == 0 || size > int64(len(rest)) {
			break
		}
		m := wire.Message{Type: t, Bytes: rest[:size], Size: size}
		if !wellFormed(wire.AppendFields(memory[:0], m)) {
			return 0, 0
		}
		count++
		end += int(size)
	}
	return count, end
}

// wellFormed reports whether each byte of a message has a place in its grammar.
func wellFormed(fields []wire.Field) bool {
	for _, f := range fields {
		switch f.Name {
		case wire.Malformed, wire.Trailing, wire.Unknown:
			return false
		}
	}
	return true
}
