package pgvalue

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Extended statistics are sent as they are stored, in the byte order of the server's machine: magic
// number, type and count of items, 4 bytes each, and the items (statistics/mvdistinct.c and
// statistics/dependencies.c).
const (
	ndistinctMagic    = 0xa352bfa4
	dependenciesMagic = 0xb4549a2c
	statisticsType    = 1
)

// statisticsHeader returns the byte order and the count of items. Each item has at least size
// bytes.
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

// ndistinct prints pg_ndistinct, the distinct values of groups of columns. An item is a float8, an
// Int32 count, and Int16 columns. It is printed as [{"attributes": [1, 2], "ndistinct": 7}], up to
// server 18 as {"1, 2": 7} (pg_ndistinct_out in statistics/mvdistinct.c, from 19 on in
// utils/adt/pg_ndistinct.c).
func (p *printer) ndistinct() {
	order, n := p.statisticsHeader(ndistinctMagic, 12)
	old := p.settings.before(19)
	p.string(either(old, "{", "["))
	for i := range n {
		head := p.take(12)
		if head == nil {
			return
		}
		columns := p.columns(order, int64(order.Uint32(head[8:])))
		if i > 0 {
			p.string(", ")
		}
		p.string(either(old, `"`, `{"attributes": [`))
		p.numbers(columns)
		p.string(either(old, `": `, `], "ndistinct": `))
		p.int(int64(int32(math.Float64frombits(order.Uint64(head)))))
		p.string(either(old, "", "}"))
	}
	p.string(either(old, "}", "]"))
}

// dependencies prints pg_dependencies, how far columns determine another. An item is a float8, an
// Int16 count, and Int16 columns, the determined one last. It is printed as [{"attributes": [1],
// "dependency": 2, "degree": 1.000000}], up to server 18 as {"1 => 2": 1.000000}
// (pg_dependencies_out in statistics/dependencies.c, from 19 on in utils/adt/pg_dependencies.c).
func (p *printer) dependencies() {
	order, n := p.statisticsHeader(dependenciesMagic, 10)
	old := p.settings.before(19)
	p.string(either(old, "{", "["))
	for i := range n {
		head := p.take(10)
		if head == nil {
			return
		}
		columns := p.columns(order, int64(order.Uint16(head[8:])))
		if columns == nil {
			return
		}
		if i > 0 {
			p.string(", ")
		}
		last := len(columns) - 1
		p.string(either(old, `"`, `{"attributes": [`))
		p.numbers(columns[:last])
		p.string(either(old, " => ", `], "dependency": `))
		p.numbers(columns[last:])
		p.string(either(old, `": `, `, "degree": `))
		p.out = strconv.AppendFloat(p.out, math.Float64frombits(order.Uint64(head)), 'f', 6, 64)
		p.string(either(old, "", "}"))
	}
	p.string(either(old, "}", "]"))
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// columns reads n column numbers, at least one.
func (p *printer) columns(order binary.ByteOrder, n int64) []int16 {
	if n == 0 || n > int64(p.left()/2) {
		p.fail("count does not fit the length")
		return nil
	}
	b := p.take(2 * int(n))
	columns := make([]int16, 0, len(b)/2)
	for ; len(b) > 0; b = b[2:] {
		columns = append(columns, int16(order.Uint16(b)))
	}
	return columns
}

// numbers prints column numbers: 1, 2.
func (p *printer) numbers(columns []int16) {
	for i, column := range columns {
		if i > 0 {
			p.string(", ")
		}
		p.int(int64(column))
	}
}
