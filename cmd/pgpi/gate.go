package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"pgpi/internal/bus"
	"pgpi/internal/filter"
	"pgpi/internal/gate"
	"pgpi/internal/sink/text"
)

// openGate reads what is accepted, and adds to the outlets what judges the run.
func (p *pipeline) openGate(chosen *filter.Filter) error {
	criteria, o := p.criteria, &p.options.Findings
	if o.Baseline != "" || o.UpdateBaseline || bus.Wanted(p.outlets).Includes(bus.Findings) || criteria != nil && criteria.NeedsFindings() {
		if err := p.readAcceptances(); err != nil {
			return err
		}
	}
	if criteria == nil && (p.accepted == nil || p.accepted.isEmpty() || !bus.Wanted(p.outlets).Includes(bus.Findings)) {
		return nil
	}
	options, err := p.choice.options()
	if err != nil {
		return err
	}
	p.judge = gate.New(cmp.Or(criteria, &gate.Criteria{}), options.Stats)
	wants := bus.Shapes
	if criteria == nil || criteria.NeedsFindings() {
		wants = bus.Findings
	}
	var sink bus.Sink = p.judge
	if chosen != nil {
		facts, selected := p.judge.Chosen(chosen.AsksForFindings())
		filtered := chosen.New(bus.Func(selected), true, p.uncomputed)
		wants |= asksFor(chosen)
		sink = inTurn{filtered, bus.Func(facts)}
	}
	p.outlets = append(p.outlets, bus.Outlet{Name: "the gate", Sink: sink, Wants: wants})
	return nil
}

// verdict says whether the run fails, and what is wrong with the acceptances. It returns an error if
// the run does not pass.
func (p *pipeline) verdict() error {
	if p.judge == nil {
		return nil
	}
	v := p.judge.Verdict()
	err := p.compare(v)
	if p.options.Findings.UpdateBaseline {
		err = errors.Join(err, p.accepted.add(v, p.say))
	}
	if p.criteria != nil {
		p.sayVerdict(v)
	}
	if p.accepted != nil {
		p.accepted.remark(p.judge, v.Nothing, p.sought.Rules, p.say)
	}
	switch {
	case p.criteria == nil:
		return nil
	case err != nil:
		p.complain(err)
		return exitError(exitFailure)
	case v.Nothing:
		return exitError(exitFailure)
	case v.Fails():
		return errFailOn
	case v.Unsure():
		return exitError(exitFailure)
	}
	return nil
}

// stopped returns an error if what was to be judged or checked was not read to its end.
func (p *pipeline) stopped() error {
	switch {
	case p.values != nil && p.options.Record.Record != "":
		return errStopped(&p.options.Record)
	case p.criteria != nil:
		return errors.New("--fail-on: reading was stopped, so not everything was judged")
	}
	return nil
}

// compare judges what differs from an older report.
func (p *pipeline) compare(v *gate.Verdict) error {
	if p.criteria == nil || v.Nothing || len(p.criteria.Differences) == 0 {
		return nil
	}
	difference, err := p.report.Difference()
	if err != nil {
		return fmt.Errorf("judge what differs: %w", err)
	}
	if !difference.Old.Whole {
		v.NotJudged = append(v.NotJudged, "what the older report has not seen")
	}
	for i := range p.criteria.Differences {
		c := &p.criteria.Differences[i]
		against, doubt := c.Judge(difference)
		for _, one := range against {
			if one.Signature == "" || !p.judge.Fail(v, one.Signature, "new") {
				v.Differences = append(v.Differences, c.String()+": "+one.Words)
			}
		}
		if doubt != "" {
			v.Doubts = append(v.Doubts, c.String()+": "+doubt)
		}
	}
	return nil
}

// sayVerdict says how much was judged, and what fails the run.
func (p *pipeline) sayVerdict(v *gate.Verdict) {
	file := ""
	if p.accepted != nil {
		file = p.accepted.name
	}
	lines := v.Lines(file)
	if len(v.Failing) > 0 && !p.options.Findings.UpdateBaseline {
		lines = append(lines, "accept a finding by its signature in "+file+"; --update-baseline adds those that fail the run")
	}
	for i, line := range lines {
		if i > 0 {
			line = "  " + line
		}
		p.say(line)
	}
}

// say tells the user something that may contain words of clients and servers.
func (p *pipeline) say(line string) {
	p.complain(errors.New(string(text.AppendSafe(nil, line))))
}

// readAcceptances reads which findings are accepted.
func (p *pipeline) readAcceptances() (err error) {
	if p.accepted == nil {
		o := &p.options.Findings
		p.accepted, err = readBaseline(o.Baseline, o.UpdateBaseline, time.Now())
	}
	return err
}

// accepts reports whether the user has accepted a finding, and why.
func (p *pipeline) accepts(signature string) (reason string, accepted bool) {
	if p.accepted == nil {
		return "", false
	}
	return p.accepted.accepts(signature)
}
