package pseudonym

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

const (
	// shortest is the minimum length in bytes of a value that must not be found again. Shorter ones
	// are part of other words by chance.
	shortest = 4
	// longest is how much of a value is remembered, in bytes: where all of a value is, its
	// beginning is.
	longest = 64
	// maxRemembered bounds how many values are remembered, and thereby memory: about 100 MB.
	maxRemembered = 2 << 20
	// prefixBits is the logarithm of the number of buckets for beginnings of values.
	prefixBits = 18
)

// seen remembers values by their hashes, so that they can be found in what is shown.
type seen struct {
	seed   maphash.Seed
	values map[uint64]struct{}
	// fields are values in binary format. They are only looked for as whole fields: four bytes of a
	// small number are in all other messages too.
	fields map[uint64]struct{}
	// lengths maps the hash of a value's first four bytes to the lengths of such values, one bit
	// each.
	lengths []uint64
	// forgotten counts values for which there was no room.
	forgotten int64
}

func newSeen() *seen {
	return &seen{
		seed: maphash.MakeSeed(), values: map[uint64]struct{}{}, fields: map[uint64]struct{}{},
		lengths: make([]uint64, 1<<prefixBits),
	}
}

// add remembers a value that must not be inside anything.
func (m *seen) add(value []byte) {
	value = value[:min(len(value), longest)]
	if len(value) < shortest || !m.put(m.values, value) {
		return
	}
	m.lengths[bucket(value)] |= 1 << (len(value) - shortest)
}

// addField remembers a value that must not be a whole field.
func (m *seen) addField(value []byte) {
	if len(value) >= shortest {
		m.put(m.fields, value)
	}
}

func (m *seen) put(to map[uint64]struct{}, value []byte) bool {
	h := maphash.Bytes(m.seed, value)
	if _, known := to[h]; !known && len(m.values)+len(m.fields) >= maxRemembered {
		m.forgotten++
		return false
	}
	to[h] = struct{}{}
	return true
}

// count returns how many values are remembered.
func (m *seen) count() int { return len(m.values) }

// find returns the first place in b, from an offset on, where there is a value, and the longest
// value there. The result is empty if there is none.
func (m *seen) find(b []byte, from int) (start, end int) {
	for at := from; at+shortest <= len(b); at++ {
		for lengths := m.lengths[bucket(b[at:])]; lengths != 0; {
			top := bits.Len64(lengths) - 1
			lengths &^= 1 << top
			if stop := at + top + shortest; stop <= len(b) && m.has(m.values, b[at:stop]) {
				return at, stop
			}
		}
	}
	return 0, 0
}

// holds reports whether b contains a value.
func (m *seen) holds(b []byte) bool {
	_, end := m.find(b, 0)
	return end > 0
}

// isField reports whether b is a remembered value in binary format.
func (m *seen) isField(b []byte) bool { return len(b) >= shortest && m.has(m.fields, b) }

func (m *seen) has(in map[uint64]struct{}, value []byte) bool {
	_, known := in[maphash.Bytes(m.seed, value)]
	return known
}

// bucket returns the place of values that begin with the first four bytes of b.
func bucket(b []byte) uint32 {
	return binary.LittleEndian.Uint32(b) * 2654435761 >> (32 - prefixBits)
}
