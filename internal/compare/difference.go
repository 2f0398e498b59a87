package compare

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Difference is what differs between two reports.
type Difference struct {
	Old, New *Report
	// Total is set if the sums of everything differ.
	Total *Change
	// Added are shapes that only the new report has, and Gone those that only the old one has.
	Added, Gone []*Group
	// Changed are shapes with other numbers, and ChangedOthers are groups that are not shapes.
	Changed, ChangedOthers []*Change
	// Findings are compared if both reports have looked for them, but not how often they were found:
	// that depends on where a burst ends, and so on times.
	AddedFindings, GoneFindings []*Finding
	measures                    []Measure
}

// Change is a group whose numbers differ.
type Change struct {
	ID, SQL  string
	Old, New Sums
}

// Measure is a number that is compared.
type Measure int

// Measures. Bytes are those sent and received.
const (
	Calls Measure = iota
	Errors
	Rows
	Sent
	Received
	Time
	Bytes
)

// Of returns the number.
func (m Measure) Of(s *Sums) int64 {
	return [...]int64{s.Calls, s.Errors, s.Rows, s.Sent, s.Received, int64(s.Time), s.Sent + s.Received}[m]
}

// String returns the name, as in "calls".
func (m Measure) String() string {
	return [...]string{"calls", "errors", "rows", "sent", "received", "time", "bytes"}[m]
}

// Reports compares two reports. Shapes are ordered by how much they differ in a measure. Times are
// compared only if that is the measure.
func Reports(was, is *Report, by Measure) *Difference {
	d := &Difference{Old: was, New: is, measures: []Measure{Calls, Errors, Rows, Sent, Received}}
	if by == Time {
		d.measures = append(d.measures, Time)
	}
	total := &Change{Old: was.Total, New: is.Total}
	if len(d.Differing(total)) > 0 {
		d.Total = total
	}
	for id, g := range is.Shapes {
		before := was.Shapes[id]
		if before == nil {
			d.Added = append(d.Added, g)
			continue
		}
		d.Changed = d.appendChange(d.Changed, &Change{id, g.SQL, before.Sums, g.Sums})
	}
	for id, g := range was.Shapes {
		if is.Shapes[id] == nil {
			d.Gone = append(d.Gone, g)
		}
	}
	d.compareOthers()
	d.compareFindings()
	d.sort(by)
	return d
}

// compareOthers compares what has no shape. A group that is missing has no calls.
func (d *Difference) compareOthers() {
	var none Group
	ids := maps.Clone(d.Old.Others)
	maps.Copy(ids, d.New.Others)
	for id := range ids {
		before, after := cmp.Or(d.Old.Others[id], &none), cmp.Or(d.New.Others[id], &none)
		d.ChangedOthers = d.appendChange(d.ChangedOthers, &Change{ID: id, Old: before.Sums, New: after.Sums})
	}
}

func (d *Difference) appendChange(all []*Change, c *Change) []*Change {
	if len(d.Differing(c)) == 0 {
		return all
	}
	return append(all, c)
}

// Differing returns the measures in which a group differs.
func (d *Difference) Differing(c *Change) (all []Measure) {
	for _, m := range d.measures {
		if m.Of(&c.Old) != m.Of(&c.New) {
			all = append(all, m)
		}
	}
	return all
}

// compareFindings compares findings by their signatures.
func (d *Difference) compareFindings() {
	for _, f := range d.New.Findings {
		if d.compares(f) && d.Old.Findings[f.Signature] == nil {
			d.AddedFindings = append(d.AddedFindings, f)
		}
	}
	for _, f := range d.Old.Findings {
		if d.compares(f) && d.New.Findings[f.Signature] == nil {
			d.GoneFindings = append(d.GoneFindings, f)
		}
	}
}

// compares reports whether a finding is compared: both reports have looked for it, and it does not
// depend on times, unless these are compared.
func (d *Difference) compares(f *Finding) bool {
	return d.Old.LookedFor[f.Rule] && d.New.LookedFor[f.Rule] && (!f.Timed || slices.Contains(d.measures, Time))
}

// Findings returns how many findings of one of the reports are compared.
func (d *Difference) Findings(r *Report) (n int) {
	for _, f := range r.Findings {
		if d.compares(f) {
			n++
		}
	}
	return n
}

// OnlyOld returns the rules that only the old report has looked for.
func (d *Difference) OnlyOld() []string { return without(d.Old.LookedFor, d.New.LookedFor) }

// OnlyNew returns the rules that only the new report has looked for.
func (d *Difference) OnlyNew() []string { return without(d.New.LookedFor, d.Old.LookedFor) }

// without returns the rules of one set that another does not have.
func without(one, other map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(one)), func(rule string) bool { return other[rule] })
}

// sort puts everything into an order that depends on nothing but the reports.
func (d *Difference) sort(by Measure) {
	groups := func(a, b *Group) int {
		return cmp.Or(cmp.Compare(by.Of(&b.Sums), by.Of(&a.Sums)), strings.Compare(a.ID, b.ID))
	}
	slices.SortFunc(d.Added, groups)
	slices.SortFunc(d.Gone, groups)
	changes := func(a, b *Change) int {
		return cmp.Or(cmp.Compare(b.by(by), a.by(by)), cmp.Compare(b.by(Calls), a.by(Calls)), strings.Compare(a.ID, b.ID))
	}
	slices.SortFunc(d.Changed, changes)
	slices.SortFunc(d.ChangedOthers, changes)
	findings := func(a, b *Finding) int { return strings.Compare(a.Signature, b.Signature) }
	slices.SortFunc(d.AddedFindings, findings)
	slices.SortFunc(d.GoneFindings, findings)
}

// by returns by how much a group differs, up or down.
func (c *Change) by(m Measure) int64 {
	n := m.Of(&c.New) - m.Of(&c.Old)
	return max(n, -n)
}

// Same reports whether nothing differs.
func (d *Difference) Same() bool {
	return d.Total == nil && len(d.Added)+len(d.Gone)+len(d.Changed)+len(d.ChangedOthers)+len(d.AddedFindings)+len(d.GoneFindings) == 0
}

// grew returns the shapes of the old report of which the new one has more, by more than a
// percentage. What there was none of has grown by more than any.
func (d *Difference) grew(m Measure, percent float64) (all []*Change) {
	for _, c := range d.Changed {
		before, after := float64(m.Of(&c.Old)), float64(m.Of(&c.New))
		if after > before && 100*(after-before) > percent*before {
			all = append(all, c)
		}
	}
	return all
}
