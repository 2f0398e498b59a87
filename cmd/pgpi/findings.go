package main

import (
	"cmp"
	"errors"
	"fmt"

	"pgpi/internal/filter"
	"pgpi/internal/gate"
	"pgpi/internal/insight"
)

// findingOptions are what is looked for.
type findingOptions struct {
	Findings       string `placeholder:"RULES" help:"What to look for: all, none, or names of rules such as n+1,errors or all,no-reparse (see docs/findings.md). Without it, queries, JSON and reports show all findings, and the annotated log none."`
	Baseline       string `placeholder:"FILE" help:"Read from a file which findings are accepted, and why (default: .pgpi-findings.toml in the current directory, if it is there; see docs/gate.md)."`
	FailOn         string `placeholder:"LIST" help:"End with exit code 4 if something is found: rules such as n+1, severities (note, warning, error; each includes graver ones), or more than is allowed, such as slow=200ms or statements=200 (see docs/gate.md)."`
	UpdateBaseline bool   `help:"Add what would fail the run to the file of accepted findings, without a reason."`

	// compares is set if there is an older report to compare with.
	compares bool
}

// showing is when a log shows findings.
type showing uint8

const (
	always  showing = iota + 1 // unless the user wants none
	ifAsked                    // only if the user asks for them, by --findings or --filter
	never
)

// shown returns the formats that show findings of rules, or 0 for none. chosen is --filter, or nil.
func (o *findingOptions) shown(rules insight.Selection, chosen *filter.Filter) showing {
	switch {
	case rules.IsEmpty():
		return 0
	case o.Findings != "", chosen != nil && chosen.AsksForFindings():
		return ifAsked
	}
	return always
}

func (o *findingOptions) rules() (insight.Selection, error) {
	if o.Findings == "" {
		return nil, nil //nolint:nilnil // nil is all rules
	}
	rules, err := insight.ParseSelection(o.Findings)
	if err != nil {
		return nil, fmt.Errorf("--findings: %w", err)
	}
	return rules, nil
}

func (o *findingOptions) check() error {
	if _, err := o.rules(); err != nil {
		return err
	}
	if o.UpdateBaseline && o.FailOn == "" {
		return errors.New("--update-baseline adds what fails the run: give --fail-on, too")
	}
	_, err := o.criteria()
	return err
}

// baseline returns the file of accepted findings.
func (o *findingOptions) baseline() string { return cmp.Or(o.Baseline, ownBaseline) }

// criteria returns what fails the run, or nil for nothing.
func (o *findingOptions) criteria() (*gate.Criteria, error) {
	if o.FailOn == "" {
		return nil, nil //nolint:nilnil // nothing fails
	}
	c, err := gate.Parse(o.FailOn)
	if err != nil {
		return nil, fmt.Errorf("--fail-on: %w", err)
	}
	if len(c.Differences) > 0 && !o.compares {
		return nil, fmt.Errorf("--fail-on: %s needs an older report: pgpi report --compare OLD.json", &c.Differences[0])
	}
	rules, err := o.rules()
	if err != nil {
		return nil, err
	}
	if err := c.CheckSelection(rules); err != nil {
		return nil, fmt.Errorf("--fail-on: %w", err)
	}
	return c, nil
}
