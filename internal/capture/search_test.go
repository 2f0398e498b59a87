package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// garbage makes bytes of five kinds that contain no messages. The worst look as if there were one
// at every other byte.
var garbage = map[string]func(r *rand.Rand, b []byte){
	"random": func(r *rand.Rand, b []byte) {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
	},
	"zeros": func(*rand.Rand, []byte) {},
	"text": func(r *rand.Rand, b []byte) {
		const words = "the quick brown fox jumps over the lazy dog, and so on. "
		for at := r.IntN(len(words)); len(b) > 0; at = 0 {
			b = b[copy(b, words[at:]):]
		}
	},
	"headers": func(r *rand.Rand, b []byte) { // each of which could begin a message that ends much later
		for i := range b {
			b[i] = [...]byte{'d', 0, 0, 'D', 0, 0, 'Q', 0, 0, 'T', 0, 1}[i%12]
		}
		for range len(b) / 1000 {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
	},
	"columns": func(r *rand.Rand, b []byte) { // rows of very many values, after which no message follows
		for len(b) > 0 {
			row := binary.BigEndian.AppendUint16([]byte{'D', 0, 0, 0, 0}, 300)
			for range 300 {
				row = append(row, 0, 0, 0, 1, byte(r.IntN(256)))
			}
			binary.BigEndian.PutUint32(row[1:], uint32(len(row)-1))
			b = b[copy(b, append(row, 0xff)):]
		}
	},
}

// TestGarbage counts the steps that it takes to find no message, and what waits in the meantime.
func TestGarbage(t *testing.T) {
	const size = 1 << 20
	for name, fill := range garbage {
		for _, segment := range []int{1, 1448, 60000} {
			t.Run(fmt.Sprintf("%s in segments of %d", name, segment), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				b := bytes.Repeat([]byte{0}, size)
				fill(r, b)
				var all searches
				var passed []byte
				s := newSearch(&all)
				most := 0
				passOver := func(b []byte) { passed = append(passed, b...) }
				for rest := b; len(rest) > 0; {
					n := min(segment, len(rest))
					if after, found := s.add(wire.Server, rest[:n], passOver); found {
						t.Fatalf("a message begins with %q", after[:min(len(after), 20)])
					}
					most = max(most, all.waiting)
					rest = rest[n:]
				}
				s.close(passOver)
				if !bytes.Equal(passed, b) || s.passed != size || all.waiting != 0 {
					t.Errorf("%d bytes were passed over, %d wait", len(passed), all.waiting)
				}
				const enough = size + maxCredit + 2*maxSearched
				if all.steps > enough || most > 4*maxSearched {
					t.Errorf("%d steps, and %d bytes that wait", all.steps, most)
				}
				t.Logf("%d steps, %d bytes that wait", all.steps, most)
			})
		}
	}
}

// TestManySearches has one limit for what all searches hold.
func TestManySearches(t *testing.T) {
	var all searches
	b := bytes.Repeat([]byte{0}, 100_000)
	garbage["headers"](rand.New(rand.NewPCG(1, 2)), b)
	passed := 0
	passOver := func(b []byte) { passed += len(b) }
	var searching []*search
	for range 1000 {
		s := newSearch(&all)
		searching = append(searching, s)
		for i := 0; i < len(b); i += 1000 {
			s.add(wire.Server, b[i:i+1000], passOver)
		}
	}
	if all.waiting > maxAllSearched+4*maxSearched {
		t.Errorf("%d bytes wait", all.waiting)
	}
	for _, s := range searching {
		s.close(passOver)
	}
	if passed != len(b)*len(searching) || all.waiting != 0 {
		t.Errorf("%d bytes were passed over, %d wait", passed, all.waiting)
	}
}

// TestFound finds the first message after garbage of each kind, however both are cut.
func TestFound(t *testing.T) {
	said := bytes.Join([][]byte{
		message('T', "\x00\x01c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00"),
		message('D', "\x00\x01\x00\x00\x00\x04text"), message('C', "SELECT 1\x00"), message('Z', "I"),
	}, nil)
	for name, fill := range garbage {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 3))
			b := bytes.Repeat([]byte{0}, 2000)
			fill(r, b)
			whole := slices.Concat(b, bytes.Repeat(said, 2*maxSearched/len(said)))
			var all searches
			s := newSearch(&all)
			passed := 0
			found := false
			var rest []byte
			for at := 0; at < len(whole) && !found; {
				n := min(1+r.IntN(3000), len(whole)-at)
				rest, found = s.add(wire.Server, whole[at:at+n], func(b []byte) { passed += len(b) })
				at += n
			}
			// If it looks as if there were messages, the first may seem to be part of another.
			if at := strings.Index(string(said)+string(said), string(rest[:min(len(rest), 5)])); !found || at < 0 || (passed-len(b)) < 0 {
				t.Errorf("%s, seed %d: found %v after %d bytes: %.30q", name, seed, found, passed, rest)
			}
		}
	}
}

func BenchmarkGarbage(b *testing.B) {
	for name, fill := range garbage {
		for _, segment := range []int{1448, 60000} {
			b.Run(fmt.Sprintf("%s/%d", name, segment), func(b *testing.B) {
				bytes := make([]byte, 4<<20)
				fill(rand.New(rand.NewPCG(1, 2)), bytes)
				b.SetBytes(int64(len(bytes)))
				for b.Loop() {
					var all searches
					s := newSearch(&all)
					for rest := bytes; len(rest) > 0; {
						n := min(segment, len(rest))
						s.add(wire.Server, rest[:n], func([]byte) {})
						rest = rest[n:]
					}
				}
			})
		}
	}
}
