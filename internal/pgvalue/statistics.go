package pgvalue

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Extended statistics are sent as they are stored, in the byte order of the
// server's machine: magic number, type and count of items, 4 bytes each, and
// the items (statistics/mvdistinct.c and statistics/dependencies.c).
const (
	ndistinctMagic    = 0xa352bfa4
	dependenciesMagic = 0xb4549a2c
	statisticsType    = 1
)

// statisticsHeader returns the byte order and the count of items, each of which
// has at least size bytes.
func (p *printer) statisticsHeader(magic uint32, size int) (binary.ByteOrder, int) {
	at := p.at
	b := p.take(12)
	if b == nil {
		return binary.LittleEndian, 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if binary.BigEndian.Uint32(b) == magic {
		order = binary.BigEndian
	}
	if order.Uint32(b) != magic || order.Uint32(b[4:]) != statisticsType {
		p.failAt(at, "unknown magic number or type of statistics")
		return order, 0
	}
	n := order.Uint32(b[8:])
	if uint64(n) > uint64(p.left()/size) {
		p.failAt(at+8, "count does not fit the length")
		return order, 0
	}
	return order, int(n)
}

// ndistinct is pg_ndistinct, the distinct values of groups of columns. An item
// is a float8, an Int32 count, and Int16 columns.
func (p *printer) ndistinct() {
	order, n := p.statisticsHeader(ndistinctMagic, 12)
	p.string("{")
	for i := range n {
		head := p.take(12)
		if head == nil {
			return
		}
		columns := p.columns(order.Uint32(head[8:]))
		if i > 0 {
			p.string(", ")
		}
		p.string(`"`)
		for j := 0; j < len(columns); j += 2 {
			if j > 0 {
				p.string(", ")
			}
			p.int(int64(int16(order.Uint16(columns[j:]))))
		}
		p.string(`": `)
		p.int(int64(int32(math.Float64frombits(order.Uint64(head)))))
	}
	p.string("}")
}

// dependencies is pg_dependencies, how far columns determine another. An item
// is a float8, an Int16 count, and Int16 columns, the determined one last.
func (p *printer) dependencies() {
	order, n := p.statisticsHeader(dependenciesMagic, 10)
	p.string("{")
	for i := range n {
		head := p.take(10)
		if head == nil {
			return
		}
		columns := p.columns(uint32(order.Uint16(head[8:])))
		if i > 0 {
			p.string(", ")
		}
		p.string(`"`)
		for j := 0; j < len(columns); j += 2 {
			switch {
			case j > 0 && j == len(columns)-2:
				p.string(" => ")
			case j > 0:
				p.string(", ")
			}
			p.int(int64(int16(order.Uint16(columns[j:]))))
		}
		p.string(`": `)
		p.out = strconv.AppendFloat(p.out, math.Float64frombits(order.Uint64(head)), 'f', 6, 64)
	}
	p.string("}")
}

// columns returns n column numbers, two bytes each.
func (p *printer) columns(n uint32) []byte {
	if uint64(n) > uint64(p.left()/2) {
		p.fail("count does not fit the length")
		return nil
	}
	return p.take(2 * int(n))
}
