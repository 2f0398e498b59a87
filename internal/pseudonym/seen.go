package pseudonym

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
)

const (
	// shortest is the length in bytes from which on a value must not be found again.
	// Shorter ones stand in other words by chance.
	shortest = 4
	// longest is how much of a value is remembered, in bytes: where all of it stands,
	// its beginning does.
	longest = 64
	// maxRemembered bounds the number of values that are remembered, and with it their
	// memory: some 100 MB.
	maxRemembered = 2 << 20
	// prefixBits is the logarithm of the number of buckets for beginnings of values.
	prefixBits = 18
)

// seen remembers values by their hashes, so that they can be found in what is shown.
type seen struct {
	seed   maphash.Seed
	values map[uint64]struct{}
	// fields are values in binary format: four bytes that are a small number stand in
	// all other messages too, and are only looked for as a whole field.
	fields map[uint64]struct{}
	// lengths has for the hash of four bytes, the first of a value, one bit for each
	// length that such values have.
	lengths []uint64
	// forgotten counts values that there was no room for.
	forgotten int64
}

func newSeen() *seen {
	return &seen{
		seed: maphash.MakeSeed(), values: map[uint64]struct{}{}, fields: map[uint64]struct{}{},
		lengths: make([]uint64, 1<<prefixBits),
	}
}

// add remembers a value that must not stand inside of anything.
func (m *seen) add(value []byte) {
	value = value[:min(len(value), longest)]
	if len(value) < shortest || !m.put(m.values, value) {
		return
	}
	m.lengths[bucket(value)] |= 1 << (len(value) - shortest)
}

// addField remembers a value that must not be a field of its own.
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

// count is how many values are remembered.
func (m *seen) count() int { return len(m.values) }

// find returns the first place, from an offset on, where a value stands in b, and the
// longest one there. It is empty where none does.
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

// holds reports whether a value stands in b.
func (m *seen) holds(b []byte) bool {
	_, end := m.find(b, 0)
	return end > 0
}

// isField reports whether b is a value in binary format.
func (m *seen) isField(b []byte) bool { return len(b) >= shortest && m.has(m.fields, b) }

func (m *seen) has(in map[uint64]struct{}, value []byte) bool {
	_, known := in[maphash.Bytes(m.seed, value)]
	return known
}

// bucket is the place of values that begin with the first four bytes of b.
func bucket(b []byte) uint32 {
	return binary.LittleEndian.Uint32(b) * 2654435761 >> (32 - prefixBits)
}
