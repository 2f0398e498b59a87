package insight

import (
	"bytes"
	"hash/maphash"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// asked are messages of a client about prepared statements, in order, of which it is not known yet
// whether they worked.
type asked struct {
	all   []request
	first int
	size  int // of those that wait, in the account
	// passed is set if some were passed over, so that it is not known whether they worked.
	passed bool
}

// request is a Parse, a Bind or a Close of a statement.
type request struct {
	kind     wire.Type
	exchange uint32
	named    bool
	name     uint64 // a hash, of a named one
	text     uint64 // as hashText returns it, where it is wanted
	size     int64
	shaped   *event.Shaped // may be nil
	bytes    int           // of memory
}

// maxAsked is how many such messages are remembered, and fewAsked for how many of them memory is
// kept. More are passed over.
const (
	maxAsked = 1000
	fewAsked = 32
)

var hashSeed = maphash.MakeSeed()

// add remembers a message.
func (a *asked) add(s *scope, r request) {
	if len(a.all)-a.first >= maxAsked {
		a.passed = true
		return
	}
	if a.first > 0 && len(a.all) == cap(a.all) {
		a.all, a.first = a.all[:copy(a.all, a.all[a.first:])], 0
	}
	if r.bytes = sizeOfRequest; r.shaped != nil {
		r.bytes += sizeOfTexts(r.shaped.Shape, r.shaped.Attributes)
	}
	a.all = append(a.all, r)
	a.size += r.bytes
	s.grow(r.bytes)
}

// readRequest reads a message. It reports whether it is about a prepared statement, and the server
// looks at it.
func readRequest(m *event.Message) (r request, ok bool) {
	if m.Skipped || m.Exchange == 0 {
		return r, false
	}
	body := m.Bytes[min(len(m.Bytes), wire.HeaderSize):]
	r = request{kind: m.Type, exchange: m.Exchange, size: m.Size}
	switch m.Type {
	case wire.Parse:
		if m.About != nil {
			r.shaped = m.About.Shaped
		}
	case wire.Bind:
		if _, body, ok = bytes.Cut(body, []byte{0}); !ok { // the portal
			return r, false
		}
	case wire.Close:
		if body, ok = bytes.CutPrefix(body, []byte{'S'}); !ok {
			return r, false
		}
	default:
		return r, false
	}
	name, _, ok := bytes.Cut(body, []byte{0})
	if r.named = len(name) > 0; r.named {
		r.name = maphash.Bytes(hashSeed, name)
	}
	return r, ok
}

// hashText returns a hash of what a Parse parses: its SQL, with the types of the parameters. It is 0
// if not all of that was seen.
func hashText(m *event.Message) uint64 {
	_, text, ok := bytes.Cut(m.Bytes[min(len(m.Bytes), wire.HeaderSize):], []byte{0})
	if !ok || m.Size != int64(len(m.Bytes)) || len(m.Redacted) > 0 {
		return 0
	}
	return maphash.Bytes(hashSeed, text)
}

// of returns the messages of an exchange that is over. They are valid until the next call of add.
func (a *asked) of(s *scope, x *exchange) []request {
	if len(a.all) == 0 {
		return nil
	}
	bytes := 0
	for ; a.first < len(a.all) && a.all[a.first].exchange < x.Number; a.first++ {
		bytes += a.all[a.first].bytes
		a.passed = true
	}
	first := a.first
	for ; a.first < len(a.all) && a.all[a.first].exchange == x.Number; a.first++ {
		bytes += a.all[a.first].bytes
	}
	a.size -= bytes
	s.grow(-bytes)
	all := a.all[first:a.first]
	if a.first == len(a.all) {
		a.reset(a.passed)
	}
	return all
}

// reset forgets everything.
func (a *asked) reset(passed bool) {
	*a = asked{all: a.all[:0], passed: passed}
	if cap(a.all) > fewAsked {
		a.all = nil
	}
}

// worked reports whether all that an exchange asked for worked, although it may have been undone.
func (x *exchange) worked() bool {
	return x.Outcome == event.Done || x.Outcome == event.Suspended || x.Outcome == event.RolledBack
}

// sayAfter is when it is said what a connection does all the time, if it does not end before.
const sayAfter = time.Minute
