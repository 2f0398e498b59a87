package insight

import (
	"cmp"
	"math"
	"slices"

	"pgpi/internal/sqltext"
)

// crowd compares what the statements of one shape ask for, on all connections of a client together,
// with the results that were there before. A burst has one for each shape.
type crowd struct {
	shape      *sqltext.Shape
	executions int32
	size       int // in the account
	newest     int
	tracks     []crowdTrack
	sets       []set // that are whole and prove something
	before     [maxOperands]uint64
}

type crowdTrack struct {
	result    *result
	explained int32 // as in a track
	misses    int
	sets      []set
}

// set is executions whose values are those of one column, in any order.
type set struct {
	run
	seen     []uint64 // the first rows of values that were taken, as bits
	children int
	places   []place
	disorder bool // on some connection, the values are not in the order of rows
	mixed    bool // on all of them together, neither
	overlaps int  // executions that began before another of them had ended
}

// place is how far one connection is in the rows.
type place struct {
	conn  uint32
	row   int32
	count int
}

// maxPlaces is how many connections a set can be on.
const maxPlaces = 100

// take takes an execution.
func (w *crowd) take(s *Stage, m *memory, x *exchange) {
	if len(w.sets) >= maxRuns {
		return
	}
	for i := 0; i < len(w.tracks); {
		if w.advance(s, &w.tracks[i], x) {
			i++
			continue
		}
		w.tracks = append(w.tracks[:i], w.tracks[i+1:]...)
	}
	newest := w.newest
	for i := len(m.results) - 1; i >= 0 && m.results[i].number > w.newest && len(w.tracks) < maxTracks; i-- {
		r := m.results[i]
		if r.shape == w.shape || x.asked().Before(r.at) {
			continue
		}
		newest = max(newest, r.number)
		t := crowdTrack{result: r, explained: w.executions}
		if r.rows > maxRows || w.start(s, &t, x) {
			w.tracks = append(w.tracks, t)
		}
	}
	w.newest = newest
	for i, v := range x.values {
		w.before[i] = v.hash
	}
	w.executions++
}

// bytes returns how much memory it takes.
func (w *crowd) bytes() int {
	size := sizeOfCrowd + sizeOfTrack*cap(w.tracks) + bytesOf(w.sets)
	for i := range w.tracks {
		size += bytesOf(w.tracks[i].sets)
	}
	return size
}

func bytesOf(sets []set) int {
	size := sizeOfSet * cap(sets)
	for i := range sets {
		size += 8*cap(sets[i].seen) + sizeOfPlace*cap(sets[i].places)
	}
	return size
}

// advance continues the sets of a track, or begins new ones. It reports whether the track goes on.
func (w *crowd) advance(s *Stage, t *crowdTrack, x *exchange) bool {
	kept, whole := t.sets[:0], false
	for i := range t.sets {
		one := &t.sets[i]
		if t.result.gone || !w.extend(one, x) {
			continue
		}
		if !one.isWhole() {
			kept = append(kept, *one)
			continue
		}
		if whole = true; one.proves(s, w.shape) {
			w.sets = append(w.sets, *one)
			if one.first <= t.explained {
				t.explained = one.last + 1
			}
		}
	}
	t.sets = kept
	if t.result.gone {
		return false
	}
	if len(t.sets) == 0 && !whole && !w.start(s, t, x) {
		t.misses++
	}
	return len(t.sets) > 0 || whole || t.misses < maxMisses
}

// start begins the sets that an execution can be the first of.
func (w *crowd) start(s *Stage, t *crowdTrack, x *exchange) bool {
	for operand, v := range x.values {
		if !v.usable || t.result.rows > maxRows {
			continue
		}
		for i := range t.result.columns {
			c := &t.result.columns[i]
			row := c.find(v.hash)
			if row < 0 || c.distinct < leastDistinct || len(t.sets) >= maxStarts {
				continue
			}
			if c.isDense() && s.relations.of(pair{t.result.shape, w.shape, c.name, operand}) == unrelated {
				continue
			}
			one := set{run: run{result: t.result, operand: operand, column: i, row: row, first: w.executions}}
			one.belong(x, t.explained == w.executions)
			one.began = x.asked()
			one.seen = make([]uint64, (c.kept+63)/64)
			for i := range x.values {
				one.fits[i] = 1<<len(t.result.columns) - 1
			}
			if w.addTo(&one, x, row) {
				t.sets = append(t.sets, one)
			}
		}
	}
	return len(t.sets) > 0
}

