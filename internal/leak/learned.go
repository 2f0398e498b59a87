package leak

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"strings"
)

const (
	// shortest is the minimum length in bytes of a value that must not be found again. Of a value
	// longer than longest, only that many bytes are looked for.
	shortest = 4
	longest  = 64
	// maxValues bounds how many values are remembered, and thereby memory: 100 MB.
	maxValues = 2 << 20
)

// learned remembers values by their hashes.
type learned struct {
	seed maphash.Seed
	// texts must not be anywhere. fields must not be a whole field: four bytes of a small number
	// are part of many messages.
	texts, fields map[uint64]struct{}
	// lengths maps four bytes to the lengths of the texts that begin with them, one bit each.
	lengths map[uint32]uint64
	// beginnings has at least one bit for each of those four bytes. Most bytes in an output begin
	// no value.
	beginnings [1 << 16]uint64
	// room is how many more values can be remembered. forgotten counts those that could not.
	room, forgotten int64
}

func newLearned() *learned {
	return &learned{
		seed: maphash.MakeSeed(), room: maxValues,
		texts: map[uint64]struct{}{}, fields: map[uint64]struct{}{}, lengths: map[uint32]uint64{},
	}
}

// size returns the number of values.
func (m *learned) size() int { return len(m.texts) + len(m.fields) }

// addText remembers a text, if there is something in it to hide.
func (m *learned) addText(b []byte) {
	b = b[:min(len(b), longest)]
	if len(b) < shortest || !hasWords(b) || !m.put(m.texts, b) {
		return
	}
	four := binary.LittleEndian.Uint32(b)
	m.lengths[four] |= 1 << (len(b) - shortest)
	word, bit := beginning(four)
	m.beginnings[word] |= bit
}

// addField remembers the bytes of a value in binary format.
func (m *learned) addField(b []byte) {
	if len(b) >= shortest {
		m.put(m.fields, b)
	}
}

func (m *learned) put(to map[uint64]struct{}, b []byte) bool {
	hash := maphash.Bytes(m.seed, b)
	if _, known := to[hash]; known {
		return true
	}
	if m.room == 0 {
		m.forgotten++
		return false
	}
	m.room--
	to[hash] = struct{}{}
	return true
}

// hasText reports whether one of the texts is anywhere in b.
func (m *learned) hasText(b []byte) bool { return m.hasLongText(b, shortest) }

// hasLongText reports whether a text of no fewer bytes than least is anywhere in b.
func (m *learned) hasLongText(b []byte, least int) bool {
	for ; len(b) >= shortest; b = b[1:] {
		four := binary.LittleEndian.Uint32(b)
		if word, bit := beginning(four); m.beginnings[word]&bit == 0 {
			continue
		}
		for lengths := m.lengths[four]; lengths != 0; lengths &= lengths - 1 {
			n := bits.TrailingZeros64(lengths) + shortest
			if n >= least && n <= len(b) && m.has(m.texts, b[:n]) {
				return true
			}
		}
	}
	return false
}

// hasField reports whether b is a remembered value in binary format.
func (m *learned) hasField(b []byte) bool { return len(b) >= shortest && m.has(m.fields, b) }

func (m *learned) has(in map[uint64]struct{}, b []byte) bool {
	_, known := in[maphash.Bytes(m.seed, b)]
	return known
}

// beginning returns the place of four bytes in beginnings.
func beginning(four uint32) (word uint32, bit uint64) {
	spread := four * 0x9e3779b1 // 2^32 divided by the golden ratio
	return spread >> 16, 1 << (spread >> 10 & 63)
}

// hasWords reports whether a text has letters or digits. The constants of types with only two or
// three constants don't count.
func hasWords(b []byte) bool { return longestWord(b) > 0 }

// longestWord returns the length of the longest run of letters and digits that is not a constant.
func longestWord(b []byte) int {
	longest := 0
	for start := 0; start < len(b); start++ {
		end := start
		for end < len(b) && isAlphanumeric(b[end]) {
			end++
		}
		if n := end - start; n > longest && !isConstant(string(b[start:end])) {
			longest = n
		}
		start = end
	}
	return longest
}

func isConstant(word string) bool {
	return word == "NaN" || strings.EqualFold(word, "true") || strings.EqualFold(word, "false") || strings.EqualFold(word, "null")
}

// isAlphanumeric reports whether a byte is a letter or digit. Each byte beyond ASCII counts as part
// of a letter.
func isAlphanumeric(c byte) bool {
	return c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
