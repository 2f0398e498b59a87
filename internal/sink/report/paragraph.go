package report

import (
	"fmt"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/internal/stats"
)

// paragraph writes everything about a group.
func (p *page) paragraph(l listed) {
	s := &l.Sums
	p.line("")
	p.line("")
	p.line("%d: %s, %s of the time, %s", l.rank, l.Key, l.share, event.Count(s.Calls, "call"))
	if l.Shape != nil {
		p.sql("--   ", string(text.AppendSafe(nil, l.Shape.Text)))
	}
	p.item("listed", "because "+l.why)
	p.timeOf(s)
	p.item("calls", fmt.Sprintf("%s in %s%s", event.Number(s.Calls), event.Count(s.RoundTrips, "round trip"), endings(s)))
	if l.Prepared > 0 {
		p.item("prepared", fmt.Sprintf("%s without being run; %s had a Parse", event.Count(l.Prepared, "time"), event.Count(s.Parses, "call")))
	} else if s.Prepares > 0 || s.Parses > 1 {
		p.item("prepared", prepared(s))
	}
	rows := fmt.Sprintf("%s, %s a call; %s sent, %s received", event.Number(s.Rows), perCall(s.Rows, s.Calls), size(s.Sent), size(s.Got))
	if s.Binary > 0 {
		rows += fmt.Sprintf("; in binary for %s", event.Count(s.Binary, "call"))
	}
	p.item("rows", rows)
	if column, bytes := wide(l.Group); bytes > 0 {
		p.item("", fmt.Sprintf("at least %d %% of what was received is column %s", bytes*100/s.Got, text.AppendSafe(nil, column)))
	}
	var by []string
	for _, one := range []struct {
		label  string
		counts *stats.Counts
	}{{"", &l.Users}, {"in ", &l.Databases}, {"with ", &l.Applications}, {"from ", &l.Clients}} {
		if words := listCounts(one.counts); words != "" {
			by = append(by, one.label+words)
		}
	}
	if len(by) > 0 && listCounts(&l.Users) == "" {
		by = append([]string{"users that were not seen"}, by...)
	}
	p.item("by", strings.Join(by, "; "))
	p.item("comments", listCounts(&l.Attributes))
	for i, one := range l.States.Sorted() {
		label := map[bool]string{true: "errors"}[i == 0]
		p.item(label, fmt.Sprintf("%s %s ×, such as: %s", one.Word, event.Number(one.Count), text.InUTF8(l.Messages[one.Word].Text, l.Messages[one.Word].Settings)))
	}
	p.sample(l.Group)
}

// wide returns the column that most bytes of a large amount of results belong to, if there is one.
func wide(g *stats.Group) (column string, bytes int64) {
	const least, share = 10 << 20, 80
	if g.Sums.Got < least {
		return "", 0
	}
	for _, one := range g.Widest.Sorted() {
		if one.Count*100 >= share*g.Sums.Got {
			return one.Word, one.Count
		}
	}
	return "", 0
}

// listCounts returns words with their counts, or nothing if no client has said any.
func listCounts(c *stats.Counts) string {
	var words []string
	sorted := c.Sorted()
	for i, one := range sorted {
		switch {
		case one.Word == "" && len(sorted) == 1 && c.Other == 0:
			return ""
		case one.Word == "":
			words = append(words, "not said "+event.Number(one.Count)+" ×")
		case len(sorted) == 1 && c.Other == 0:
			words = append(words, one.Word)
		case i < 8:
			words = append(words, one.Word+" "+event.Number(one.Count)+" ×")
		}
	}
	more := c.Other
	for _, one := range sorted[min(len(sorted), 8):] {
		more += one.Count
	}
	if more > 0 {
		words = append(words, "others "+event.Number(more)+" ×")
	}
	return strings.Join(words, ", ")
}

// timeOf writes the times of a group, and how they are distributed.
func (p *page) timeOf(s *stats.Sums) {
	d := &s.Time
	if d.Count == 0 {
		return
	}
	if d.Count == 1 {
		p.item("time", duration(d.Total))
	} else {
		p.distribution(s)
	}
	p.split(s)
}

// distribution writes how much the times of several calls differ.
func (p *page) distribution(s *stats.Sums) {
	d := &s.Time
	p.item("time", fmt.Sprintf("%s in all, %s a call, %s at most; standard deviation %s", duration(d.Total), duration(s.PerCall()), duration(d.Max), duration(d.Deviation())))
	p.item("", fmt.Sprintf("50 %% within %s, 95 %% within %s, 99 %% within %s", duration(d.Percentile(50)), duration(d.Percentile(95)), duration(d.Percentile(99))))
	p.histogram(d)
}

// split writes where the time went.
func (p *page) split(s *stats.Sums) {
	var words []string
	others := parts(s)[1:]
	for i, share := range sharesOf(others) {
		if one := others[i]; share > 0 {
			words = append(words, one.name+" "+tenths(share)+together+"%")
		}
	}
	if len(words) > 1 {
		p.item("spent", strings.Join(words, ", "))
	}
	before := ""
	if s.Split.Client > 0 {
		before = "the client took " + duration(s.Split.Client) + " before it asked"
	}
	if s.Split.IdleInTransaction > 0 {
		before += ", " + partOf(s.Split.IdleInTransaction, s.Split.Client) + " idle in a transaction"
	}
	if s.Split.Queue > 0 {
		before = strings.TrimPrefix(before+"; ", "; ") + "requests waited " + duration(s.Split.Queue) + " for those before them"
	}
	p.item("before", before)
}

// histogram writes a bar for each decade from the first to the last that has calls.
func (p *page) histogram(d *stats.Durations) {
	names := [...]string{"< 10 µs", "< 100 µs", "< 1 ms", "< 10 ms", "< 100 ms", "< 1 s", "< 10 s", "≥ 10 s"}
	counts := d.Decades()
	first, last, most := len(counts), 0, int64(0)
	for i, n := range counts {
		if n > 0 {
			first, last = min(first, i), i
		}
		most = max(most, n)
	}
	for i := first; i <= last; i++ {
		const bar = 40
		n := int((counts[i]*bar + most - 1) / most)
		p.line("%9s%s %s %s", "", left(names[i], 8), left(strings.Repeat("#", n), bar), right(event.Number(counts[i]), 11))
	}
}
