package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"pgpi/internal/compare"
	"pgpi/internal/event"
	"pgpi/internal/sink/text"
)

// writeDifference writes what differs from an older report. There are no times in it, unless they
// are compared: they vary from run to run.
func (p *page) writeDifference(w io.Writer) error {
	d, err := p.options.Compare.difference(p.stats, p.options)
	if err != nil {
		return err
	}
	old := p.options.Compare.name
	p.line("pgpi report: compared with %s", old)
	if d.Same() {
		p.item("same", covers(d, d.New)+"; nothing differs")
	} else {
		p.item("old", covers(d, d.Old))
		p.item("new", covers(d, d.New))
		p.item("differs", differs(d))
	}
	p.chosen()
	p.notCompared(d, old)
	p.body(d)
	_, err = io.WriteString(w, p.String())
	return err
}

// body writes each finding and shape that differs.
func (p *page) body(d *compare.Difference) {
	p.foundOnce("new", d.AddedFindings)
	p.foundOnce("gone", d.GoneFindings)
	p.groups("new", "", d.Added)
	p.groups("gone", "it had ", d.Gone)
	if d.Total != nil {
		p.line("")
		p.numbers("all", "old", "new", "change", "%")
		p.differing(d, d.Total)
	}
	p.changes(d, d.Changed)
	p.changes(d, d.ChangedOthers)
}

// covers returns how much of a report is compared.
func covers(d *compare.Difference, r *compare.Report) string {
	words := event.Count(len(r.Shapes), "shape") + ", " + event.Count(r.Total.Calls, "call")
	if len(d.Old.LookedFor) > 0 && len(d.New.LookedFor) > 0 {
		words += ", " + event.Count(d.Findings(r), "finding")
	}
	return words
}

// differs returns what differs, in a sentence.
func differs(d *compare.Difference) string {
	var words []string
	for _, one := range []struct {
		n            int
		one, several string
	}{
		{len(d.AddedFindings), "finding is new", "findings are new"},
		{len(d.GoneFindings), "finding is gone", "findings are gone"},
		{len(d.Added), "shape is new", "shapes are new"},
		{len(d.Gone), "shape is gone", "shapes are gone"},
		{len(d.Changed), "shape has other numbers", "shapes have other numbers"},
		{len(d.ChangedOthers), "group without a shape has other numbers", "groups without a shape have other numbers"},
	} {
		switch {
		case one.n == 1:
			words = append(words, "1 "+one.one)
		case one.n > 1:
			words = append(words, event.Number(one.n)+" "+one.several)
		}
	}
	return strings.Join(words, ", ")
}

// notCompared writes what is not certain, and why.
func (p *page) notCompared(d *compare.Difference, old string) {
	switch {
	case len(d.Old.LookedFor) == 0 && len(d.New.LookedFor) == 0:
		p.item("findings", "not compared: neither report has looked for any")
	case len(d.Old.LookedFor) == 0:
		p.item("findings", "not compared: "+old+" has not looked for any")
	case len(d.New.LookedFor) == 0:
		p.item("findings", "not compared: only "+old+" has looked for any")
	default:
		p.rulesApart("only "+old+" has", d.OnlyOld())
		p.rulesApart(old+" has not", d.OnlyNew())
	}
	p.madeApart(d, old)
	if !d.Old.Whole {
		p.item("not seen", "in "+old+": its member seen says what is missing")
	}
	for _, one := range p.stats.Seen.NotSeen() {
		p.item("not seen", "now: "+one)
	}
	const tooMany = " more shapes than can be kept apart, so numbers may be too small, and what is "
	if d.Old.Crowded {
		p.item("not sure", old+" has"+tooMany+"new may be in its MISC")
	}
	if d.New.Crowded {
		p.item("not sure", "there are now"+tooMany+"gone may be in MISC")
	}
	const notListed = " too many findings to list them all: what is "
	if d.Old.LeftOut > 0 {
		p.item("not sure", old+" has"+notListed+"new may only not be listed there")
	}
	if d.New.LeftOut > 0 {
		p.item("not sure", "there are now"+notListed+"gone may only not be listed")
	}
}

