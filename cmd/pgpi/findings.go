package main

import (
	"fmt"

	"pgpi/internal/insight"
)

// findingOptions are what is looked for.
type findingOptions struct {
	Findings string `placeholder:"RULES" help:"What to look for: all, none, or names of rules such as n+1,errors or all,no-reparse (see docs/findings.md). Without it, queries, JSON and reports show all findings, and the annotated log none."`
	Baseline string `placeholder:"FILE" help:"Read from a file which findings are accepted, and why (default: .pgpi-findings.toml in the current directory, if it is there; see docs/gate.md)."`
}

// showing is when a log shows findings.
type showing uint8

const (
	always  showing = iota + 1 // unless the user wants none
	ifAsked                    // only if the user names some
	never
)

// shown returns the formats that show findings, or 0 for none.
func (o *findingOptions) shown() showing {
	rules, err := o.rules()
	switch {
	case err != nil, rules.IsEmpty():
		return 0
	case o.Findings != "":
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
	_, err := o.rules()
	return err
}
