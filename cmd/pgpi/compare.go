package main

import (
	"errors"
	"fmt"
	"os"

	"pgpi/internal/compare"
	"pgpi/internal/sink/report"
)

// measures are the orders of --compare.
var measures = map[string]compare.Measure{
	"": compare.Calls, "calls": compare.Calls, "errors": compare.Errors, "rows": compare.Rows, "bytes": compare.Bytes, "time": compare.Time,
}

// checkComparison finds options that don't go with --compare.
func (o *reportOnly) checkComparison() error {
	c := &o.Report.reportChoice
	if c.Compare == "" {
		return nil
	}
	if c.GroupBy != "shape" {
		return errors.New("--compare and --group-by: only reports by shape are compared: leave out --group-by")
	}
	if _, known := measures[c.OrderBy]; !known {
		return fmt.Errorf("--compare and --order-by: %s is not compared: give calls, errors, rows, bytes or time", c.OrderBy)
	}
	reports, err := o.Report.outputs()
	if err != nil {
		return err
	}
	for _, out := range reports {
		if sameFile(out.path, c.Compare) {
			return fmt.Errorf("--compare and --report: %s is to be compared with: give the report another file", out.path)
		}
	}
	return nil
}

// old reads the report to compare with, or returns nil if there is none.
func (c *reportChoice) old() (*report.Old, error) {
	if c.Compare == "" {
		return nil, nil //nolint:nilnil // there is nothing to compare with
	}
	text, err := os.ReadFile(c.Compare)
	if err != nil {
		return nil, fmt.Errorf("compare with %s: %w: name a file that pgpi report --report json=FILE has written", c.Compare, withoutPath(err))
	}
	old, err := report.ReadOld(c.Compare, text, measures[c.OrderBy])
	if err != nil {
		return nil, fmt.Errorf("compare with %s: %w", c.Compare, err)
	}
	return old, nil
}
