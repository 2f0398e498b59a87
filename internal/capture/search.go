package capture

import (
	"slices"

	"pgpi/internal/wire"
)

// search looks for the first message in a stream whose beginning is not there. It accepts a place
// only if whole messages of known types follow each other from there, and their grammar covers
// every byte. It reports what it skipped.
//
// Whatever the bytes are, each costs a limited number of steps, and what waits is limited for all
// searches together. Places that would cost more are skipped. Later places are not.
type search struct {
	all    *searches
	bytes  []byte // from the first possible place on
	places []place
	looked int   // how many of the bytes were tried as a place
	passed int64 // bytes that were given up
	credit int   // steps that may be taken
	// latest is where the current packet begins. crumb is set if it is too small for its ends to
	// show where messages begin and end: some parties send byte by byte.
	latest int
	crumb  bool
}

// searches is what all searches share.
type searches struct {
	waiting int // bytes
	steps   int // taken
	fields  []wire.Field
}

// place is where a message may begin.
type place struct {
	offset int
	packet bool // a packet begins there, and most packets begin with a message
	count  int  // whole messages from here on
	end    int  // where they end
	need   int  // how many bytes are needed to say more
}

// Limits on a search.
const (
	// maxSearched is how much is held, in bytes, and so the size of the largest message that is
	// accepted. maxAllSearched is how much all searches hold.
	maxSearched    = 128 << 10
	maxAllSearched = 32 << 20
	// maxPlaces is how many places may be possible at a time.
	maxPlaces = 64
	// maxCredit is how many steps may be taken at once. Each byte allows one more.
	maxCredit = 32 << 10
	// enoughMessages is how many messages prove a place, unless the bytes end with one. Then fewer
	// are enough: enoughToEnd, or one if a packet begins there.
	enoughMessages = 3
	enoughToEnd    = 2
)

func newSearch(all *searches) *search { return &search{all: all, credit: maxCredit} }

// add looks for a place after more bytes have come. Bytes that can't be one, or are before one, go
// to passOver. If there is one, rest begins with it. Both are valid until the next call.
func (s *search) add(from wire.Sender, b []byte, passOver func([]byte)) (rest []byte, found bool) {
	s.credit = min(s.credit+len(b), maxCredit)
	s.latest, s.crumb = len(s.bytes), len(b) < wire.HeaderSize
	all := b
	if len(s.bytes) > 0 {
		all = append(s.bytes, b...) //nolint:gocritic // hold counts what has grown
		s.hold(all)
	}
	for i := range s.places {
		s.advance(from, &s.places[i], all)
	}
	s.look(from, all)
	for i := range s.places {
		if p := &s.places[i]; s.proves(p, len(all)) {
			s.giveUp(all[:p.offset], passOver)
			s.hold(nil)
			return all[p.offset:], true
		}
	}
	s.places = slices.DeleteFunc(s.places, func(p place) bool { return p.need == 0 })
	s.keep(all, s.firstPossible(len(all)), passOver)
	return nil, false
}

// proves reports whether a place is accepted, given so many bytes.
func (s *search) proves(p *place, size int) bool {
	if p.need == 0 {
		return false
	}
	ends := p.end == size && !s.crumb
	return p.count >= enoughMessages || ends && (p.count >= enoughToEnd || p.count > 0 && p.packet)
}

// firstPossible returns how many of the bytes can be given up.
func (s *search) firstPossible(size int) int {
	first := s.looked
	if len(s.places) > 0 {
		first = s.places[0].offset
	}
	switch {
	case size-first > maxSearched:
		return size - maxSearched/2
	case s.all.waiting+size-first-cap(s.bytes) > maxAllSearched:
		return s.looked
	}
	return first
}

// keep gives up the first bytes and holds the others.
func (s *search) keep(all []byte, first int, passOver func([]byte)) {
	if len(s.places) > 0 && s.places[0].offset == first && first < len(all)/2 {
		first = 0 // moving the others would cost more
	}
	s.giveUp(all[:first], passOver)
	if rest := all[first:]; cap(s.bytes) > 4*len(rest)+1<<10 {
		s.hold(slices.Clone(rest))
	} else {
		s.hold(append(s.bytes[:0], rest...))
	}
	s.looked = max(0, s.looked-first)
	s.latest -= first
	kept := s.places[:0]
	for _, p := range s.places {
		if p.offset >= first {
			kept = append(kept, place{p.offset - first, p.packet, p.count, p.end - first, p.need - first})
		}
	}
	s.places = kept
}

// hold changes what is held.
func (s *search) hold(b []byte) {
	s.all.waiting += cap(b) - cap(s.bytes)
	s.bytes = b
}

func (s *search) giveUp(b []byte, passOver func([]byte)) {
	s.passed += int64(len(b))
	if len(b) > 0 {
		passOver(b)
	}
}

// close gives up everything that is held.
func (s *search) close(passOver func([]byte)) {
	s.giveUp(s.bytes, passOver)
	s.hold(nil)
	s.places, s.looked = nil, 0
}

