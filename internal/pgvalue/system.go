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

// lsn is a place in the write-ahead log: 0/1A2B3C4 (pg_lsn_out in
// utils/adt/pg_lsn.c).
func (p *printer) lsn() {
	p.upperHex(p.uint32())
	p.string("/")
	p.upperHex(p.uint32())
}

func (p *printer) upperHex(v uint32) {
	start := len(p.out)
	p.out = strconv.AppendUint(p.out, uint64(v), 16)
	for i, c := range p.out[start:] {
		if c >= 'a' {
			p.out[start+i] = c - 'a' + 'A'
		}
	}
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
