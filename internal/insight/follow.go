package insight

import (
	"math"
	"math/bits"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// follower compares what the statements of one shape on one connection ask for with the results
// that were there before. A burst has one for each shape and connection.
type follower struct {
	shape      *sqltext.Shape
	conn       uint32
	attributes []sqltext.Attribute
	executions int32
	size       int // in the account
	// durations are how long the round trips of the first executions took, NotSeen for one that
	// shares that of the execution before. roundTrip is the last.
	durations []time.Duration
	roundTrip uint32
	newest    int // the newest result it was compared with
	tracks    []track
	runs      []run // that are over and prove something
	before    [maxOperands]uint64
	// edges are those of the result before.
	edges [2][maxColumns]uint64
}

// track is a follower's way through one result.
type track struct {
	result *result
	// explained is the first execution since the result that no run has, which proves something.
	explained int32
	misses    int
	runs      []run
}

// run is executions, one after another, whose values follow the rows of one column.
type run struct {
	result          *result
	operand, column int
	// exact is set if the run is one execution a row, from the first row on. Otherwise its rows are
	// the first ones with their values, and rows may be left out.
	exact bool
	row   int32
	// fits are the columns, as bits, that have the values of each operand in the same rows. varies
	// are the operands, as bits, whose values differ.
	fits   [maxOperands]uint8
	varies uint16
	// first and last are places among the executions.
	first, last int32
	distinct    int
	// paged counts the values that were in a column of the first or last row of the result before.
	paged [maxColumns]int
	// uneven counts the steps between integers that differ from the step before, and wide those over
	// many integers that are not in the column.
	number, step int64
	before       uint64 // of text, what is before the integer at its end
	steps        int
	uneven, wide int
	// direct is set if nothing else was asked since the result, near if not much else was, and sure
	// if comments or a transaction prove that they belong together.
	direct, near, sure bool
	// fresh is set if nothing of its shape was asked between the result and the run, or only what
	// runs before it explain.
	fresh bool
	// bits is how much less likely the order is than that of random rows usually is.
	bits       float64
	roundTrips int64
	began      time.Time
	ended      time.Time
	evidence   [3]event.Evidence // of its first executions
}

// Limits of what is followed.
const (
	leastDistinct = 5
	maxFollowers  = 500 // of a burst
	maxTracks     = 32  // of a follower
	maxStarts     = 16  // runs in a track
	maxRuns       = 200 // of a follower
	maxMisses     = 4   // values that are not in a result, before one is
	maxDurations  = 1000
)

// take takes an execution.
func (f *follower) take(s *Stage, m *memory, x *exchange) {
	if len(f.runs) >= maxRuns {
		return // what is known is enough
	}
	for i := 0; i < len(f.tracks); {
		if t := &f.tracks[i]; f.advance(s, t, x) {
			i++
			continue
		}
		f.tracks = append(f.tracks[:i], f.tracks[i+1:]...)
	}
	f.discover(s, m, x)
	for i, v := range x.values {
		f.before[i] = v.hash
	}
	if x.rows != nil {
		f.edges = x.rows.edges
	} else {
		f.edges = [2][maxColumns]uint64{}
	}
	if len(f.durations) < maxDurations {
		f.durations = append(f.durations, f.awaited(x))
	}
	f.roundTrip = x.RoundTrip
	f.executions++
}

// bytes returns how much memory it takes.
func (f *follower) bytes() int {
	size := sizeOfFollower + sizeOfTexts(f.shape, f.attributes) + 8*cap(f.durations) + sizeOfRun*cap(f.runs) + sizeOfTrack*cap(f.tracks)
	for i := range f.tracks {
		size += sizeOfRun * cap(f.tracks[i].runs)
	}
	return size
}

// awaited returns how long a round trip took that an execution began, maybe after a BEGIN, and
// otherwise NotSeen.
func (f *follower) awaited(x *exchange) time.Duration {
	if x.RoundTrip == f.roundTrip || x.Times.Asked == event.NotSeen || x.Times.Done == event.NotSeen {
		return event.NotSeen
	}
	return x.Times.Done - x.Times.Asked
}

// advance continues the runs of a track, or begins new ones. It reports whether the track goes on.
func (f *follower) advance(s *Stage, t *track, x *exchange) bool {
	kept := t.runs[:0]
	for i := range t.runs {
		r := &t.runs[i]
		if !t.result.gone && f.extend(r, x) {
			kept = append(kept, *r)
		} else if r.proves(s, f.shape) && len(f.runs) < maxRuns {
			f.runs = append(f.runs, *r)
			if r.first <= t.explained {
				t.explained = max(t.explained, r.last+1)
			}
		}
	}
	t.runs = kept
	if t.result.gone {
		return false
	}
	if len(t.runs) == 0 && !f.start(s, t, x) {
		t.misses++
	}
	return len(t.runs) > 0 || t.misses < maxMisses
}

// discover begins to follow results that are new.
func (f *follower) discover(s *Stage, m *memory, x *exchange) {
	newest := f.newest
	for i := len(m.results) - 1; i >= 0 && m.results[i].number > f.newest && len(f.tracks) < maxTracks; i-- {
		r := m.results[i]
		if r.shape == f.shape || x.asked().Before(r.at) {
			continue // one that is not complete may be the next time
		}
		newest = max(newest, r.number)
		t := track{result: r, explained: f.executions}
		if !f.start(s, &t, x) {
			t.misses++
		}
		f.tracks = append(f.tracks, t)
	}
	f.newest = newest
}

// start begins the runs of a track that an execution can be the first of.
func (f *follower) start(s *Stage, t *track, x *exchange) bool {
	for operand, v := range x.values {
		if !v.usable {
			continue
		}
		for i := range t.result.columns {
			c := &t.result.columns[i]
			row := c.find(v.hash)
			if row < 0 || c.distinct < leastDistinct || len(t.runs) >= maxStarts {
				continue
			}
			names := s.relations.of(pair{t.result.shape, f.shape, c.name, operand})
			if names == related || !c.isDense() {
				f.begin(t, x, run{operand: operand, column: i, row: row})
			}
			if row == c.first {
				f.begin(t, x, run{operand: operand, column: i, row: row, exact: true})
			}
		}
	}
	return len(t.runs) > 0
}

// begin begins a run.
func (f *follower) begin(t *track, x *exchange, r run) {
	v := x.values[r.operand]
	r.result, r.first, r.last, r.distinct, r.number, r.before = t.result, f.executions, f.executions, 1, v.number, v.before
	r.belong(x, t.explained == f.executions)
	r.began = x.asked()
	for i := range x.values {
		r.fits[i] = 1<<len(t.result.columns) - 1
	}
	r.fit(x.values)
	r.add(x, true)
	t.runs = append(t.runs, r)
}

// belong notes how the first execution belongs to the result.
func (r *run) belong(x *exchange, fresh bool) {
	r.direct = r.result.strangers == 0
	r.near, r.fresh = r.result.strangers <= near, fresh
	r.sure = x.unit != 0 && x.unit == r.result.unit
}

// add adds an execution, with the round trip that it is part of unless that was counted.
func (r *run) add(x *exchange, waits bool) {
	if n := int(r.last - r.first); n < len(r.evidence) {
		r.evidence[n] = x.evidence()
	}
	if waits {
		r.roundTrips++
	}
	if r.distinct == leastDistinct-1 {
		r.result.followed = true
	}
	r.ended = x.time(x.Times.Done)
}

// fit leaves the columns that have the values in the row.
func (r *run) fit(values []value) {
	for i, v := range values {
		for rest := r.fits[i]; rest != 0; rest &= rest - 1 {
			at := bits.TrailingZeros8(rest)
			if hash := r.result.columns[at].hashes[r.row]; hash != v.hash || hash == 0 {
				r.fits[i] &^= 1 << at
			}
		}
	}
}

// extend continues a run with an execution, if it can.
func (f *follower) extend(r *run, x *exchange) bool {
	v := x.values[r.operand]
	if !v.usable {
		return false
	}
	c := &r.result.columns[r.column]
	row, found := r.next(c, v.hash)
	if !found {
		return false
	}
	if row != r.row && (!r.exact || c.find(v.hash) == row) {
		f.step(r, v, row-r.row)
		// A random row is as near as this one, or nearer, with this probability. The logarithms of
		// such probabilities have a mean of 1/ln 2.
		r.bits += math.Log2(float64(c.kept)/float64(row-r.row)) - 1/math.Ln2
	}
	r.row = row
	for i, other := range x.values {
		if other.hash != f.before[i] {
			r.varies |= 1 << i
		}
	}
	r.fit(x.values)
	r.last = f.executions
	r.add(x, x.RoundTrip != f.roundTrip)
	return true
}

// next returns the row for a value.
func (r *run) next(c *column, hash uint64) (row int32, found bool) {
	if !r.exact {
		row = c.find(hash)
		return row, row >= r.row
	}
	if next := c.after(r.row); next >= 0 && c.hashes[next] == hash {
		return next, true
	}
	return r.row, c.hashes[r.row] == hash
}

// step counts a new value, some rows after the one before.
func (f *follower) step(r *run, v value, rows int32) {
	r.distinct++
	if v.counts() {
		step := v.number - r.number
		if r.steps > 0 && step != r.step || v.before != r.before {
			r.uneven++
		}
		if max(step, -step) >= sparse*int64(rows) {
			r.wide++
		}
		r.number, r.before, r.step = v.number, v.before, step
		r.steps++
	}
	for i := range r.paged {
		if f.edges[0][i] == v.hash || f.edges[1][i] == v.hash {
			r.paged[i]++
		}
	}
}
