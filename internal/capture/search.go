package capture

import (
	"pgpi/internal/wire"
)

// search looks for the first message in a stream whose beginning is not there. It
// believes a place only where whole messages of known types follow on each other
// without a byte that their grammar has no name for, and says what it passed over.
type search struct {
	bytes  []byte // of which nothing is known
	places []place
	looked int   // how many of the bytes were looked at as a place
	passed int64 // bytes that were given up
}

// place is where a message may begin.
type place struct {
	offset int
	packet bool // a packet begins there: most begin with a message
}

// Limits of a search.
const (
	// maxSearched is how much is held, in bytes.
	maxSearched = 128 << 10
	// enoughMessages is how many messages prove a place, where the bytes do not end with
	// one. Then it takes fewer: enoughToEnd, or one where a packet begins.
	enoughMessages = 3
	enoughToEnd    = 2
)

// add looks for a place with more bytes at hand. Where there is none, offset is how
// many of the first bytes can't be one.
func (s *search) add(from wire.Sender, b []byte) (offset int, found bool) {
	start := len(s.bytes)
	s.bytes = append(s.bytes, b...)
	for ; s.looked+wire.HeaderSize <= len(s.bytes); s.looked++ {
		s.places = append(s.places, place{s.looked, s.looked == start})
	}
	possible := s.places[:0]
	for _, p := range s.places {
		count, end, ok := follow(from, s.bytes[p.offset:])
		if count >= enoughMessages || end == len(s.bytes)-p.offset && (count >= enoughToEnd || count > 0 && p.packet) {
			return p.offset, true
		}
		if ok {
			possible = append(possible, p)
		}
	}
	s.places = possible
	if len(s.bytes) < maxSearched {
		return 0, false
	}
	return len(s.bytes) / 2, false
}

// pass gives up the first n bytes.
func (s *search) pass(n int) {
	s.passed += int64(n)
	s.bytes = s.bytes[:copy(s.bytes, s.bytes[n:])]
	s.looked = max(0, s.looked-n)
	kept := s.places[:0]
	for _, p := range s.places {
		if p.offset >= n {
			kept = append(kept, place{p.offset - n, p.packet})
		}
	}
	s.places = kept
}

// maxBelieved is the largest message that is believed in without having seen its end,
// in bytes: four bytes of text would be a larger length.
const maxBelieved = 16 << 20

// follow counts the whole and well-formed messages that follow on each other from the
// beginning of b, and where they end. It is false where what comes behind them can't be
// a message.
func follow(from wire.Sender, b []byte) (count, end int, ok bool) {
	var memory [32]wire.Field
	for end < len(b) && count < enoughMessages {
		rest := b[end:]
		t := wire.Identify(from, rest)
		if t == wire.UnknownMessage {
			return 0, 0, false
		}
		size := wire.Size(rest)
		if size < 0 || size > maxBelieved {
			return 0, 0, false
		}
		if size == 0 || size > int64(len(rest)) {
			break
		}
		m := wire.Message{Type: t, Bytes: rest[:size], Size: size}
		if !wellFormed(wire.AppendFields(memory[:0], &m)) {
			return 0, 0, false
		}
		count++
		end += int(size)
	}
	return count, end, true
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
