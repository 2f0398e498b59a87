package gate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgpi/internal/compare"
	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/stats"
)

// Criteria are what fails a run.
type Criteria struct {
	// Differences are about what differs from an older report.
	Differences []compare.Criterion

	severities []event.Severity // each includes graver ones
	rules      []string         // without a bound
	bounds     []bound          // of timed rules
	statements *int64           // how many are allowed, or nil for any number
}

// bound is what is allowed of what a timed rule finds.
type bound struct {
	rule   *insight.Rule
	amount int64 // a duration, unless the rule has another unit
}

// Parse reads criteria such as "n+1,error,slow=200ms,statements=200".
func Parse(text string) (*Criteria, error) {
	c := &Criteria{}
	var given []string
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		name, _, _ := strings.Cut(word, "=")
		if slices.Contains(given, name) {
			return nil, fmt.Errorf("%s is there twice: leave one", name)
		}
		given = append(given, name)
		if err := c.add(word); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// add adds a criterion.
func (c *Criteria) add(word string) (err error) {
	name, limit, limited := strings.Cut(word, "=")
	severity := slices.Index(event.Severities(), name)
	difference, known, err := compare.ParseCriterion(word)
	rule := insight.Named(name)
	switch {
	case known:
		c.Differences = append(c.Differences, difference)
		return err
	case name == "statements":
		var n int64
		n, err = parseCount(name, limit, "statements")
		c.statements = &n
		return err
	case rule != nil && rule.Timed:
		return c.addTimed(rule, limit, limited)
	case severity < 0 && rule == nil:
		return fmt.Errorf("%q is unknown: give a severity (%s), a rule such as %s, a bound such as slow=200ms or statements=200, or with --compare %s",
			name, strings.Join(event.Severities(), ", "), strings.Join(countedRules(), ", "), compare.Criteria)
	case limited:
		return fmt.Errorf("%s has no bound: leave out =%s", name, limit)
	case rule != nil:
		c.rules = append(c.rules, name)
	default:
		c.severities = append(c.severities, event.Severity(severity))
	}
	return nil
}

// countedRules returns the names of the rules that need no bound.
func countedRules() (names []string) {
	for _, r := range insight.Rules {
		if !r.Timed {
			names = append(names, r.Name)
		}
	}
	return names
}

// addTimed adds a rule whose findings depend on how fast a machine is.
func (c *Criteria) addTimed(rule *insight.Rule, limit string, limited bool) (err error) {
	b := bound{rule: rule}
	switch {
	case !rule.Bounded:
		return fmt.Errorf("%s depends on how fast the machine is, and can't fail a run: leave it out", rule.Name)
	case !limited:
		return fmt.Errorf("%s depends on how fast the machine is: give a bound, such as %[1]s=%s", rule.Name, b.words(cmp.Or(rule.Least, example)))
	case rule.Unit == "":
		var d time.Duration
		d, err = parseDuration(rule.Name, limit)
		b.amount = int64(d)
	default:
		b.amount, err = parseCount(rule.Name, limit, rule.Unit)
	}
	if err == nil && b.amount < rule.Least {
		err = fmt.Errorf("%s looks for %s or more: give a bound of at least that", rule.Name, b.words(rule.Least))
	}
	c.bounds = append(c.bounds, b)
	return err
}

// example is a bound for a rule that finds however little.
const example = int64(200 * time.Millisecond)

// words returns an amount with its unit, if it is a duration.
func (b *bound) words(amount int64) string {
	if b.rule.Unit != "" {
		return strconv.FormatInt(amount, 10)
	}
	return time.Duration(amount).String()
}

// measure returns what the bound is about: a duration, or a number.
func (b *bound) measure(took time.Duration, count int64) int64 {
	if b.rule.Unit == "" {
		return int64(took)
	}
	return count
}

// excess returns why a finding is too much. If its sentence, which is the first one, has less than
// what was found later, that is said.
func (b *bound) excess(f *stats.Finding) string {
	words := "more than " + b.words(b.amount)
	most := b.measure(f.Took, f.Most)
	if b.measure(f.First.Took, f.First.Count) == most {
		return words
	}
	if b.rule.Unit == "" {
		return "later up to " + event.Rounded(f.Took) + ", " + words
	}
	return "later up to " + event.Number(most) + ", " + words
}

func parseCount(name, text, unit string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number of %s: give how many are allowed, such as %s=200", text, unit, name)
	}
	return n, nil
}

func parseDuration(name, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration: give what is allowed with its unit, such as %s=30s", text, name)
	}
	return d, nil
}

// NeedsFindings reports whether it takes findings to judge.
func (c *Criteria) NeedsFindings() bool {
	return len(c.severities)+len(c.rules)+len(c.bounds) > 0
}

// Slow returns how long a statement may take, or 0 if that is not a criterion.
func (c *Criteria) Slow() time.Duration {
	for _, b := range c.bounds {
		if b.rule.Name == "slow" {
			return time.Duration(b.amount)
		}
	}
	return 0
}

// CheckSelection finds rules that are named, but not looked for.
func (c *Criteria) CheckSelection(looked insight.Selection) error {
	names := slices.Clone(c.rules)
	for _, b := range c.bounds {
		names = append(names, b.rule.Name)
	}
	for _, name := range names {
		if !looked.Has(name) {
			return fmt.Errorf("%s is not looked for: name it in --findings, too", name)
		}
	}
	if len(c.severities) > 0 && looked.IsEmpty() {
		return errors.New("nothing is looked for: leave out --findings none")
	}
	return nil
}

// fails reports whether a finding fails the run, and by which bound.
func (c *Criteria) fails(f *stats.Finding) (by *bound, fails bool) {
	for i := range c.bounds {
		b := &c.bounds[i]
		if b.rule.Name == f.First.Rule && b.measure(f.Took, f.Most) > b.amount {
			return b, true
		}
	}
	if f.First.Timed {
		return nil, false
	}
	graver := func(s event.Severity) bool { return f.Severity >= s }
	return nil, slices.Contains(c.rules, f.First.Rule) || slices.ContainsFunc(c.severities, graver)
}