// look finds the places in new bytes.
func (s *search) look(from wire.Sender, all []byte) {
	sizes := &believedSizes[from]
	for ; s.looked+wire.HeaderSize <= len(all); s.looked++ {
		i := s.looked
		if all[i+1] != 0 || sizes[all[i]].most == 0 || s.credit < 0 || s.isEnd(i) {
			continue
		}
		p := place{offset: i, packet: i == s.latest && !s.crumb, end: i, need: i + wire.HeaderSize}
		if s.advance(from, &p, all); p.need > 0 && s.makeRoom(p.need) {
			s.places = append(s.places, p)
		}
	}
}

// isEnd reports whether an offset is already covered, because the next message of an earlier place
// would begin there.
func (s *search) isEnd(offset int) bool {
	for i := range s.places {
		if s.places[i].end == offset && s.places[i].need > 0 {
			return true
		}
	}
	return false
}

// makeRoom reports whether there is room for another place. If necessary, it drops one that would
// wait for more.
func (s *search) makeRoom(need int) bool {
	if len(s.places) < maxPlaces {
		return true
	}
	last := 0
	for i := range s.places {
		if s.places[i].need > s.places[last].need {
			last = i
		}
	}
	if s.places[last].need <= need {
		return false
	}
	s.places = slices.Delete(s.places, last, last+1)
	return true
}

// advance counts the whole and well-formed messages that follow each other from a place, as far as
// there are bytes. A place that is impossible needs nothing more.
func (s *search) advance(from wire.Sender, p *place, all []byte) {
	for p.need > 0 && p.need <= len(all) && p.count < enoughMessages {
		rest := all[p.end:]
		size := believedSize(from, rest)
		switch {
		case size == 0 || s.credit < 0:
			p.need = 0
		case size > len(rest):
			p.need = p.end + size
		case !s.wellFormed(from, rest[:size], int64(size)):
			p.need = 0
		default:
			p.count++
			p.end += size
			p.need = p.end + wire.HeaderSize
		}
	}
}

// fit looks for a place from which messages fill the current packet, including the missing bytes
// that were not captured. Then the place is accepted, as if the bytes were there.
func (s *search) fit(from wire.Sender, missing int64, passOver func([]byte)) (rest []byte, found bool) {
	for _, p := range s.places {
		if !p.packet && p.count == 0 || p.end >= len(s.bytes) {
			continue
		}
		last := s.bytes[p.end:]
		size := wire.Size(last)
		if size == int64(len(last))+missing && s.wellFormed(from, last, size) {
			all := s.bytes
			s.giveUp(all[:p.offset], passOver)
			s.hold(nil)
			return all[p.offset:], true
		}
	}
	return nil, false
}

// wellFormed reports whether the grammar covers each byte of a message, of which there may be only
// the beginning.
func (s *search) wellFormed(from wire.Sender, b []byte, size int64) bool {
	m := wire.Message{Type: wire.Identify(from, b), Bytes: b, Size: size}
	if m.Type == wire.UnknownMessage {
		return false
	}
	s.all.fields = wire.AppendFields(s.all.fields[:0], &m)
	s.credit -= 1 + len(s.all.fields)
	s.all.steps += 1 + len(s.all.fields)
	for _, f := range s.all.fields {
		switch f.Name {
		case wire.Malformed, wire.Trailing, wire.Unknown:
			return false
		}
	}
	return true
}

// sizes are the smallest and the largest size of a message that is accepted.
type sizes struct{ least, most int }

// believedSizes are the sizes of messages by sender and first byte. If most is 0, there is no such
// message.
var believedSizes = [2][256]sizes{wire.Client: sizesOf(wire.Client), wire.Server: sizesOf(wire.Server)}

func sizesOf(from wire.Sender) (all [256]sizes) {
	for _, t := range wire.Types() {
		if t.Code() != 0 && (t.From() == from || t.From() == wire.Either) {
			all[t.Code()] = sizes{wire.HeaderSize, maxSearched}
		}
	}
	for _, t := range []wire.Type{
		wire.Flush, wire.Sync, wire.Terminate, wire.CopyDone, wire.BindComplete, wire.CloseComplete, wire.EmptyQueryResponse,
		wire.NoData, wire.ParseComplete, wire.PortalSuspended,
	} {
		if t.From() == from || t.From() == wire.Either {
			all[t.Code()] = sizes{wire.HeaderSize, wire.HeaderSize}
		}
	}
	if from == wire.Server {
		all[wire.ReadyForQuery.Code()] = sizes{wire.HeaderSize + 1, wire.HeaderSize + 1}
	}
	return all
}

// believedSize returns the size of the message at the start of b, or 0 if there is none that is
// accepted.
func believedSize(from wire.Sender, b []byte) int {
	size := wire.Size(b)
	if limit := believedSizes[from][b[0]]; size < int64(limit.least) || size > int64(limit.most) {
		return 0
	}
	return int(size)
}
