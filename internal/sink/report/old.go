package report

import (
	"encoding/json"
	"fmt"

	"pgpi/internal/compare"
	"pgpi/internal/sqltext"
	"pgpi/internal/stats"
)

// Old is an older report to compare with.
type Old struct {
	name   string
	report *compare.Report
	by     compare.Measure
}

// ReadOld reads an older report from its JSON. What differs is ordered by a measure, and times are
// compared only if that is the measure.
func ReadOld(name string, text []byte, by compare.Measure) (*Old, error) {
	r, err := compare.Parse(text, ownFormat)
	return &Old{name, r, by}, err
}

// ownFormat is that of the reports of this pgpi.
var ownFormat = compare.Format{Document: schemaVersion, Shapes: sqltext.ShapeRules}

// difference returns what differs from the older report. Both are compared as they are in JSON.
func (o *Old) difference(s *stats.Stats, options Options) (*compare.Difference, error) {
	text, err := json.Marshal(documentOf(s, options))
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	r, err := compare.Parse(text, ownFormat)
	if err != nil {
		return nil, fmt.Errorf("read the report that was just made: %w", err)
	}
	return compare.Reports(o.report, r, o.by), nil
}
