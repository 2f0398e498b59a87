package report

import (
	"fmt"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/internal/sqltext"
	"pgpi/internal/stats"
)

// profile writes a line for each listed group, and one for all others. Their times add up to the
// total, and their shares to 100 %.
func (p *page) profile(list []listed, rest []*stats.Group) {
	others := stats.Group{}
	for _, g := range rest {
		others.Sums.Add(&g.Sums)
	}
	others.Sums.Add(&p.stats.Misc.Sums)
	amounts := make([]int64, 0, len(list)+1)
	for _, l := range list {
		amounts = append(amounts, timeOf(&l.Sums))
	}
	percents := shares(append(amounts, timeOf(&others.Sums)))
	p.line("")
	p.row(right("", 3), left(p.options.Stats.By.String(), 18), "time", "%", "calls", "per call", "V/M", "rows/call", "errors")
	for i, l := range list {
		list[i].share = tenths(percents[i]) + " %"
		p.sums(right(fmt.Sprint(l.rank), 3), l.Key, tenths(percents[i]), &l.Sums)
		if gist := gistOf(l.Group); gist != "" {
			p.line("    %s", gist)
		}
	}
	if n := len(rest); n > 0 || p.stats.Crowded() {
		p.sums("   ", "MISC "+moreGroups(n, p.stats.Crowded()), tenths(percents[len(list)]), &others.Sums)
	}
	whole := 0
	for _, one := range percents {
		whole += one
	}
	p.sums("   ", "all", tenths(whole), &p.stats.All)
	if n := others.Sums.Failed; n > 0 && p.options.Stats.Order.String() != "errors" {
		p.item("", fmt.Sprintf("In MISC %s failed: pgpi report --order-by errors RECORDING puts them first.", event.Number(n)))
	}
	if p.stats.Crowded() {
		p.item("", "There were more than can be kept apart: each line has at least so much, and the rest is in MISC.")
	}
}

// moreGroups returns how many groups are not listed.
func moreGroups(n int, crowded bool) string {
	if crowded {
		return "(very many)"
	}
	return "(" + event.Number(n) + " more)"
}

// timeOf returns the time of calls, including the time to prepare them.
func timeOf(s *stats.Sums) int64 { return int64(s.Time.Total + s.PrepareTime) }

// sums writes a line of the profile.
func (p *page) sums(rank, key, percent string, s *stats.Sums) {
	calls, mean, spread := short(s.Calls), "-", "-"
	if s.Time.Count > 0 {
		mean, spread = duration(s.PerCall()), fmt.Sprintf("%.2f", s.Time.Dispersion())
	}
	p.row(rank, left(key, 18), duration(s.Time.Total+s.PrepareTime), percent, calls, mean, spread, perCall(s.Rows, s.Calls), short(s.Failed))
}

func (p *page) row(rank, key, time, percent, calls, mean, spread, rows, errors string) {
	p.line("%s %s %s %s %s %s %s %s %s", rank, key, right(time, 7), right(percent, 5), right(calls, 7), right(mean, 8), right(spread, 5), right(rows, 9), right(errors, 6))
}

// gistOf returns the SQL of a shape, as far as it fits on a line.
func gistOf(g *stats.Group) string {
	if g.Shape == nil {
		return ""
	}
	line, _ := sqltext.AppendLine(nil, []byte(g.Shape.Text[:min(len(g.Shape.Text), 8*width)]), sqltext.Settings{}, nil)
	return string(text.AppendSafe(nil, line))
}