// madeApart writes what may differ because the reports were made differently.
func (p *page) madeApart(d *compare.Difference, old string) {
	if d.Old.Made == nil {
		p.item("not sure", old+" does not say which --filter, --since and --until it was made with")
	} else if apart := d.Apart(); apart != "" {
		p.item("not sure", safe(apart))
	}
	const names = ": names that contain a value have pseudonyms, in each report others, so such shapes and findings may seem new or gone"
	switch {
	case d.Old.Pseudonyms() && d.New.Pseudonyms():
		p.item("not sure", "values are redacted in both reports"+names)
	case d.Old.Pseudonyms():
		p.item("not sure", "values are redacted in "+old+names)
	case d.New.Pseudonyms():
		p.item("not sure", "values are redacted in this report, and not in "+old+names)
	}
}

// rulesApart writes which rules are not compared.
func (p *page) rulesApart(has string, rules []string) {
	if len(rules) > 0 {
		p.item("findings", "not compared: those of rules that "+has+" looked for: "+strings.Join(rules, ", "))
	}
}

// foundOnce writes findings that only one of the reports has.
func (p *page) foundOnce(label string, all []*compare.Finding) {
	n := p.most(len(all))
	for _, f := range all[:n] {
		p.line("")
		severity := f.Severity
		if f.Accepted {
			severity = "accepted"
		}
		p.item(label, safe(f.Signature+", "+severity+": "+f.Text))
	}
	p.more(len(all) - n)
}

// most returns how many of a list are written.
func (p *page) most(n int) int {
	if limit := p.options.Limit.Count; limit > 0 {
		return min(n, limit)
	}
	return n
}

// more writes how many of a list are not written.
func (p *page) more(n int) {
	if n > 0 {
		p.line("")
		p.item("", "and "+event.Number(n)+" more, which the JSON report has")
	}
}

// groups writes shapes that only one of the reports has.
func (p *page) groups(label, had string, all []*compare.Group) {
	n := p.most(len(all))
	for _, g := range all[:n] {
		p.line("")
		words := fmt.Sprintf("%s: %s%s, %s, %s sent, %s received", g.ID, had, event.Count(g.Calls, "call"), event.Count(g.Rows, "row"), size(g.Sent), size(g.Received))
		if g.Errors > 0 {
			words += "; " + event.Number(g.Errors) + " failed"
		}
		p.item(label, words)
		p.shape(g.SQL)
	}
	p.more(len(all) - n)
}

// changes writes groups whose numbers differ.
func (p *page) changes(d *compare.Difference, all []*compare.Change) {
	n := p.most(len(all))
	for _, c := range all[:n] {
		p.line("")
		p.item("changed", c.ID)
		p.shape(c.SQL)
		p.differing(d, c)
	}
	p.more(len(all) - n)
}

func (p *page) shape(sql string) {
	if sql != "" {
		p.sql("--   ", string(text.AppendSafe(nil, sql)))
	}
}

// differing writes the numbers of a group that differ.
func (p *page) differing(d *compare.Difference, c *compare.Change) {
	for _, m := range d.Differing(c) {
		was, is := m.Of(&c.Old), m.Of(&c.New)
		name, words := m.String(), event.Number[int64]
		switch m {
		case compare.Sent, compare.Received:
			name = "bytes " + name
		case compare.Time:
			words = func(n int64) string { return duration(time.Duration(n)) }
		}
		sign := "+"
		if is < was {
			sign = "-"
		}
		p.numbers(name, words(was), words(is), sign+words(max(is-was, was-is)), growth(was, is))
	}
}

// growth returns a change in percent, or nothing if there was nothing before.
func growth(was, is int64) string {
	if was == 0 {
		return ""
	}
	return fmt.Sprintf("%+.1f", 100*float64(is-was)/float64(was))
}

// numbers writes a line of numbers, in columns.
func (p *page) numbers(name, was, is, change, percent string) {
	p.line("  %s %s %s %s %s", left(name, 16), right(was, 15), right(is, 15), right(change, 14), right(percent, 10))
}
