package pgvalue

// tid prints the location of a row: Int32 block, Int16 number in it (tidsend in utils/adt/tid.c).
func (p *printer) tid() {
	p.string("(")
	p.uint(uint64(p.uint32()))
	p.string(",")
	p.uint(uint64(p.uint16()))
	p.string(")")
}

// lsn prints a position in the write-ahead log (pg_lsn_out in utils/adt/pg_lsn.c).
func (p *printer) lsn() { p.out = AppendLSN(p.out, p.uint64(), p.settings) }

// AppendLSN appends a position in the write-ahead log as the server prints it: 0/16B374D, and from
// server 19 on 0/016B374D (LSN_FORMAT_ARGS in access/xlogdefs.h). A nil s means the defaults.
func AppendLSN(dst []byte, lsn uint64, s *Settings) []byte {
	if s == nil {
		s = defaults
	}
	dst = appendUpperHex(dst, uint32(lsn>>32), 1)
	dst = append(dst, '/')
	if s.before(19) {
		return appendUpperHex(dst, uint32(lsn), 1)
	}
	return appendUpperHex(dst, uint32(lsn), 8)
}

// appendUpperHex appends a number in hexadecimal, with at least width digits.
func appendUpperHex(dst []byte, v uint32, width int) []byte {
	const digits = "0123456789ABCDEF"
	digit := 8
	for digit > width && v>>(4*(digit-1)) == 0 {
		digit--
	}
	for ; digit > 0; digit-- {
		dst = append(dst, digits[v>>(4*(digit-1))&15])
	}
	return dst
}

// snapshot prints a snapshot: Int32 count, Int64 xmin, Int64 xmax, and the transactions in progress
// between them. It is printed as xmin:xmax:xip,xip (pg_snapshot_send in utils/adt/xid8funcs.c).
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
