package insight

import (
	"encoding/binary"
	"hash/maphash"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Limits on what is collected of a result.
const (
	maxColumns = 8
	maxRows    = 1000
	// smallRows is how many rows are not worth accounting for, and how many results of them.
	smallRows = 10
)

// rows collects what is needed of the rows of an exchange while they pass. It serves one exchange
// after another.
type rows struct {
	holding
	conn     *connection // if it is in the account
	exchange uint32
	count    int64
	// hash is that of all their bytes, however they were cut. gaps is set if some bytes were not
	// seen, or are redacted.
	hash maphash.Hash
	gaps bool
	// ended is set after a result, and several if a Query has more than one.
	ended, several bool
	// columns are those that can be compared, and hashes their values in the first rows, 0 for what
	// can't be. edges are the values in the first and the last row.
	known   []event.Column
	columns [maxColumns]collected
	used    int
	hashes  [maxColumns][]uint64
	edges   [2][maxColumns]uint64
}

// collected is a column whose values are collected.
type collected struct {
	index int
	form  form
	// least and most are the limits of its integers, or of those at the end of text that is the same
	// otherwise. counted is set if there is one, and mixed if there are other values.
	least, most    int64
	before         uint64 // of text, what is before the integers
	counted, mixed bool
	// words is set if there is short text that is not a number.
	words bool
}

// collect takes a message of the server.
func (s *Stage) collect(c *connection, m *event.Message) {
	switch m.Type {
	case wire.DataRow:
		if m.Exchange > c.passed {
			r := s.rowsOf(c, m.Exchange)
			if r.add(m); r.count > smallRows || len(c.rows) > smallRows {
				r.conn = c
				s.account.add(&r.holding, r.bytes()-r.size)
			}
		}
	case wire.CommandComplete:
		if n := len(c.rows); n > 0 && c.rows[n-1].exchange == m.Exchange {
			c.rows[n-1].ended = true
		}
	}
}

// rowsOf returns what is collected of an exchange.
func (s *Stage) rowsOf(c *connection, exchange uint32) *rows {
	n := len(c.rows)
	if n > 0 && c.rows[n-1].exchange == exchange {
		return c.rows[n-1]
	}
	if n >= maxPipelined {
		s.dropRows(c, c.rows[0].exchange)
	}
	var r *rows
	if n := len(s.spareRows); n > 0 {
		r, s.spareRows = s.spareRows[n-1], s.spareRows[:n-1]
	} else {
		r = new(rows)
		r.of = r
		r.hash.SetSeed(hashSeed)
	}
	r.exchange = exchange
	c.rows = append(c.rows, r)
	return r
}

// maxPipelined is how many exchanges of a connection can have rows before the first is over.
const maxPipelined = 1000

// takeRows returns what was collected of an exchange that is over, or nil if it had no rows. It
// stays valid until dropRows.
func (c *connection) takeRows(exchange uint32) *rows {
	for _, r := range c.rows {
		if r.exchange == exchange {
			return r
		}
	}
	return nil
}

// dropRows forgets what was collected of exchanges up to one.
func (s *Stage) dropRows(c *connection, exchange uint32) {
	n := 0
	for ; n < len(c.rows) && c.rows[n].exchange <= exchange; n++ {
		if r := c.rows[n]; r.conn != nil {
			s.account.remove(&r.holding)
			r.conn = nil
		}
		if len(s.spareRows) < maxSpareRows {
			c.rows[n].reset()
			s.spareRows = append(s.spareRows, c.rows[n])
		}
	}
	if n > 0 {
		c.rows = slices.Delete(c.rows, 0, n)
	}
	const few = 32
	if len(c.rows) == 0 && cap(c.rows) > few {
		c.rows = nil
	}
}

// maxSpareRows is how many are kept for later.
const maxSpareRows = 16

// bytes returns how much memory it takes.
func (r *rows) bytes() int {
	size := sizeOfRows
	for i := range r.used {
		size += 8 * cap(r.hashes[i])
	}
	return size
}

// forget forgets what was collected of an exchange, and of those before it. The rest of them is not
// collected, because a part of a result would be taken for the whole.
func (r *rows) forget(s *Stage) {
	c := r.conn
	for _, one := range c.rows {
		if one.exchange <= r.exchange && one.count >= fewRows && c.client != nil {
			c.client.memory.forgotten++
		}
	}
	c.passed = r.exchange
	s.dropRows(c, r.exchange)
}

func (r *rows) reset() {
	for i := range r.used {
		r.hashes[i] = r.hashes[i][:0]
	}
	r.hash.Reset()
	r.count, r.gaps, r.ended, r.several, r.known, r.used = 0, false, false, false, nil, 0
	r.edges = [2][maxColumns]uint64{}
}

// add takes a row, or a run of them.
func (r *rows) add(m *event.Message) {
	if r.count == 0 {
		r.choose(m)
	}
	r.several = r.several || r.ended
	n := 1 + int64(m.More)
	if len(m.Redacted) > 0 || m.Size != int64(len(m.Bytes)) {
		r.gaps = true
		r.skip(n)
		return
	}
	_, _ = r.hash.Write(m.Bytes) // never fails
	if r.used == 0 || r.several {
		r.count += n
		return
	}
	rest := m.Bytes
	for range n {
		size := wire.Size(rest)
		if size <= 0 || size > int64(len(rest)) {
			break
		}
		row := rest[:size]
		rest = rest[size:]
		if r.count++; r.count <= maxRows {
			r.read(row, true)
		}
		if len(rest) == 0 && r.count > maxRows {
			r.read(row, false)
		}
	}
}

// skip counts rows whose values are not known.
func (r *rows) skip(n int64) {
	for i := range r.used {
		for range min(n, max(0, maxRows-r.count)) {
			r.hashes[i] = append(r.hashes[i], 0)
		}
		r.edges[1][i] = 0
	}
	r.count += n
}

// choose chooses the columns of a result: those whose names say that they are keys or references, and
// the first ones of the others.
func (r *rows) choose(m *event.Message) {
	if m.Context == nil {
		return
	}
	r.known = m.Context.Columns
	others := maxColumns
	for i := range r.known {
		if column := &r.known[i]; isID(column) && formOf(column.TypeOID, column.Binary, false) != opaque {
			others = max(0, others-1)
		}
	}
	for i := range r.known {
		column := &r.known[i]
		f := formOf(column.TypeOID, column.Binary, false)
		switch {
		case f == opaque || r.used == maxColumns, !isID(column) && others == 0:
			continue
		case !isID(column):
			others--
		}
		r.columns[r.used] = collected{index: i, form: f}
		r.used++
	}
}

// isID reports whether a column is probably a key or a reference: id, order_id, orderId.
func isID(c *event.Column) bool {
	n := len(c.Name)
	return c.TypeOID == oidUUID || n >= 2 && c.Name[n-2]|0x20 == 'i' && c.Name[n-1]|0x20 == 'd' && c.TypeOID != oidBool
}

// read reads a row (documentation of DataRow: the number of values, and each with its length). The
// last row is also an edge.
func (r *rows) read(b []byte, keep bool) {
	const header = wire.HeaderSize + 2
	if len(b) < header {
		return
	}
	at, index := header, 0
	for i := range r.used {
		column := &r.columns[i]
		var v value
		for ; index <= column.index && len(b)-at >= 4; index++ {
			length := int(int32(binary.BigEndian.Uint32(b[at:])))
			at += 4
			if length < 0 || length > len(b)-at { // NULL
				v = value{}
				continue
			}
			if index == column.index {
				v = valueOf(column.form, b[at:at+length])
			}
			at += length
		}
		r.keep(i, v, keep)
	}
}

// keep keeps the value of a column in a row.
func (r *rows) keep(i int, v value, keep bool) {
	column := &r.columns[i]
	if !v.usable {
		v.hash = 0
	}
	r.edges[1][i] = v.hash
	if r.count == 1 {
		r.edges[0][i] = v.hash
	}
	if !keep {
		return
	}
	r.hashes[i] = append(r.hashes[i], v.hash)
	switch {
	case v.hash == 0:
		return
	case !v.counts(), column.counted && v.before != column.before:
		column.mixed = true
	case !column.counted:
		column.least, column.most, column.before, column.counted = v.number, v.number, v.before, true
	default:
		column.least, column.most = min(column.least, v.number), max(column.most, v.number)
	}
	column.words = column.words || v.isWord
}
