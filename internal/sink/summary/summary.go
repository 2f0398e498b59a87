// Package summary adds up what a command has asked of its database, in a few lines for whoever ran
// the command.
//
// It guarantees at most thirteen lines, and a few more where a terminal is too narrow for them, and
// bounded memory. It claims nothing that was not seen: an
// exchange whose beginning or end is missing is counted, but not timed.
//
// Less formally: it is what you want to know when the command is done, and no more.
//
// It must not know sockets, sessions or other sinks.
//
// Start reading at [Sink.Report], which writes the lines.
package summary

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/internal/sqltext"
)

// Limits on what is remembered, and shown.
const (
	maxTexts  = 1000 // how many shapes of SQL are counted
	slowest   = 3
	frequent  = 3
	maxErrors = 2
)

// The width of lines, if no terminal says otherwise, the least that makes sense, and how wide the
// label of a line is, with what precedes it and follows.
const (
	lineWidth = 98
	leastWide = 40
	labelWide = 12
)

// Sink adds up events. It is not safe for concurrent use.
type Sink struct {
	w           io.Writer
	width       func() int
	connections int64           // with exchanges
	open        map[uint32]bool // connections of these that have not ended
	exchanges   int64
	failed      int64
	untimed     int64
	unmeasured  int // exchanges of which it is not known how far away the server is
	times       times
	slow        []statement // slowest first
	counts      map[string]int
	uncounted   int // exchanges whose shape is not counted
	errors      map[string]int
	findings    event.Tally
	rules       []string // that have found something, in order
}

// times is where the time of all exchanges went.
type times struct{ client, network, server, pgpi time.Duration }

// statement is an exchange that is shown: its SQL on one line, with its parameters in their places.
type statement struct {
	took time.Duration
	sql  string
}

// New returns a sink that writes to w when it reports. width returns how many columns w has, or 0
// if it is not a terminal.
func New(w io.Writer, width func() int) *Sink {
	return &Sink{w: w, width: width, open: map[uint32]bool{}, counts: map[string]int{}, errors: map[string]int{}}
}

// Write adds up the exchanges among events.
func (s *Sink) Write(events []event.Event) error {
	for i := range events {
		switch e := &events[i]; e.Kind {
		case event.Exchanged:
			s.add(e.Conn, e.Exchange)
		case event.Found:
			s.addFinding(e.Finding)
		case event.Said:
			if _, ended := e.Fact.(event.Ended); ended {
				delete(s.open, e.Conn)
			}
		default: // it is not added up
		}
	}
	return nil
}

func (s *Sink) add(conn uint32, x *event.Exchange) {
	if !s.open[conn] {
		s.open[conn] = true
		s.connections++
	}
	s.exchanges++
	if x.SQLState != "" {
		s.failed++
		if key := x.SQLState + " " + text.InUTF8(x.Message, x.Settings); len(s.errors) < maxTexts || s.errors[key] > 0 {
			s.errors[key]++
		}
	}
	s.time(x)
	if x.Context == nil || x.Context.SQL == "" || x.Kind == event.Prepare {
		return
	}
	if controlsTransaction(x.Context.SQL) {
		return // most clients send so many that nothing else would be among the most frequent
	}
	if sql := shapeOf(x); len(s.counts) < maxTexts || s.counts[sql] > 0 {
		s.counts[sql]++
	} else {
		s.uncounted++
	}
}

// addFinding counts a finding the first time that it is found.
func (s *Sink) addFinding(f *event.Finding) {
	if f.Again {
		return
	}
	s.findings.Add(f.Severity, f.Accepted)
	if !slices.Contains(s.rules, f.Rule) {
		s.rules = append(s.rules, f.Rule)
	}
}

// maxControl is the maximal length of SQL that is checked for controlling a transaction, in bytes.
const maxControl = 200

func controlsTransaction(sql string) bool {
	return len(sql) <= maxControl && sqltext.ControlsTransaction(sql, sqltext.Settings{})
}

// shapeOf returns the SQL that represents all statements of a shape, or the SQL itself if it has no
// shape.
func shapeOf(x *event.Exchange) string {
	if x.Shape != nil {
		return x.Shape.Text
	}
	return text.InUTF8(x.Context.SQL, x.Settings)
}

// time adds the time of an exchange.
func (s *Sink) time(x *event.Exchange) {
	t := &x.Times
	took := t.Duration()
	shares, seen := t.Shares()
	if !seen {
		if x.Outcome != event.Skipped {
			s.untimed++
		}
		return
	}
	s.times.client += shares.Client()
	s.times.network += shares.Network()
	s.times.server += shares.Server
	s.times.pgpi += shares.Held
	if t.ServerWay == 0 {
		s.unmeasured++
	}
	if x.Context == nil || len(s.slow) == slowest && took <= s.slow[slowest-1].took {
		return
	}
	sql, _ := text.Statement(x)
	s.slow = append(s.slow, statement{took, sql})
	slices.SortStableFunc(s.slow, func(a, b statement) int { return cmp.Compare(b.took, a.took) })
	s.slow = s.slow[:min(len(s.slow), slowest)]
}

