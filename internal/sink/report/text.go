package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/internal/stats"
)

// width is the width of a page. SQL that can't be broken is wider.
const width = 80

// page is a text while it is written.
type page struct {
	strings.Builder
	stats   *stats.Stats
	options Options
}

// writeText writes a report as text: where the time went, what was found, a profile, and a paragraph
// for each listed group. If it is compared with an older report, the text is about what differs.
func writeText(w io.Writer, s *stats.Stats, o Options) error {
	p := &page{stats: s, options: o}
	if o.Compare != nil {
		return p.writeDifference(w)
	}
	p.head()
	if s.Seen.Exchanges > 0 {
		p.times()
		p.totals()
	}
	if s.Seen.Exchanges > 0 || len(s.Findings()) > 0 {
		p.findings()
	}
	if s.Seen.Exchanges > 0 {
		list, rest := o.Limit.list(s, o)
		p.profile(list, rest)
		for _, l := range list {
			p.paragraph(l)
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// together is a space at which lines are not broken.
const together = "\u00a0"

// line writes a comment on a line of its own, cut to the width of the page.
func (p *page) line(format string, args ...any) {
	words := string(text.AppendSafe(nil, strings.ReplaceAll(fmt.Sprintf(format, args...), together, " ")))
	if words != "" {
		words = " " + words
	}
	fmt.Fprintln(&p.Builder, "--"+cut(strings.TrimRight(words, " "), width-len("--")))
}

// item writes a comment with a label before it, broken into lines at spaces.
func (p *page) item(label, words string) {
	const indent = 9
	for words != "" {
		n := breakAt(words, width-len("-- ")-indent)
		p.line("%-*s%s", indent, label, words[:n])
		words, label = strings.TrimLeft(words[n:], " "), ""
	}
}

// breakAt returns where a line of the given width ends: at a space, if there is one.
func breakAt(words string, width int) int {
	column, space := 0, 0
	for i, r := range words {
		if r == ' ' {
			space = i
		}
		if column++; column > width {
			if space > 0 {
				return space
			}
			return i
		}
	}
	return len(words)
}

// head writes what the report covers, and what is missing from it.
func (p *page) head() {
	s := &p.stats.Seen
	p.line("pgpi report: %s on %s", event.Count(s.Exchanges, "exchange"), event.Count(s.Opened, "connection"))
	if !s.First.IsZero() {
		const moment, date, clock = "2006-01-02 15:04:05.000 -0700", "2006-01-02", "15:04:05.000"
		last := s.Last.Format(moment)
		if s.First.Format(date) == s.Last.Format(date) {
			last = s.Last.Format(clock)
		}
		p.item("from", s.First.Format(moment)+" to "+last+", "+duration(s.Last.Sub(s.First)))
	}
	missing := s.NotSeen()
	switch {
	case s.All == 0 && len(missing) == 0:
		p.item("seen", "no statement")
	case len(missing) == 0:
		p.item("seen", "everything that was said on these connections")
	}
	for i, one := range missing {
		label := "not seen"
		if i > 0 {
			label = ""
		}
		p.item(label, one)
	}
	p.chosen()
	if s.Redacted {
		p.item("redacted", "something in it was blanked")
	}
}

// chosen writes what the page leaves out, and why.
func (p *page) chosen() {
	var by []string
	for _, one := range []struct{ option, words string }{
		{"--filter ", p.options.Filter}, {"--since ", p.options.Since}, {"--until ", p.options.Until},
	} {
		if one.words != "" {
			by = append(by, one.option+safe(one.words))
		}
	}
	if s := &p.stats.Seen; len(by) > 0 {
		p.item("chosen", event.Number(s.Exchanges)+" of "+event.Count(s.All, "exchange")+" by "+strings.Join(by, ", "))
	}
}

// part is one that time went to.
type part struct {
	name, letter string
	time         time.Duration
}

// parts returns all of them. The network is part of the server if it was not measured.
func parts(s *stats.Sums) []part {
	server := "the server"
	switch {
	case s.Measured == 0:
		server += " and the way to it"
	case s.Measured < s.Time.Count:
		server += ", of some calls with the way to it,"
	}
	return []part{
		{"the clients", "c", s.Split.Client},
		{"the network", "n", s.Split.Network},
		{server, "s", s.Split.Server},
		{"clients slow to read", "r", s.Split.Stalled},
		{"pgpi's outlets", "p", s.Split.Pgpi},
	}
}

// sharesOf returns the shares of parts in tenths of a percent.
func sharesOf(all []part) []int {
	amounts := make([]int64, len(all))
	for i, one := range all {
		amounts[i] = int64(one.time)
	}
	return shares(amounts)
}

// times writes where the time went, in a sentence and a bar.
func (p *page) times() {
	split := &p.stats.All.Split
	whole := split.Waited()
	p.line("")
	if whole == 0 {
		p.item("time", "none was measured")
		return
	}
	const bar = 66
	all := parts(&p.stats.All)
	percents := sharesOf(all)
	var words []string
	for i, one := range all {
		if one.time > 0 {
			words = append(words, fmt.Sprintf("%s [%s] %s (%s"+together+"%%)", one.name, one.letter, duration(one.time), tenths(percents[i])))
		}
	}
	sentence := "Of " + duration(whole) + ", all connections together, " + strings.Join(words, ", ") + "."
	p.item("waiting", sentence)
	drawn, n := "", 0
	for i, share := range percents {
		n += share
		drawn += strings.Repeat(all[i].letter, n*bar/1000-len(drawn))
	}
	p.item("", "["+drawn+"]")
	if split.IdleInTransaction > 0 {
		p.item("", fmt.Sprintf("The clients were idle in transactions for %s of theirs.", duration(split.IdleInTransaction)))
	}
	if split.Client > 0 && p.stats.Seen.Opened > 1 {
		p.item("", "Time for which a connection waits in a pool is the clients', too.")
	}
	if split.Queue > 0 {
		p.item("", fmt.Sprintf("Pipelined statements waited %s for those before them.", duration(split.Queue)))
	}
}

// totals writes the sums of everything.
func (p *page) totals() {
	a := &p.stats.All
	p.item("calls", fmt.Sprintf("%s in %s, %s, %s sent, %s received%s",
		event.Number(a.Calls), event.Count(a.RoundTrips, "round trip"), event.Count(a.Rows, "row"), size(a.Sent), size(a.Got), endings(a)))
	if a.Prepares > 0 || a.Parses > 0 {
		p.item("prepared", prepared(a))
	}
	if opened, ended := p.stats.Seen.Opened, p.stats.Seen.Ended; opened > 1 {
		p.item("churn", fmt.Sprintf("%s, of which %s ended; %s calls each", event.Count(opened, "connection"), event.Number(ended), perCall(a.Calls, opened)))
	}
	for i, one := range p.stats.States.Sorted() {
		if i == 5 {
			break
		}
		p.item(map[bool]string{true: "errors"}[i == 0], fmt.Sprintf("%s %s ×", one.Word, event.Number(one.Count)))
	}
}

// prepared returns what was done without running a statement, and how many calls had a Parse.
func prepared(a *stats.Sums) string {
	parsed := event.Count(a.Parses, "call") + " had a Parse"
	if a.Prepares == 0 {
		return parsed
	}
	words := event.Count(a.Prepares, "exchange") + " without running a statement"
	if a.PrepareTime > 0 {
		words += ", " + duration(a.PrepareTime)
	}
	if a.PreparesFailed > 0 {
		words += ", " + event.Number(a.PreparesFailed) + " failed"
	}
	return words + "; " + parsed
}

// endings returns how many calls did not end as they should, and how many were not timed.
func endings(a *stats.Sums) (words string) {
	for _, one := range []struct {
		n    int64
		what string
	}{{a.Failed - a.PreparesFailed, "failed"}, {a.Canceled, "of them canceled"}, {a.RolledBack, "rolled back"}, {a.Lost, "not over when the connection was"}, {a.Skipped, "more passed over by the server"}, {a.Untimed, "not timed"}} {
		if one.n > 0 {
			words += fmt.Sprintf("; %s %s", event.Number(one.n), one.what)
		}
	}
	return words
}
