package pgvalue

import "strconv"

// tid is a row's place: Int32 block, Int16 number in it (tidsend in
// utils/adt/tid.c).
func (p *printer) tid() {
	p.string("(")
	p.uint(uint64(p.uint32()))
	p.string(",")
	p.uint(uint64(p.uint16()))
	p.string(")")
}

func (p *printer) lsn() {
	high, low := p.uint32(), p.uint32()
	p.out = AppendLSN(p.out, uint64(high)<<32|uint64(low))
}

// AppendLSN appends a place in the write-ahead log as the server prints it: 0/1A2B3C4
// (pg_lsn_out in utils/adt/pg_lsn.c).
func AppendLSN(dst []byte, lsn uint64) []byte {
	dst = append(appendUpperHex(dst, lsn>>32), '/')
	return appendUpperHex(dst, lsn&0xffffffff)
}

func appendUpperHex(dst []byte, v uint64) []byte {
	start := len(dst)
	dst = strconv.AppendUint(dst, v, 16)
	for i, c := range dst[start:] {
		if c >= 'a' {
			dst[start+i] = c - 'a' + 'A'
		}
	}
	return dst
}

// snapshot is Int32 count, Int64 xmin, Int64 xmax, and the transactions in
// progress between them: xmin:xmax:xip,xip (pg_snapshot_send in
// utils/adt/xid8funcs.c).
func (p *printer) snapshot() {
	at := p.at
	n := int(p.int32())
	xmin, xmax := p.uint64(), p.uint64()
	if n < 0 || n > p.left()/8 {
		p.failAt(at, "count does not fit the length")
		return
	}
	p.uint(xmin)
	p.string(":")
	p.uint(xmax)
	p.string(":")
	for i := range n {
		if i > 0 {
			p.string(",")
		}
		p.uint(p.uint64())
	}
}
