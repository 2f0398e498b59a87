package stats

import (
	"cmp"
	"slices"
	"time"

	"pgpi/internal/event"
)

// Finding is everything that was found with one signature.
type Finding struct {
	// First is what was found first, with what was known of it last. At is when.
	First *event.Finding
	At    time.Time
	// Severity is the gravest with which it was found.
	Severity event.Severity
	// Count is how often it was found.
	Count int64
	// Connections are the first that it was found on, in order. Others is how many there are
	// besides, as far as is known.
	Connections []uint32
	Others      int
	// Took and Most are the largest of what findings measure.
	Took time.Duration
	Most int64
}

// Limits on findings.
const (
	// maxFindings is how many signatures of a severity are kept apart.
	maxFindings = 1000
	// maxListed is how many connections each lists.
	maxListed = 100
)

// findings is a table of findings with a limited size.
type findings struct {
	table map[string]*Finding
	order []*Finding // in which they were found first
	kept  map[event.Severity]int
	// leftOut counts findings whose signatures are not kept.
	leftOut int64
}

// TakeFinding adds the finding of an event, if there is one. It is separate from TakeFact for callers
// that select findings.
func (s *Stats) TakeFinding(e *event.Event) {
	if e.Kind != event.Found {
		return
	}
	from, to := e.At, e.At
	if shown := e.Finding.Evidence; len(shown) > 0 { // it may have been found long after
		from, to = shown[0].At, shown[len(shown)-1].At
	}
	if s.isBefore(to) || s.isAfter(from) {
		return
	}
	s.findings.add(e)
}

func (t *findings) add(e *event.Event) {
	f := e.Finding
	all := t.table[f.Signature]
	if all == nil {
		if t.kept[f.Severity] >= maxFindings {
			t.leftOut++
			return
		}
		if t.table == nil {
			t.table, t.kept = map[string]*Finding{}, map[event.Severity]int{}
		}
		all = &Finding{First: f, At: e.At}
		t.table[f.Signature] = all
		t.order = append(t.order, all)
		t.kept[f.Severity]++
	}
	switch {
	case !f.GoesOn || all.Count == 0:
		all.Count++
	case all.Count == 1: // it is the one that goes on
		all.First = f
	}
	all.Severity = max(all.Severity, f.Severity)
	all.Took, all.Most = max(all.Took, f.Took), max(all.Most, f.Count)
	all.addConnections(f)
}

// addConnections adds the connections of a finding. Beyond the limit, connections are only counted if
// the same finding has them.
func (f *Finding) addConnections(one *event.Finding) {
	for _, c := range one.Connections {
		if i, known := slices.BinarySearch(f.Connections, c); !known && len(f.Connections) < maxListed {
			f.Connections = slices.Insert(f.Connections, i, c)
		}
	}
	f.Others = max(f.Others, len(one.Connections)+one.More-len(f.Connections))
}

// Findings returns what was found: what is not accepted first, then the gravest, in the order in
// which it was found.
func (s *Stats) Findings() []*Finding {
	rank := func(f *Finding) int {
		if f.First.Accepted {
			return 0
		}
		return 1 + int(f.Severity)
	}
	all := slices.Clone(s.findings.order)
	slices.SortStableFunc(all, func(a, b *Finding) int { return cmp.Compare(rank(b), rank(a)) })
	return all
}

// FindingsLeftOut returns how many findings are not among [Stats.Findings], because there were too
// many different ones.
func (s *Stats) FindingsLeftOut() int64 { return s.findings.leftOut }
