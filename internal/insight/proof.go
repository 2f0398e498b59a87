package insight

import (
	"cmp"
	"slices"

	"pgpi/internal/sqltext"
)

// proves reports whether a run proves that its values are those of the result.
//
// A few values that are in a result, in the order of its rows, can be there by chance if the client
// asks for much else. And integers that count prove nothing: each table has rows 1, 2, 3. Of those,
// names have to say that they belong together, or more has to agree than that. Likewise some words.
func (r *run) proves(s *Stage, child *sqltext.Shape) bool {
	if r.distinct-slices.Max(r.paged[:]) < leastDistinct || !r.explains() {
		return false
	}
	atOnce := r.near && r.fresh && r.takesAll()
	if r.bits < hardlyChance && !r.sure && !atOnce {
		return false
	}
	c := &r.result.columns[r.column]
	if !c.isDense() && !r.counts() && !r.countsNames() && (!c.words || r.exact || r.takesAll()) {
		return true
	}
	switch s.relations.of(pair{r.result.shape, child, c.name, r.operand}) {
	case related:
		if r.direct || r.takesAll() || !c.isDense() && !r.countsNames() {
			return true
		}
	case likely:
		if r.exact && r.direct && r.takesAll() {
			return true
		}
	}
	// The order of rows that no counting makes.
	const leastUneven = 3
	return r.exact && r.uneven >= leastUneven
}

// counts reports whether the integers that the run took are close together, though others in the
// column may not be.
func (r *run) counts() bool {
	return r.result.columns[r.column].integers && r.wide < leastDistinct-1
}

// countsNames reports whether the values are text that counts: user1, user2, user3.
func (r *run) countsNames() bool {
	return r.before != 0 && r.steps == r.distinct-1 && r.uneven == 0 && r.step == 1
}

// hardlyChance is how unlikely it must be, in bits, that an order is chance, where it is not known
// that the statements belong to the result. A busy client asks for so much that what is one in a
// thousand happens.
const hardlyChance = 20

// explains reports whether all operands that vary come from the rows of the run.
func (r *run) explains() bool {
	for i, fits := range r.fits {
		if r.varies&(1<<i) != 0 && fits == 0 {
			return false
		}
	}
	return true
}

// takesAll reports whether the run took all values that are remembered, and isWhole whether these
// are all.
func (r *run) takesAll() bool { return r.distinct == r.result.columns[r.column].distinct }

func (r *run) isWhole() bool {
	return r.takesAll() && r.result.rows == int64(r.result.columns[r.column].kept)
}

// proven returns the runs that prove something: of those that overlap, that of the latest result.
// There are none if they are less than half of all executions, because then the order can be
// chance.
func (f *follower) proven(s *Stage) (all []run) {
	candidates := slices.Clone(f.runs)
	for i := range f.tracks {
		for _, r := range f.tracks[i].runs {
			if r.proves(s, f.shape) {
				candidates = append(candidates, r)
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b run) int {
		return cmp.Or(cmp.Compare(b.result.number, a.result.number), cmp.Compare(b.last-b.first, a.last-a.first), cmp.Compare(a.operand, b.operand), cmp.Compare(a.column, b.column))
	})
	covered := int32(0)
	for _, r := range candidates {
		if !slices.ContainsFunc(all, func(o run) bool { return r.first <= o.last && o.first <= r.last }) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b run) int { return cmp.Compare(a.first, b.first) })
	for i := range all {
		next := f.executions
		if i+1 < len(all) {
			next = all[i+1].first
		}
		if !all[i].leavesMemory() {
			next = all[i].last + 1
		}
		covered += next - all[i].first
	}
	if covered*2 < f.executions {
		return nil
	}
	return all
}

// leavesMemory reports whether a run took the last value that is remembered, but not the last row.
// What comes next can be of the rows after it.
func (r *run) leavesMemory() bool {
	c := &r.result.columns[r.column]
	return r.row == c.last && r.result.rows > int64(c.kept)
}
