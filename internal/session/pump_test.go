package session

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// pump drives a tracker as the relay does: it holds what no piece has had yet, and
// checks each piece against what is promised of all.
type pump struct {
	tb      testing.TB
	tracker *Tracker
	framer  Framer    // of a relay, which has to find the same
	late    *Tracker  // which is given what the framer has found, and has to say the same
	pending [4][]byte // by stream
	fed     [4]int64
	passed  [4]int64
	seen    []sighting
	last    event.Message // of all, valid until the next
	losses  [4]int
}

// sighting is what a sink would see, cuts aside: a message or the loss of a
// direction.
type sighting struct {
	direction event.Direction
	typ       wire.Type
	state     wire.State
	bytes     string
	size      int64
	context   string
	settings  string
	exchange  uint32
	loss      Loss
}

func (s sighting) String() string {
	if s.loss != (Loss{}) {
		return fmt.Sprintf("%s lost at %d: %s", s.direction, s.loss.Offset, s.loss.Why)
	}
	return fmt.Sprintf("%s %s %v %.40q %d %s %s %d", s.direction, s.typ, s.state, s.bytes, s.size, s.context, s.settings, s.exchange)
}

// describe puts into words what a message is shown with.
func describe(c *event.Context) string {
	if c == nil {
		return ""
	}
	words := fmt.Sprintf("%q%q%v%d %s", c.SQL, c.Brief, c.ParameterTypes, c.Shortened, c.Relation)
	for _, column := range c.Columns {
		words += fmt.Sprintf(" %s:%d:%d:%t", column.Name, column.TypeOID, column.TypeModifier, column.Binary)
	}
	return words
}

// describeSettings puts into words what a message and its SQL are read by.
func describeSettings(m *event.Message) string {
	words := ""
	if m.Settings != nil {
		words = fmt.Sprintf("%q", *m.Settings)
	}
	if m.Context != nil && m.Context.Settings != nil {
		words += fmt.Sprintf(", SQL %q", *m.Context.Settings)
	}
	return words
}

// diff shows where two lists of sightings part.
func diff(got, want []sighting) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	return fmt.Sprintf("%d are alike, then\n got %v\nwant %v", i, got[i:min(i+1, len(got))], want[i:min(i+1, len(want))])
}

func newPump(tb testing.TB) *pump {
	tb.Helper()
	return &pump{tb: tb, tracker: New(nil), late: New(nil)}
}

// feed hands bytes to the tracker in chunks: cut says how many of the bytes that
// are left come next.
func (p *pump) feed(d event.Direction, b string, cut func(left int) int) {
	p.tb.Helper()
	i := place(d)
	p.fed[i] += int64(len(b))
	for len(b) > 0 {
		n := cut(len(b))
		p.pending[i] = append(p.pending[i], b[:n]...)
		b = b[n:]
		p.drain(d)
	}
}

// drain takes all pieces that the pending bytes hold.
func (p *pump) drain(d event.Direction) {
	p.tb.Helper()
	i := place(d)
	for {
		piece := p.tracker.Scan(d, p.pending[i])
		p.check(d, piece, p.pending[i])
		p.compare(d, p.framer.Scan(d, p.pending[i]), piece.Frame)
		if piece.Size > 0 {
			p.late.Kept = p.tracker.Kept
			p.repeat(d, piece, p.late.ScanFrame(d, p.pending[i][:piece.Size], nil))
		}
		if piece.Size == 0 {
			break
		}
		p.record(d, piece)
		p.pending[i] = p.pending[i][piece.Size:]
	}
	if len(p.pending[i]) > MaxHeld {
		p.tb.Fatalf("%s: %d bytes are held back", d, len(p.pending[i]))
	}
}

// end closes a direction and returns the size that its last message should have had.
func (p *pump) end(d event.Direction) int64 {
	p.tb.Helper()
	i := place(d)
	piece, want := p.tracker.End(d, p.pending[i])
	frame, wanted := p.framer.End(d, p.pending[i])
	again, _ := p.late.End(d, p.pending[i])
	p.repeat(d, piece, again)
	p.compare(d, frame, piece.Frame)
	if wanted != want {
		p.tb.Fatalf("%s: the end of a message of %d bytes, %d for the framer", d, want, wanted)
	}
	if piece.Size != len(p.pending[i]) {
		p.tb.Fatalf("%s: the end has %d of %d pending bytes", d, piece.Size, len(p.pending[i]))
	}
	p.check(d, piece, p.pending[i])
	p.record(d, piece)
	p.pending[i] = nil
	if p.passed[i] != p.fed[i] {
		p.tb.Fatalf("%s: %d of %d bytes are in a piece", d, p.passed[i], p.fed[i])
	}
	return want
}

// compare wants what a framer alone finds to be what the tracker finds.
func (p *pump) compare(d event.Direction, got, want Frame) {
	p.tb.Helper()
	var lost [2]Loss
	for i, f := range []*Frame{&got, &want} {
		if f.Lost != nil {
			lost[i], f.Lost = *f.Lost, nil
		}
	}
	if got != want || lost[0] != lost[1] {
		p.tb.Fatalf("%s: the framer has %+v %v, the tracker %+v %v", d, got, lost[0], want, lost[1])
	}
}

