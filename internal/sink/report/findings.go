package report

import (
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/internal/stats"
)

// maxShown is how many findings a page shows. The other formats have all.
const maxShown = 50

// findings writes what was found, and what was looked for.
func (p *page) findings() {
	all := p.stats.Findings()
	p.line("")
	p.item("findings", p.tally(all))
	found := map[string]bool{}
	for _, f := range all {
		found[f.First.Rule] = true
	}
	silent, off := p.options.withoutFindings(found)
	if len(silent) > 0 {
		what, by := "Nothing was found by ", "rule"
		if p.options.Filter != "" {
			what = "Nothing that the filter lets through was found by "
		}
		if len(found) > 0 {
			by = "other rule"
		}
		p.item("", what+event.Count(len(silent), by)+": "+strings.Join(silent, ", ")+".")
	}
	if len(off) > 0 && len(off) < len(p.options.Rules) {
		p.item("", "Not looked for: "+strings.Join(off, ", ")+".")
	}
	for _, f := range all[:min(len(all), maxShown)] {
		p.found(f)
	}
	if more := len(all) - maxShown; more > 0 {
		p.item("more", event.Count(more, "finding")+" more, which the JSON report has")
	}
	if n := p.stats.FindingsLeftOut(); n > 0 {
		p.item("", "There were more different ones than can be kept apart: "+event.Count(n, "finding")+" are not listed anywhere.")
	}
}

// tally returns how many findings there are.
func (p *page) tally(all []*stats.Finding) string {
	var counts event.Tally
	for _, f := range all {
		counts.Add(f.Severity, f.First.Accepted)
	}
	words := counts.String()
	if counts.Accepted > 0 && p.options.Day != "" {
		words += " on " + p.options.Day
	}
	switch {
	case words != "":
		return words
	case slices.ContainsFunc(p.options.Rules, func(r Rule) bool { return r.LookedFor }):
		return "none"
	}
	return "not looked for"
}

// withoutFindings returns the rules that have found nothing, and those that were not looked for.
func (o *Options) withoutFindings(found map[string]bool) (silent, off []string) {
	for _, r := range o.Rules {
		switch {
		case !r.LookedFor:
			off = append(off, r.Name)
		case !found[r.Name]:
			silent = append(silent, r.Name)
		}
	}
	return silent, off
}

// found writes a finding: what was seen, what would help, and how often it was found.
func (p *page) found(f *stats.Finding) {
	one := f.First
	label := f.Severity.String()
	if f.First.Accepted {
		label = "accepted"
	}
	p.line("")
	p.item(label, safe(one.Rule+" "+text.Connections(f.Connections, f.Others)+": "+event.Stopped(one.Text)))
	p.item("", safe(one.Remedy))
	if f.First.Accepted && f.First.Reason != "" {
		p.item("", "Accepted: "+safe(f.First.Reason))
	}
	often := ""
	if f.Count > 1 {
		often = ", " + event.Number(f.Count) + " times"
		if one.Took > 0 {
			often += ", " + duration(f.Took) + " at most"
		}
	}
	p.item("", safe(one.Signature)+often)
}

// safe returns words of a client or server on one line, without anything that a terminal would run.
func safe(words string) string {
	return string(text.AppendSafe(nil, strings.Join(strings.Fields(words), " ")))
}
