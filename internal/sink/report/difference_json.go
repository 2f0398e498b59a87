package report

import (
	"time"

	"pgpi/internal/compare"
)

// compared is what differs from an older report.
type compared struct {
	With          string            `json:"with"`
	Same          bool              `json:"same"`
	Old           covered           `json:"old"`
	New           covered           `json:"new"`
	NewShapes     []comparedShape   `json:"new_shapes"`
	GoneShapes    []comparedShape   `json:"gone_shapes"`
	ChangedShapes []changedShape    `json:"changed_shapes"`
	Findings      *comparedFindings `json:"findings"`
}

// covered is how much of a report was compared.
type covered struct {
	Shapes   int          `json:"shapes"`
	Total    comparedSums `json:"total"`
	Whole    bool         `json:"whole"`
	Crowded  bool         `json:"crowded"`
	Findings *int         `json:"findings"`
}

// comparedSums are the numbers that are compared.
type comparedSums struct {
	Calls  int64 `json:"calls"`
	Errors int64 `json:"errors"`
	Rows   int64 `json:"rows"`
	Bytes  bytes `json:"bytes"`
}

type comparedShape struct {
	ID  string `json:"id"`
	SQL string `json:"sql,omitempty"`
	comparedSums
}

// changedShape is a shape, or another group, with the numbers that differ, by their names.
type changedShape struct {
	ID  string         `json:"id"`
	SQL string         `json:"sql,omitempty"`
	Old map[string]any `json:"old"`
	New map[string]any `json:"new"`
}

type comparedFindings struct {
	New  []compare.Finding `json:"new"`
	Gone []compare.Finding `json:"gone"`
}

func comparedOf(name string, d *compare.Difference) *compared {
	c := &compared{
		With: clean(name), Same: d.Same(), Old: coveredOf(d, d.Old), New: coveredOf(d, d.New),
		NewShapes: comparedShapes(d.Added), GoneShapes: comparedShapes(d.Gone), ChangedShapes: []changedShape{},
	}
	for _, list := range [][]*compare.Change{d.Changed, d.ChangedOthers} {
		for _, one := range list {
			c.ChangedShapes = append(c.ChangedShapes, changedOf(d, one))
		}
	}
	if len(d.Old.LookedFor) > 0 && len(d.New.LookedFor) > 0 {
		c.Findings = &comparedFindings{New: findingsOf(d.AddedFindings), Gone: findingsOf(d.GoneFindings)}
	}
	return c
}

func coveredOf(d *compare.Difference, r *compare.Report) covered {
	c := covered{Shapes: len(r.Shapes), Total: comparedSumsOf(&r.Total), Whole: r.Whole, Crowded: r.Crowded}
	if len(r.LookedFor) > 0 {
		n := d.Findings(r)
		c.Findings = &n
	}
	return c
}

func comparedSumsOf(s *compare.Sums) comparedSums {
	return comparedSums{s.Calls, s.Errors, s.Rows, bytes{s.Sent, s.Received}}
}

func comparedShapes(all []*compare.Group) []comparedShape {
	list := make([]comparedShape, 0, len(all))
	for _, g := range all {
		list = append(list, comparedShape{g.ID, g.SQL, comparedSumsOf(&g.Sums)})
	}
	return list
}

func changedOf(d *compare.Difference, c *compare.Change) changedShape {
	shape := changedShape{c.ID, c.SQL, map[string]any{}, map[string]any{}}
	for _, m := range d.Differing(c) {
		was, is := m.Of(&c.Old), m.Of(&c.New)
		if m == compare.Time {
			shape.Old["seconds"], shape.New["seconds"] = time.Duration(was).Seconds(), time.Duration(is).Seconds()
			continue
		}
		shape.Old[m.String()], shape.New[m.String()] = was, is
	}
	return shape
}

func findingsOf(all []*compare.Finding) []compare.Finding {
	list := make([]compare.Finding, 0, len(all))
	for _, f := range all {
		list = append(list, *f)
	}
	return list
}
