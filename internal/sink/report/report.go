package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"pgpi/internal/compare"
	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/stats"
)

// Options are what a report contains.
type Options struct {
	Stats stats.Options
	Limit Limit
	// Compare is an older report, or nil. If there is one, texts are about what differs from it.
	Compare *Old
	// Day is the day by which acceptances have ended or not, as in 2026-11-28. It is empty if nothing
	// is accepted.
	Day string
	// Filter, Since and Until are what chose the exchanges and findings in it, and Redact is what was
	// kept out of it, in the words of the options.
	Filter, Since, Until, Redact string
	// Rules are all rules, in the order of the documentation.
	Rules []Rule
	// Place is the file that findings are in if comments name none. Folder is the working directory.
	// Version is that of pgpi.
	Place, Folder, Version string
}

// Rule is a rule of findings.
type Rule struct {
	*insight.Rule
	// LookedFor is set if the rule could find anything.
	LookedFor bool
}

// Sink adds up events. It writes the report when it is closed, or when asked to.
type Sink struct {
	options Options
	outputs []Output

	// Write, Report and Close are called by different goroutines. Nothing that a report is written
	// to may keep events waiting.
	writing sync.Mutex
	mu      sync.Mutex
	stats   *stats.Stats
}

// Output is a wanted report.
type Output struct {
	Format Format
	// Write takes the whole report.
	Write func(report []byte) error
	// AtEnd is set if the report is written only when the sink is closed.
	AtEnd bool
}

// Format writes a report.
type Format func(w io.Writer, s *stats.Stats, o Options) error

// Formats are the known formats, by name.
var Formats = []struct {
	Name   string
	Format Format
}{{"text", writeText}, {"json", writeJSON}, {"junit", writeJUnit}, {"sarif", writeSARIF}}

// FormatNamed returns the format with a name.
func FormatNamed(name string) (Format, error) {
	names := make([]string, 0, len(Formats))
	for _, f := range Formats {
		if f.Name == name {
			return f.Format, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("%q is unknown: give %s", name, event.List(names, "or"))
}

// New returns a sink that writes to outputs.
func New(o Options, outputs ...Output) *Sink {
	return &Sink{options: o, outputs: outputs, stats: stats.New(o.Stats)}
}

// Write adds up events.
func (s *Sink) Write(events []event.Event) error { return s.each(s.stats.Take)(events) }

// Chosen returns two functions that add up events. facts must get all of them, and chosen those
// exchanges and findings that a filter lets through: a report says what was not seen, whatever was
// chosen.
func (s *Sink) Chosen() (facts, chosen func([]event.Event) error) {
	return s.each(s.stats.TakeFact), s.each(func(e *event.Event) { s.stats.TakeExchange(e); s.stats.TakeFinding(e) })
}

// each returns a function that adds up each of some events.
func (s *Sink) each(add func(*event.Event)) func([]event.Event) error {
	return func(events []event.Event) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := range events {
			add(&events[i])
		}
		return nil
	}
}

// Report writes the report so far.
func (s *Sink) Report() error { return s.report(false) }

// Close writes the report.
func (s *Sink) Close() error { return s.report(true) }

// report writes all outputs. One that fails costs no other.
func (s *Sink) report(end bool) (err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, out := range s.outputs {
		if end || !out.AtEnd {
			err = errors.Join(err, s.writeTo(out))
		}
	}
	return err
}

func (s *Sink) writeTo(out Output) error {
	text, err := s.format(out.Format)
	if err != nil {
		return err
	}
	return out.Write([]byte(text))
}

func (s *Sink) format(f Format) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	err := f(&b, s.stats, s.options)
	return b.String(), err
}

// Difference returns what differs from the older report so far, or nil if there is none.
func (s *Sink) Difference() (*compare.Difference, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.Compare == nil {
		return nil, nil //nolint:nilnil // there is nothing to compare with
	}
	return s.options.Compare.difference(s.stats, s.options)
}
