package pgvalue

import (
	"encoding/binary"
	"math"
)

// fail says why the bytes from here on make no sense. The first reason counts, and nothing is read
// after it.
func (p *printer) fail(reason string) {
	if p.reason == "" {
		p.reason = reason
	}
}

// failAt is fail for bytes that were read already.
func (p *printer) failAt(offset int, reason string) {
	if p.reason == "" {
		p.reason, p.at = reason, offset
	}
}

// checkLength fails if the text has become longer than MaxText.
func (p *printer) checkLength() {
	if len(p.out) > p.limit {
		p.fail("its text would be too long")
	}
}

func (p *printer) failed() bool { return p.reason != "" }

// left returns how many bytes of the window are left to read.
func (p *printer) left() int { return p.end - p.at }

// take returns the next n bytes, or nil if there are fewer.
func (p *printer) take(n int) []byte {
	if p.failed() {
		return nil
	}
	if n < 0 || n > p.left() {
		p.fail("too short")
		return nil
	}
	b := p.in[p.at : p.at+n]
	p.at += n
	return b
}

// rest returns everything that is left.
func (p *printer) rest() []byte { return p.take(p.left()) }

// cstring returns the bytes up to the next NUL, without it.
func (p *printer) cstring() []byte {
	if p.failed() {
		return nil
	}
	for i := p.at; i < p.end; i++ {
		if p.in[i] == 0 {
			b := p.in[p.at:i]
			p.at = i + 1
			return b
		}
	}
	p.fail("string without its NUL")
	return nil
}

// The integers are in network byte order. If bytes are missing, they are 0.

func (p *printer) byte() byte {
	if b := p.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *printer) uint16() uint16 {
	if b := p.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (p *printer) uint32() uint32 {
	if b := p.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (p *printer) uint64() uint64 {
	if b := p.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (p *printer) int16() int16 { return int16(p.uint16()) }
func (p *printer) int32() int32 { return int32(p.uint32()) }
func (p *printer) int64() int64 { return int64(p.uint64()) }

func (p *printer) double() float64 { return math.Float64frombits(p.uint64()) }

// count reads an Int32 that says how many items of at least size bytes follow. It fails if that
// many can't fit into what is left, so that nothing loops over them.
func (p *printer) count(size int) int {
	at := p.at
	n := int(p.int32())
	if n < 0 || n > p.left()/size {
		p.failAt(at, "count does not fit the length")
		return 0
	}
	return n
}

// nested prints the next n bytes as a value of type oid.
func (p *printer) nested(n int, oid uint32) {
	if p.failed() {
		return
	}
	if n < 0 || n > p.left() {
		p.fail("nested value is longer than what is left")
		return
	}
	if p.depth == MaxDepth {
		p.fail("nested too deeply")
		return
	}
	end := p.end
	p.end = p.at + n
	p.depth++
	p.value(oid)
	p.depth--
	p.end = end
}
