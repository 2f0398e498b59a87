package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Criterion is what a new report must not have, in the words of --fail-on.
type Criterion struct {
	words   string
	judge   func(d *Difference, c *Criterion) (against []Reason, doubt string)
	measure Measure
	percent float64
}

// Reason is what is against a new report, in a few words.
type Reason struct {
	Words string
	// Signature is that of the finding which is new, or empty.
	Signature string
}

// Criteria are examples of all criteria.
const Criteria = "new-shape, new-finding, calls=10%, rows=10%, bytes=10%"

// ParseCriterion reads a criterion. known is false if the words are not about a difference.
func ParseCriterion(words string) (c Criterion, known bool, err error) {
	name, bound, bounded := strings.Cut(words, "=")
	c.words = words
	switch name {
	case "new-shape":
		c.judge = judgeShapes
	case "new-finding":
		c.judge = judgeFindings
	case "calls":
		c.judge, c.measure = judgeGrowth, Calls
	case "rows":
		c.judge, c.measure = judgeGrowth, Rows
	case "bytes":
		c.judge, c.measure = judgeGrowth, Bytes
	default:
		return Criterion{}, false, nil
	}
	if !strings.HasPrefix(name, "new-") {
		c.percent, err = parsePercent(name, bound)
	} else if bounded {
		err = fmt.Errorf("%s has no bound: leave out =%s", name, bound)
	}
	return c, true, err
}

func parsePercent(name, text string) (float64, error) {
	digits, isPercent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !isPercent || !(n >= 0) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%q is not a percentage: give by how much %s may grow, such as %s=10%%", text, name, name)
	}
	return n, nil
}

// String returns the words of the criterion.
func (c *Criterion) String() string { return c.words }

// Judge returns what is against a new report. It returns a doubt instead if the reports don't say
// enough to judge it, or are about other parts of the traffic.
func (c *Criterion) Judge(d *Difference) (against []Reason, doubt string) {
	if apart := d.Apart(); apart != "" {
		return nil, apart
	}
	return c.judge(d, c)
}

func judgeShapes(d *Difference, _ *Criterion) (against []Reason, doubt string) {
	for _, g := range d.Added {
		against = append(against, Reason{Words: g.ID + " is new"})
	}
	return d.unlessCrowded(against)
}

func judgeGrowth(d *Difference, c *Criterion) (against []Reason, doubt string) {
	for _, one := range d.grew(c.measure, c.percent) {
		was, is := c.measure.Of(&one.Old), c.measure.Of(&one.New)
		against = append(against, Reason{Words: fmt.Sprintf("%s of %s grew from %d to %d", c.measure, one.ID, was, is)})
	}
	return d.unlessCrowded(against)
}

// unlessCrowded returns what is against a report, unless some of it may be in the MISC of the other
// one.
func (d *Difference) unlessCrowded(against []Reason) ([]Reason, string) {
	switch {
	case d.Old.Crowded:
		return nil, "the older report has more shapes than can be kept apart: choose some of them with --filter, for both reports"
	case d.New.Crowded && len(against) == 0:
		return nil, "there are more shapes than can be kept apart: choose some of them with --filter, for both reports"
	}
	return against, ""
}

// judgeFindings judges what is not accepted.
func judgeFindings(d *Difference, _ *Criterion) (against []Reason, doubt string) {
	switch {
	case len(d.Old.LookedFor) == 0:
		return nil, "the older report has not looked for findings: make it again with this pgpi"
	case len(d.New.LookedFor) == 0:
		return nil, "findings were not looked for: leave out --findings none"
	case d.Old.LeftOut > 0:
		return nil, "the older report does not list all findings: choose some of them with --findings, for both reports"
	}
	for _, f := range d.AddedFindings {
		if !f.Accepted {
			against = append(against, Reason{f.Signature + " is new", f.Signature})
		}
	}
	if d.New.LeftOut > 0 && len(against) == 0 {
		return nil, "not all findings are listed: choose some of them with --findings, for both reports"
	}
	return against, ""
}
