package insight

import (
	"math/bits"
	"slices"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// memory is the results that are remembered of a client: the last two of each of its last shapes,
// and those that statements have begun to follow.
type memory struct {
	results []*result // in the order in which they were complete
	size    int
	begun   int // results
	// forgotten counts results, and halted bursts whose statements are not compared with results any
	// more, since all that was found out about that was forgotten.
	forgotten, halted int64
}

// Limits of the memory.
const (
	maxResultShapes = 16
	maxPerShape     = 2
	maxClientMemory = 256 << 10
	// fewRows is how many rows a result has at least that is remembered.
	fewRows = 5
)

// result is what is remembered of a result: the values in its first rows.
type result struct {
	holding
	memory   *memory
	shape    *sqltext.Shape
	number   int // in the order of the client's results
	evidence event.Evidence
	// at is when it was complete.
	at      time.Time
	rows    int64
	columns []column
	// followed is set if statements have begun to follow it. gone is set if it was forgotten.
	followed, gone bool
	// strangers counts what the client has asked since that takes no values of it, up to near.
	strangers int
	// unit is what it is part of, if that proves that statements belong together.
	unit uint64
}

// column is a column of a result.
type column struct {
	name   string
	hashes []uint64 // 0 for what can't be compared. They go if the result is forgotten.
	kept   int      // how many there are
	// least and most are the limits of its values, if all are integers, or of the integers at the end
	// of text that is the same otherwise.
	least, most int64
	integers    bool
	words       bool // short text is among them

	// What is found out when somebody looks for a value:
	places   []uint16 // a hash table of rows, from 1: the first with each value
	distinct int
	first    int32 // the first row with a value that can be compared
	last     int32 // the last such row
}

// remember keeps a result, if it can be one whose values others take.
func (s *Stage) remember(x *exchange) {
	r := x.rows
	if r.used == 0 || r.several || x.Shape == nil || !x.succeeded() {
		return
	}
	m := &x.conn.client.memory
	m.begun++
	found := &result{memory: m, shape: x.Shape, number: m.begun, evidence: x.evidence(), at: x.time(x.Times.Done), rows: r.count, unit: x.unit}
	found.of = found
	kept := len(r.hashes[0])
	size := sizeOfResult + sizeOfTexts(x.Shape, nil)
	all := make([]uint64, 0, kept*r.used)
	for i := range r.used {
		from := &r.columns[i]
		if !from.counted && !from.mixed {
			continue
		}
		start := len(all)
		all = append(all, r.hashes[i]...)
		c := column{
			name: x.inUTF8(r.known[from.index].Name), hashes: all[start:len(all):len(all)], kept: kept,
			least: from.least, most: from.most, integers: !from.mixed, words: from.words,
		}
		size += sizeOfColumn + len(c.name) + 8*kept + 2*places(kept) // the table is made later
		found.columns = append(found.columns, c)
	}
	m.results = append(m.results, found)
	m.size += size
	s.account.add(&found.holding, size)
	s.trim(m)
}

// succeeded reports whether what was asked was done, though it may have been undone later.
func (x *exchange) succeeded() bool {
	switch x.Outcome {
	case event.Done, event.RolledBack, event.Suspended:
		return true
	}
	return false
}

// trim forgets what is too much for a client: first what nobody follows.
func (s *Stage) trim(m *memory) {
	var shapes [maxResultShapes]*sqltext.Shape
	var counts [maxResultShapes]int
	n := 0
	for i := len(m.results) - 1; i >= 0; i-- {
		r := m.results[i]
		at := slices.Index(shapes[:n], r.shape)
		if at < 0 && n < maxResultShapes {
			shapes[n] = r.shape
			at, n = n, n+1
		}
		if at >= 0 {
			counts[at]++
		}
		if !r.followed && (at < 0 || counts[at] > maxPerShape) {
			s.forget(m, i)
		}
	}
	for m.size > maxClientMemory && len(m.results) > 0 {
		s.forget(m, max(0, slices.IndexFunc(m.results, func(r *result) bool { return !r.followed })))
	}
}

// forget forgets a result of a client.
func (s *Stage) forget(m *memory, i int) {
	r := m.results[i]
	m.results = slices.Delete(m.results, i, i+1)
	m.size -= r.size
	m.forgotten++
	s.account.remove(&r.holding)
	r.gone = true
	for i := range r.columns { // runs that have followed it need the rest
		r.columns[i].hashes, r.columns[i].places = nil, nil
	}
}

func (r *result) forget(s *Stage) { s.forget(r.memory, slices.Index(r.memory.results, r)) }

// releaseMemory forgets all results of a client that has ended.
func (s *Stage) releaseMemory(m *memory) {
	for len(m.results) > 0 {
		s.forget(m, len(m.results)-1)
	}
}

// unfollow ends that anybody follows results.
func (s *Stage) unfollow(m *memory) {
	for _, r := range m.results {
		r.followed = false
	}
	s.trim(m)
}

// near is how much else a client may have asked since a result.
const near = 10

// count counts an exchange among the strangers of the results that it takes no values of.
func (m *memory) count(x *exchange) {
	for _, r := range m.results {
		if r.strangers <= near && !(x.isChild() && !x.asked().Before(r.at) && r.hasAny(x.values)) { //nolint:staticcheck // it is easier to read like this
			r.strangers++
		}
	}
}

// asked returns when it was asked.
func (x *exchange) asked() time.Time { return x.time(x.Times.Asked) }

// hasAny reports whether any of some values is in the result.
func (r *result) hasAny(values []value) bool {
	for _, v := range values {
		for i := range r.columns {
			if v.usable && r.columns[i].find(v.hash) >= 0 {
				return true
			}
		}
	}
	return false
}

// find returns the first row with a value, or -1.
func (c *column) find(hash uint64) int32 {
	if c.places == nil {
		c.index()
	}
	for at := int(hash) & (len(c.places) - 1); c.places[at] != 0; at = (at + 1) & (len(c.places) - 1) {
		if row := int32(c.places[at]) - 1; c.hashes[row] == hash {
			return row
		}
	}
	return -1
}

// index makes the table.
func (c *column) index() {
	size := places(c.kept)
	c.places, c.first, c.last = make([]uint16, size), -1, -1
	for row, hash := range c.hashes {
		if hash == 0 {
			continue
		}
		if c.last = int32(row); c.first < 0 {
			c.first = int32(row)
		}
		at := int(hash) & (size - 1)
		for c.places[at] != 0 && c.hashes[c.places[at]-1] != hash {
			at = (at + 1) & (size - 1)
		}
		if c.places[at] == 0 {
			c.places[at] = uint16(row + 1)
			c.distinct++
		}
	}
}

// places returns how large the table of some rows is.
func places(rows int) int {
	const least = 8
	return max(least, 1<<bits.Len(uint(max(1, 2*rows-1))))
}

// after returns the next row whose value can be compared, or -1.
func (c *column) after(row int32) int32 {
	for row++; int(row) < len(c.hashes); row++ {
		if c.hashes[row] != 0 {
			return row
		}
	}
	return -1
}

// isDense reports whether many of the integers between its least and its most are in the column,
// as those that a sequence counts are, or a program that makes names. That a value is among them then means little.
func (c *column) isDense() bool {
	return c.integers && uint64(c.most-c.least) < sparse*uint64(c.distinct)
}

// sparse is how many integers there are for one that is in a column, if that is no chance.
const sparse = 16