// repeat wants a tracker that gets frames to say what the tracker says that finds them.
func (p *pump) repeat(d event.Direction, want, got Piece) {
	p.tb.Helper()
	p.compare(d, got.Frame, want.Frame)
	if p.tracker.budget != nil {
		return // there may be less of it left
	}
	sight := func(m event.Message) sighting { return p.sight(d, m) }
	if a, b := sightings(got.Messages, sight), sightings(want.Messages, sight); !slices.Equal(a, b) {
		p.tb.Fatalf("%s: from a frame, %s", d, diff(a, b))
	}
}

func sightings(messages []event.Message, sight func(event.Message) sighting) (all []sighting) {
	for _, m := range messages {
		all = append(all, sight(m))
	}
	return all
}

func (p *pump) sight(d event.Direction, m event.Message) sighting {
	return sighting{
		d, m.Type, m.State, string(m.Bytes), m.Size, describe(m.Context), describeSettings(&m), m.Exchange, Loss{},
	}
}

// record copies what the next call may overwrite.
func (p *pump) record(d event.Direction, piece Piece) {
	i := place(d)
	p.passed[i] += int64(piece.Size)
	for _, m := range piece.Messages {
		p.last = m
		p.seen = append(p.seen, p.sight(d, m))
	}
	if piece.Lost != nil {
		p.losses[i]++
		p.seen = append(p.seen, sighting{direction: d, loss: *piece.Lost})
	}
}

func (p *pump) check(d event.Direction, piece Piece, pending []byte) {
	p.tb.Helper()
	if piece.Size < 0 || piece.Size > len(pending) {
		p.tb.Fatalf("%s: a piece of %d of %d bytes", d, piece.Size, len(pending))
	}
	var bytes []byte
	var size int64
	for _, m := range piece.Messages {
		bytes, size = append(bytes, m.Bytes...), size+m.Size
	}
	if len(piece.Messages) != piece.Count {
		p.tb.Fatalf("%s: %d messages in a piece of %d", d, len(piece.Messages), piece.Count)
	}
	if size != piece.Total && piece.Kind != event.Undecoded {
		p.tb.Fatalf("%s: messages of %d bytes in a piece of total %d", d, size, piece.Total)
	}
	switch piece.Kind {
	case event.Traffic:
		if string(bytes) != string(pending[:piece.Size]) {
			p.tb.Fatalf("%s: the messages do not tile the piece", d)
		}
	case event.Fragment:
		if len(piece.Messages) > 1 || len(bytes) > p.kept() {
			p.tb.Fatalf("%s: %d messages, %d bytes in a fragment", d, len(piece.Messages), len(bytes))
		}
	case event.Undecoded:
		if len(piece.Messages) > 0 || piece.Size != len(pending) {
			p.tb.Fatalf("%s: %d messages, %d of %d bytes undecoded", d, len(piece.Messages), piece.Size, len(pending))
		}
	case event.Nothing:
		if piece.Size > 0 {
			p.tb.Fatalf("%s: a piece without a kind", d)
		}
	}
	if piece.Lost != nil && (piece.Kind != event.Undecoded || p.losses[place(d)] > 0) {
		p.tb.Fatalf("%s: lost again: %v", d, *piece.Lost)
	}
	for i, b := range p.tracker.bigs {
		if b != nil && len(b.kept) > p.kept() {
			p.tb.Fatalf("stream %d keeps %d bytes, more than %d", i, len(b.kept), p.kept())
		}
	}
}

// kept is the most that may be kept of a message: its head at least.
func (p *pump) kept() int { return max(p.tracker.Kept, minKept) }

// Ways to cut a stream.

func whole(left int) int { return left }

func single(int) int { return 1 }

func everySoMany(n int) func(int) int {
	return func(left int) int { return min(n, left) }
}

// randomly cuts into pieces, some tiny and some large.
func randomly(seed uint64) func(int) int {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(left int) int {
		limit := []int{3, 20, 3000, 65000}[r.IntN(4)]
		return min(left, 1+r.IntN(limit))
	}
}

// typed puts the header in front of a body.
func typed(code byte, body string) string {
	b := binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))
	return string(b) + body
}

// packet is a packet without a type byte.
func packet(code uint32, rest string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(rest)+8))
	return string(binary.BigEndian.AppendUint32(b, code)) + rest
}

// types are those of what was seen.
func types(seen []sighting) []wire.Type {
	all := make([]wire.Type, len(seen))
	for i, s := range seen {
		all[i] = s.typ
	}
	return all
}

// fieldNames are all fields of what was seen.
func fieldNames(seen []sighting) []wire.Name {
	var all []wire.Name
	for _, s := range seen {
		m := wire.Message{Type: s.typ, State: s.state, Bytes: []byte(s.bytes), Size: s.size}
		for _, f := range wire.AppendFields(nil, &m) {
			all = append(all, f.Name)
		}
	}
	return slices.Compact(all)
}