// extend adds an execution to a set, if it belongs to it.
func (w *crowd) extend(one *set, x *exchange) bool {
	v := x.values[one.operand]
	if !v.usable {
		return false
	}
	row := one.result.columns[one.column].find(v.hash)
	return row >= 0 && w.addTo(one, x, row)
}

// addTo adds an execution. A value is taken once, or not more often than it can be in the rows.
func (w *crowd) addTo(one *set, x *exchange, row int32) bool {
	c := &one.result.columns[one.column]
	if bit := uint64(1) << (row % 64); one.seen[row/64]&bit == 0 {
		one.seen[row/64] |= bit
		one.distinct++
	} else if c.distinct == c.kept || one.children >= c.kept {
		return false
	}
	if one.children++; one.children > 1 {
		one.mixed = one.mixed || row <= one.row
		if x.asked().Before(one.ended) {
			one.overlaps++
		}
	}
	one.row, one.last = row, w.executions
	if one.children > 1 {
		for i, v := range x.values {
			if v.hash != w.before[i] {
				one.varies |= 1 << i
			}
		}
	}
	one.fit(x.values)
	one.settle(x, row)
	if n := one.children - 1; n < len(one.evidence) {
		one.evidence[n] = x.evidence()
	}
	if one.distinct == leastDistinct {
		one.result.followed = true
	}
	if began := x.asked(); began.Before(one.began) {
		one.began = began
	}
	if ended := x.time(x.Times.Done); ended.After(one.ended) {
		one.ended = ended
	}
	return len(one.places) <= maxPlaces
}

// settle notes how far the connection is.
func (one *set) settle(x *exchange, row int32) {
	for i := range one.places {
		if p := &one.places[i]; p.conn == x.conn.number {
			one.disorder = one.disorder || row <= p.row
			p.row, p.count = row, p.count+1
			return
		}
	}
	one.places = append(one.places, place{x.conn.number, row, 1})
}

// proves reports whether a whole set proves that its values are those of the result. That it is
// whole is not enough: a few rows of a small table can be asked for by chance.
func (one *set) proves(s *Stage, child *sqltext.Shape) bool {
	if len(one.places) < 2 || !one.explains() {
		return false
	}
	c := &one.result.columns[one.column]
	if c.isDense() && s.relations.of(pair{one.result.shape, child, c.name, one.operand}) < related && !one.direct {
		return false
	}
	if one.chance() >= hardlyChance {
		return true
	}
	// Then they have to come at once, either side by side or in the order of rows.
	return (one.near && one.fresh || one.sure) && (!one.mixed || one.overlaps*2 >= one.children-1)
}

// chance returns how unlikely it is, in bits, that random rows are all rows, each once, and in order
// on each connection.
func (one *set) chance() float64 {
	n := float64(one.distinct)
	bits := n*math.Log2(n) - logFactorial(one.distinct)
	if !one.disorder {
		for _, p := range one.places {
			bits += logFactorial(p.count)
		}
	}
	return bits
}

func logFactorial(n int) float64 {
	g, _ := math.Lgamma(float64(n + 1))
	return g / math.Ln2
}

// proven returns the sets that prove something, the latest result first. There are none if they are
// less than half of all executions.
func (w *crowd) proven() (all []set) {
	covered := 0
	candidates := slices.Clone(w.sets)
	slices.SortStableFunc(candidates, func(a, b set) int { return cmp.Compare(b.result.number, a.result.number) })
	for i := range candidates {
		if one := &candidates[i]; !overlaps(all, one) {
			all = append(all, *one)
			covered += one.children
		}
	}
	if covered*2 < int(w.executions) {
		return nil
	}
	return all
}

func overlaps(all []set, one *set) bool {
	for i := range all {
		if o := &all[i]; one.first <= o.last && o.first <= one.last {
			return true
		}
	}
	return false
}
