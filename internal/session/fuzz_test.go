package session

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// segment is what one party sends before another one does. In a fuzz input it is
// the direction, the length in two bytes and as many bytes; above directionCount
// the bytes are a filler of 16 times the length.
type segment struct {
	direction event.Direction
	bytes     string
}

const directionCount = 6

func parseSegments(b []byte) []segment {
	var all []segment
	total := 0
	for len(b) >= 3 && total < 1<<19 {
		d, n := b[0]%(2*directionCount), int(binary.BigEndian.Uint16(b[1:]))
		b = b[3:]
		s := segment{direction: event.Direction(d % directionCount)}
		if d >= directionCount {
			s.bytes = strings.Repeat("x", n*16%(1<<18))
		} else {
			n = min(n, len(b))
			s.bytes, b = string(b[:n]), b[n:]
		}
		total += len(s.bytes)
		all = append(all, s)
	}
	return all
}

func appendSegment(b []byte, d event.Direction, bytes string) []byte {
	b = binary.BigEndian.AppendUint16(append(b, byte(d)), uint16(len(bytes)))
	return append(b, bytes...)
}

// run feeds all segments, cut as cut says, ends all directions and returns what was seen.
func run(t *testing.T, all []segment, kept int, cut func(int) int) []sighting {
	t.Helper()
	p := newPump(t)
	p.tracker.Kept = kept
	var last [4]*event.Direction
	for _, s := range all {
		p.feed(s.direction, s.bytes, cut)
		last[place(s.direction)] = &s.direction
	}
	for _, d := range last {
		if d != nil {
			p.end(*d)
		}
	}
	return p.seen
}

// FuzzScan cuts the same streams in several ways, with the turns of the parties as
// they are, and wants the same messages, with the same context, settings and exchange,
// and the same losses each time.
func FuzzScan(f *testing.F) {
	for i, d := range dialogues {
		var b []byte
		for _, s := range d.steps {
			b = appendSegment(b, s.direction, s.bytes)
		}
		f.Add(b, uint64(i), uint16(100))
		f.Add(b[:len(b)/2], uint64(i), uint16(0))
	}
	for i, name := range slices.Sorted(maps.Keys(contextDialogues)) {
		b := appendSegment(appendSegment(nil, toServer, startup), toClient, ok+ready)
		for _, l := range contextDialogues[name] {
			b = appendSegment(b, l.direction, l.bytes)
		}
		f.Add(b, uint64(i), uint16(100))
	}
	greeting := "J\x00\x00\x00\n8.0.36\x00\x08\x00\x00\x00abcdefgh\x00"
	f.Add(appendSegment(appendSegment(nil, toClient, greeting), toServer, startup), uint64(2), uint16(0))
	f.Add(appendSegment(appendSegment(nil, toServer, sslRequest), toClient, greeting), uint64(2), uint16(0))
	filler := []byte{byte(toServer) + directionCount, 0x20, 0}
	large := appendSegment(appendSegment(nil, toServer, startup), toServer, typed('S', "")+"d\x00\x01\x86\xa0")
	f.Add(slices.Concat(large, filler, appendSegment(nil, toClient, ok+ready)), uint64(1), uint16(50))
	f.Add(slices.Concat(appendSegment(nil, toClient, "Eold"), []byte{byte(toClient) + directionCount, 0x20, 0}), uint64(1), uint16(50))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64, kept uint16) {
		all := parseSegments(b)
		length := 0
		for _, s := range all {
			length += len(s.bytes)
		}
		want := run(t, all, int(kept), whole)
		for _, cut := range []func(int) int{randomly(seed), randomly(seed + 1), everySoMany(length/4000 + 1 + int(seed%4000))} {
			if got := run(t, all, int(kept), cut); !slices.Equal(got, want) {
				t.Fatalf("cut differently, %s", diff(got, want))
			}
		}
		if length < 4000 {
			if got := run(t, all, int(kept), single); !slices.Equal(got, want) {
				t.Fatalf("byte by byte, %s", diff(got, want))
			}
		}
	})
}

// After any beginning of any dialogue, any bytes in any direction are taken, and cut
// differently they are the same.
func TestScanNonsense(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range dialogues {
		for n := range d.steps {
			var all []segment
			for _, s := range d.steps[:n] {
				all = append(all, segment{s.direction, s.bytes})
			}
			for direction := range event.Direction(directionCount) {
				all = append(all, segment{direction, nonsense(r, d.steps[n].bytes)})
			}
			want := run(t, all, 0, whole)
			if got := run(t, all, 0, single); !slices.Equal(got, want) {
				t.Fatalf("%s, step %d: byte by byte, %s", d.name, n, diff(got, want))
			}
		}
	}
}

// nonsense is a message with some of its bytes changed, or random bytes.
func nonsense(r *rand.Rand, message string) string {
	b := []byte(message)
	if len(b) == 0 || r.IntN(4) == 0 {
		b = make([]byte, 50)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
	}
	for range r.IntN(4) {
		b[r.IntN(len(b))] = byte(r.IntN(256))
	}
	return string(b)
}