// Close does nothing. Other sinks may be closed later, and the summary comes after what they write.
func (*Sink) Close() error { return nil }

// Report writes the lines, if there is anything to report. It is called after Close.
func (s *Sink) Report() error {
	if s.exchanges == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "pgpi: %s on %s", event.Count(s.exchanges, "exchange"), event.Count(s.connections, "connection"))
	if s.failed > 0 {
		fmt.Fprintf(&b, ", %s failed", event.Number(s.failed))
	}
	b.WriteByte('\n')
	s.writeTimes(&b)
	for i, slow := range s.slow {
		fmt.Fprintf(&b, "  %-9s %8s  %s\n", label(i, "slowest"), event.Rounded(slow.took), s.cut(slow.sql))
	}
	s.writeFrequent(&b)
	s.writeErrors(&b)
	s.writeFindings(&b)
	if _, err := io.WriteString(s.w, b.String()); err != nil {
		return errors.Join(errors.New("write the summary"), err)
	}
	return nil
}

// writeTimes writes where the time went, in numbers and as a bar.
func (s *Sink) writeTimes(b *strings.Builder) {
	total := s.times.client + s.times.network + s.times.server + s.times.pgpi
	if total == 0 {
		return
	}
	const width = 20
	bar, rest := "", width
	server := "server"
	if s.unmeasured > 0 {
		server = "server and the way to it"
	}
	var words []string
	for _, part := range []struct {
		name, letter string
		time         time.Duration
	}{{"client", "c", s.times.client}, {"network", "n", s.times.network}, {server, "s", s.times.server}, {"pgpi's outlets", "p", s.times.pgpi}} {
		n := min(rest, int((part.time*width+total/2)/total))
		bar += strings.Repeat(part.letter, n)
		rest -= n
		if part.time > 0 {
			words = append(words, fmt.Sprintf("%s %s (%d %%)", part.name, event.Rounded(part.time), (part.time*100+total/2)/total))
		}
	}
	before := fmt.Sprintf("[%-*s] ", width, bar)
	if s.connections > 1 {
		before += "all connections: "
	}
	s.writeList(b, "waiting", before, words)
	if s.untimed > 0 {
		fmt.Fprintf(b, "  %-9s %s without a beginning or an end\n", "not timed", event.Count(s.untimed, "exchange"))
	}
}

// writeFrequent writes which shapes were the most frequent.
func (s *Sink) writeFrequent(b *strings.Builder) {
	all := sorted(s.counts)
	for i, one := range all[:min(len(all), frequent)] {
		if one.count == 1 {
			break
		}
		fmt.Fprintf(b, "  %-9s %6d ×  %s\n", label(i, "most"), one.count, s.shorten(one.key))
	}
	if s.uncounted > 0 {
		fmt.Fprintf(b, "  %-9s %d statements: only the first %d different ones are counted\n", "uncounted", s.uncounted, maxTexts)
	}
}

func (s *Sink) writeErrors(b *strings.Builder) {
	all := sorted(s.errors)
	for i, one := range all[:min(len(all), maxErrors)] {
		fmt.Fprintf(b, "  %-9s %6d ×  %s\n", label(i, "errors"), one.count, s.shorten(one.key))
	}
}

// writeFindings writes how many findings there were.
func (s *Sink) writeFindings(b *strings.Builder) {
	if words := s.findings.String(); words != "" {
		s.writeList(b, "findings", words+": ", s.rules)
	}
}

// writeList writes a list, on several lines if the terminal is too narrow for one.
func (s *Sink) writeList(b *strings.Builder, name, before string, list []string) {
	line, indent := fmt.Sprintf("  %-9s %s", name, before), strings.Repeat(" ", labelWide)
	most := s.width()
	for i, one := range list {
		if i < len(list)-1 {
			one += ","
		}
		space := ""
		if i > 0 {
			space = " "
		}
		if most > 0 && line != indent && utf8.RuneCountInString(line+space+one) > max(most, leastWide) {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, space = indent, ""
		}
		line += space + one
	}
	b.WriteString(line + "\n")
}

// label returns the word for the first of several lines, and nothing for the others.
func label(i int, word string) string {
	if i > 0 {
		return ""
	}
	return word
}

type counted struct {
	key   string
	count int
}

// sorted returns what was counted, most frequent first.
func sorted(counts map[string]int) []counted {
	all := make([]counted, 0, len(counts))
	for key, n := range counts {
		all = append(all, counted{key, n})
	}
	slices.SortFunc(all, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.key, b.key))
	})
	return all
}

// shorten returns SQL on one line, as far as there is room.
func (s *Sink) shorten(sql string) string {
	line, _ := sqltext.AppendLine(nil, []byte(sql), sqltext.Settings{}, nil)
	return s.cut(string(text.AppendSafe(nil, string(line))))
}

// cut returns as much of a line as there is room for.
func (s *Sink) cut(line string) string {
	width := lineWidth
	if terminal := s.width(); terminal > 0 {
		width = max(terminal, leastWide)
	}
	const before = labelWide + 10 // columns, of the label and a number
	if utf8.RuneCountInString(line) <= width-before {
		return line
	}
	return string([]rune(line)[:width-before-1]) + "…"
}
