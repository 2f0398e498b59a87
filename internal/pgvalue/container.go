package pgvalue

import (
	"bytes"
	"math"
	"slices"
)

// maxDimensions is how many dimensions an array can have (MAXDIM in utils/array.h).
const maxDimensions = 6

const boxOID = 603

// dimension is the size of an array in one direction, and its first index.
type dimension struct {
	size, lower int32
}

// array prints an array: Int32 count of dimensions, Int32 flags, element type OID, per dimension
// Int32 size and Int32 lower bound, then the elements in row-major order, each with an Int32 length
// (array_send in utils/adt/arrayfuncs.c). The element type is the one in the value: a varchar[]
// cast to text[] is sent with the OID of text[].
func (p *printer) array() {
	at := p.at
	n := p.count(8)
	if n > maxDimensions {
		p.failAt(at, "more than 6 dimensions")
		return
	}
	if at = p.at; p.uint32() > 1 {
		p.failAt(at, "unknown array flags")
	}
	elem := p.uint32()
	var storage [maxDimensions]dimension
	dims := p.dimensions(storage[:n])
	if p.failed() {
		return
	}
	if len(dims) == 0 {
		p.string("{}")
		return
	}
	p.bounds(dims)
	p.elements(dims, elem)
}

// dimensions reads the dimensions, and checks that there can be that many elements. An array
// without elements has none.
func (p *printer) dimensions(dims []dimension) []dimension {
	if len(dims) == 0 {
		return nil
	}
	at, total := p.at, int64(1)
	for i := range dims {
		d := dimension{size: p.int32(), lower: p.int32()}
		if d.size < 0 || int64(d.lower)+int64(d.size) > math.MaxInt32 {
			p.failAt(at+8*i, "impossible dimension")
			return nil
		}
		dims[i] = d
		if total *= int64(d.size); total > int64(len(p.in)) {
			p.failAt(at+8*i, "more elements than bytes")
			return nil
		}
	}
	if total == 0 {
		return nil
	}
	if total > int64(p.left()/4) {
		p.failAt(at, "more elements than bytes")
	}
	return dims
}

// bounds prints [lower:upper] for each dimension, if any lower bound is not 1.
func (p *printer) bounds(dims []dimension) {
	if !slices.ContainsFunc(dims, func(d dimension) bool { return d.lower != 1 }) {
		return
	}
	for _, d := range dims {
		p.string("[")
		p.int(int64(d.lower))
		p.string(":")
		p.int(int64(d.lower) + int64(d.size) - 1)
		p.string("]")
	}
	p.string("=")
}

// elements prints a dimension and everything in it.
func (p *printer) elements(dims []dimension, elem uint32) {
	delimiter := byte(',')
	if elem == boxOID {
		delimiter = ';'
	}
	p.string("{")
	for i := range dims[0].size {
		if p.failed() {
			return
		}
		if i > 0 {
			p.out = append(p.out, delimiter)
		}
		if len(dims) > 1 {
			p.elements(dims[1:], elem)
			continue
		}
		n := int(p.int32())
		if n == -1 {
			p.string("NULL")
			continue
		}
		start := len(p.out)
		p.nested(n, elem)
		if b := p.out[start:]; len(b) == 0 || bytes.EqualFold(b, []byte("null")) ||
			bytes.ContainsAny(b, "\"\\{} \t\n\r\v\f") || bytes.IndexByte(b, delimiter) >= 0 {
			p.quote(start, '"', '\\')
		}
	}
	p.string("}")
}

// vector prints an int2vector or oidvector: an array whose elements are printed with spaces between
// them (utils/adt/int.c and utils/adt/oid.c).
func (p *printer) vector() {
	at := p.at
	n := p.count(8)
	p.uint32() // flags: there are no NULLs
	elem := p.uint32()
	var storage [1]dimension
	if n > 1 {
		p.failAt(at, "more than one dimension")
		return
	}
	dims := p.dimensions(storage[:n])
	if len(dims) == 0 {
		return
	}
	for i := range dims[0].size {
		if p.failed() {
			return
		}
		if i > 0 {
			p.string(" ")
		}
		p.nested(int(p.int32()), elem)
	}
}

// record prints a record: Int32 count of columns, and for each its type's OID, an Int32 length and
// the bytes (record_send in utils/adt/rowtypes.c).
func (p *printer) record() {
	n := p.count(8)
	p.string("(")
	for i := range n {
		if p.failed() {
			return
		}
		if i > 0 {
			p.string(",")
		}
		oid := p.uint32()
		size := int(p.int32())
		if size == -1 {
			continue // NULL is printed as nothing
		}
		start := len(p.out)
		p.nested(size, oid)
		if b := p.out[start:]; len(b) == 0 || bytes.ContainsAny(b, "\"\\(), \t\n\r\v\f") {
			p.quote(start, '"', '"')
		}
	}
	p.string(")")
}

// The flags of a range (utils/rangetypes.h).
const (
	rangeEmpty          = 0x01
	rangeLowerInclusive = 0x02
	rangeUpperInclusive = 0x04
	rangeLowerInfinite  = 0x08
	rangeUpperInfinite  = 0x10
)

// rangeOf prints a range: a byte of flags, then its bounds, each with an Int32 length (range_send
// in utils/adt/rangetypes.c).
func (p *printer) rangeOf(subtype uint32) {
	flags := p.byte()
	if flags&rangeEmpty != 0 {
		p.string("empty")
		return
	}
	if flags&rangeLowerInclusive != 0 && flags&rangeLowerInfinite == 0 {
		p.string("[")
	} else {
		p.string("(")
	}
	if flags&rangeLowerInfinite == 0 {
		p.bound(subtype)
	}
	p.string(",")
	if flags&rangeUpperInfinite == 0 {
		p.bound(subtype)
	}
	if flags&rangeUpperInclusive != 0 && flags&rangeUpperInfinite == 0 {
		p.string("]")
	} else {
		p.string(")")
	}
}

func (p *printer) bound(subtype uint32) {
	n := int(p.int32())
	start := len(p.out)
	p.nested(n, subtype)
	if b := p.out[start:]; len(b) == 0 || bytes.ContainsAny(b, "\"\\()[], \t\n\r\v\f") {
		p.quote(start, '"', '"')
	}
}

// multirange prints a multirange: Int32 count, and for each range an Int32 length and the range
// (multirange_send in utils/adt/multirangetypes.c).
func (p *printer) multirange(rangeOID uint32) {
	n := p.count(4)
	p.string("{")
	for i := range n {
		if p.failed() {
			return
		}
		if i > 0 {
			p.string(",")
		}
		p.nested(int(p.int32()), rangeOID)
	}
	p.string("}")
}
