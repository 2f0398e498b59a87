package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Report is what is compared of a report.
type Report struct {
	Total Sums
	// Shapes have an identifier. Others are the groups of exchanges that have no shape, and those
	// that are not kept apart; their IDs are words.
	Shapes, Others map[string]*Group
	// Whole is set if the report has seen everything, as far as it knows.
	Whole bool
	// Made is how the report was made, or nil if it does not say that.
	Made *Made
	// Crowded is set if there were more shapes than are kept apart. Then a shape can be missing, and
	// its numbers can be too small.
	Crowded bool
	// LookedFor are the rules that could find anything. Findings are by signature. LeftOut counts
	// those that are not listed, because there were too many.
	LookedFor map[string]bool
	Findings  map[string]*Finding
	LeftOut   int64
}

// Group is a shape with its numbers.
type Group struct {
	ID, SQL string
	Sums
}

// Sums are the numbers that are compared.
type Sums struct {
	Calls, Errors, Rows, Sent, Received int64
	Time                                time.Duration
}

// Finding is a finding, without its evidence.
type Finding struct {
	Signature string `json:"signature"`
	Rule      string `json:"rule"`
	Severity  string `json:"severity"`
	Text      string `json:"text"`
	Count     int64  `json:"count"`
	// Timed is set if the finding depends on how fast a machine was.
	Timed bool `json:"timed"`
	// Accepted is set if the user has accepted it, and Reason is why.
	Accepted bool   `json:"accepted,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// Format is what a document must have to be compared: the version of documents, and that of the
// rules by which shapes get their identifiers.
type Format struct {
	Document int
	Shapes   string
}

// document is a report in JSON, as far as it is compared. docs/report.schema.json describes it.
type document struct {
	Version *int   `json:"version"`
	GroupBy string `json:"group_by"`
	Seen    *struct {
		Whole bool `json:"whole"`
	} `json:"seen"`
	Made      *Made     `json:"made_with"`
	Total     *sums     `json:"total"`
	Shapes    []group   `json:"shapes"`
	Misc      *sums     `json:"misc"`
	LookedFor []string  `json:"looked_for"`
	Findings  []Finding `json:"findings"`
	LeftOut   int64     `json:"findings_left_out"`
}

type group struct {
	ID  string `json:"id"`
	SQL string `json:"sql"`
	sums
}

type sums struct {
	Calls  int64 `json:"calls"`
	Errors int64 `json:"errors"`
	Rows   int64 `json:"rows"`
	Bytes  struct {
		Sent     int64 `json:"sent"`
		Received int64 `json:"received"`
	} `json:"bytes"`
	Seconds struct {
		Total   float64 `json:"total"`
		Prepare float64 `json:"prepare"`
	} `json:"seconds"`
}

func (s *sums) read() Sums {
	const second = float64(time.Second)
	return Sums{
		Calls: s.Calls, Errors: s.Errors, Rows: s.Rows, Sent: s.Bytes.Sent, Received: s.Bytes.Received,
		Time: time.Duration(math.Round((s.Seconds.Total + s.Seconds.Prepare) * second)),
	}
}

// errForeign is for a document that is not a report.
var errForeign = errors.New("it is not a report in JSON: write one with pgpi report --report json=FILE")

// misc is the ID of what is not kept apart.
const misc = "MISC"

// Parse reads a report in JSON.
func Parse(text []byte, want Format) (*Report, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil || d.Version == nil || d.GroupBy == "" || d.Seen == nil || d.Total == nil {
		return nil, errForeign
	}
	if *d.Version != want.Document {
		return nil, fmt.Errorf("it is a report of version %d, and this pgpi reads version %d: make it again with this pgpi", *d.Version, want.Document)
	}
	if d.GroupBy != "shape" {
		return nil, fmt.Errorf("it is a report by %s: make it again without --group-by", d.GroupBy)
	}
	if d.Made != nil && d.Made.ShapeRules != want.Shapes {
		return nil, errOtherRules(d.Made.ShapeRules, want.Shapes)
	}
	r := &Report{
		Total: d.Total.read(), Whole: d.Seen.Whole, Made: d.Made, Crowded: d.Misc != nil, Shapes: map[string]*Group{}, Others: map[string]*Group{},
		LookedFor: map[string]bool{}, Findings: map[string]*Finding{}, LeftOut: d.LeftOut,
	}
	for i := range d.Shapes {
		if err := r.add(&d.Shapes[i], want.Shapes); err != nil {
			return nil, err
		}
	}
	if r.Crowded {
		r.Others[misc] = &Group{ID: misc, Sums: d.Misc.read()}
	}
	for _, rule := range d.LookedFor {
		r.LookedFor[rule] = true
	}
	for _, f := range d.Findings {
		if r.Findings[f.Signature] != nil || f.Signature == "" {
			return nil, errForeign
		}
		r.Findings[f.Signature] = &f
	}
	return r, nil
}

// errOtherRules is for a report whose shapes have identifiers by other rules.
func errOtherRules(its, ours string) error {
	return fmt.Errorf("its shapes were made by version %s of the rules, and this pgpi has version %s: make it again with this pgpi", its, ours)
}

// add adds a group. rules is the version that its identifier must have.
func (r *Report) add(g *group, rules string) error {
	version, _, isShape := strings.Cut(g.ID, ":")
	groups := r.Shapes
	switch {
	case strings.HasPrefix(g.ID, "("):
		groups = r.Others
	case !isShape:
		return errForeign
	case version != rules:
		return errOtherRules(version, rules)
	}
	if groups[g.ID] != nil {
		return errForeign
	}
	groups[g.ID] = &Group{ID: g.ID, SQL: g.SQL, Sums: g.read()}
	return nil
}
