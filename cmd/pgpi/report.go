package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"pgpi/internal/bus"
	"pgpi/internal/event"
	"pgpi/internal/filter"
	"pgpi/internal/insight"
	"pgpi/internal/sink/report"
	"pgpi/internal/stats"
)

// reportOptions ask for reports, in every command.
type reportOptions struct {
	Report []string `placeholder:"FORMAT=FILE" sep:"none" help:"Write what was seen, added up, at the end and on SIGUSR1: text, json, junit or sarif (see docs/report.md); may be repeated, or several given with commas between them."`
}

// reportChoice is what a report contains, for pgpi report.
type reportChoice struct {
	GroupBy string `placeholder:"WHAT" default:"shape" help:"Add up by shape, user, database, application, client, connection, or attribute:NAME of comments (default: ${default})."`
	OrderBy string `placeholder:"WHAT" help:"Order by time, mean, max, calls, rows, bytes or errors (default: time)."`
	Limit   string `placeholder:"SHARE:N" default:"95%:20" help:"List the first that make up a share of all, and so many at most (default: ${default})."`
	Since   string `placeholder:"TIME" help:"Leave out statements that were over before, such as '2026-11-28 17:05', or 17:05 on the first day."`
	Until   string `placeholder:"TIME" help:"Leave out statements that were over later."`
	Compare string `placeholder:"OLD.json" help:"Write what differs from an older report in JSON: shapes, calls, rows, bytes and findings; with --order-by time also times."`
	Filter  string `placeholder:"EXPR" help:"Add up only the statements that an expression is true of, such as 'database == \"shop\"' (see docs/filter.md)."`
}

// defaultChoice is what reports of other commands contain.
var defaultChoice = reportChoice{GroupBy: "shape", Limit: "95%:20"}

// options reads what a report contains.
func (c *reportChoice) options() (o report.Options, err error) {
	for _, one := range []struct {
		flag string
		read func() error
	}{
		{"--group-by", func() (err error) { o.Stats.By, err = stats.ParseBy(c.GroupBy); return err }},
		{"--order-by", func() (err error) { o.Stats.Order, err = stats.ParseOrder(cmp.Or(c.OrderBy, "time")); return err }},
		{"--limit", func() (err error) { o.Limit, err = report.ParseLimit(c.Limit); return err }},
		{"--since", func() (err error) { o.Stats.Since, err = parseBound(c.Since); return err }},
		{"--until", func() (err error) { o.Stats.Until, err = parseBound(c.Until); return err }},
	} {
		if err := one.read(); err != nil {
			return o, fmt.Errorf("%s: %w", one.flag, err)
		}
	}
	o.Since, o.Until = c.Since, c.Until
	return o, nil
}

func parseBound(text string) (stats.Bound, error) {
	if text == "" {
		return stats.Bound{}, nil
	}
	return stats.ParseBound(text)
}

// reportOutput is one report that the user wants.
type reportOutput struct {
	format report.Format
	path   string
}

// outputs returns those of all --report options.
func (r *reportOptions) outputs() (all []reportOutput, err error) {
	for _, text := range splitOutputs(r.Report) {
		name, path, found := strings.Cut(text, "=")
		if !found || path == "" {
			return nil, fmt.Errorf("--report: %q names no file: give FORMAT=FILE, such as text=report.txt, or text=- for standard output", text)
		}
		f, err := report.FormatNamed(name)
		if err != nil {
			return nil, fmt.Errorf("--report: %w", err)
		}
		if slices.ContainsFunc(all, func(o reportOutput) bool { return sameFile(o.path, path) }) {
			return nil, fmt.Errorf("--report: two reports go to %s: give each a file of its own", path)
		}
		all = append(all, reportOutput{f, path})
	}
	return all, nil
}

// openReports adds the reports to the outlets, if there are any. If a filter selects exchanges,
// what was not seen is still reported.
func (p *pipeline) openReports(wanted *reportOptions, choice *reportChoice, chosen *filter.Filter) error {
	outputs, err := wanted.outputs()
	if err != nil {
		return err
	}
	targets := p.annotations()
	if len(outputs)+len(targets) == 0 {
		return nil
	}
	options, err := p.reportOptions(choice)
	if err != nil {
		return err
	}
	for _, out := range outputs {
		write := report.ToWriter(os.Stdout)
		if out.path != standardOutput {
			if write, err = report.ToFile(out.path); err != nil {
				return err
			}
		}
		targets = append(targets, report.Output{Format: out.format, Write: write})
	}
	options.Filter = p.options.Log.Filter
	sink := report.New(options, targets...)
	if len(outputs) > 0 {
		p.report = sink
	}
	p.addReport(sink, chosen)
	return nil
}

// reportOptions returns what reports contain.
func (p *pipeline) reportOptions(choice *reportChoice) (o report.Options, err error) {
	if o, err = choice.options(); err != nil {
		return o, err
	}
	if o.Compare, err = choice.old(); err != nil {
		return o, err
	}
	o.Redact = p.options.Redact.what()
	if p.looksForFindings() {
		if err := p.readAcceptances(); err != nil {
			return o, err
		}
		o.Day = p.accepted.dayOfAcceptances()
	}
	o.Rules, o.Version, o.Place = p.rules(), version, cmp.Or(p.input, p.options.Findings.Baseline, ownBaseline)
	if o.Folder, err = os.Getwd(); err != nil {
		o.Folder = "" // then files are named as comments name them
	}
	return o, nil
}

// annotations returns what writes the findings as GitHub's runner wants them, if that is what runs
// pgpi.
func (p *pipeline) annotations() []report.Output {
	if os.Getenv("GITHUB_ACTIONS") == "" || !p.looksForFindings() {
		return nil
	}
	return []report.Output{{Format: report.WriteAnnotations, Write: report.ToWriter(os.Stderr), AtEnd: true}}
}

// reportOutlet is the name of the reports for the user.
const reportOutlet = "the report"

// addReport adds a report to the outlets.
func (p *pipeline) addReport(all *report.Sink, chosen *filter.Filter) {
	var sink bus.Sink = all
	wants := bus.Shapes
	if p.looksForFindings() {
		wants = bus.Findings
	}
	if chosen != nil {
		facts, selected := all.Chosen()
		filtered := chosen.New(bus.Func(selected), true, p.uncomputed)
		wants |= asksFor(chosen)
		sink = inTurn{filtered, bus.Func(facts), closing{all}}
	}
	p.outlets = append(p.outlets, bus.Outlet{Name: reportOutlet, Sink: sink, Wants: wants})
}

// rules returns all rules, for reports.
func (p *pipeline) rules() (all []report.Rule) {
	for _, r := range insight.Rules {
		all = append(all, report.Rule{Rule: r, LookedFor: p.sought.LooksFor(r)})
	}
	return all
}

// inTurn are sinks that get the same events, each event one sink after the other: what a connection
// has said is added up before its end is.
type inTurn []bus.Sink

// Write passes each event to each sink.
func (all inTurn) Write(events []event.Event) (err error) {
	for i := range events {
		for _, s := range all {
			err = errors.Join(err, s.Write(events[i:i+1]))
		}
	}
	return err
}

// Close closes each sink.
func (all inTurn) Close() (err error) {
	for _, s := range all {
		err = errors.Join(err, s.Close())
	}
	return err
}

// closing is a sink that is only closed.
type closing struct{ *report.Sink }

// Write does nothing.
func (closing) Write([]event.Event) error { return nil }

// reportOnly are the options of pgpi report.
type reportOnly struct {
	Report struct {
		reportOptions
		reportChoice
		Port []int `placeholder:"PORT" help:"Port of a server, besides 5432, for connections whose beginning is not in the capture; may be repeated."`
	} `embed:"" group:"Report"`

	Redact redactOptions `embed:"" group:"Redaction"`

	Findings struct {
		findingOptions
		Slow time.Duration `placeholder:"TIME" help:"Find statements that take that long or longer, such as 100ms."`
	} `embed:"" group:"Findings"`

	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`

	Files []string `arg:"" optional:"" placeholder:"FILE" help:"Captures to read, in the order of time; - for standard input."`
}

const reportUsage = "pgpi report [options] FILE..."

const reportDescription = `Add up what recordings and captures hold: which statements took the time, how often they ran, whom they waited for, what failed.

  pgpi report session.pcapng
  pgpi report --order-by calls --report json=report.json monday.pcapng
  pgpi report --compare report.json --fail-on new-shape,calls=10% tuesday.pcapng

Exit codes are those of pgpi read.`

func (o *reportOnly) check() error {
	if _, err := o.Report.options(); err != nil {
		return err
	}
	if len(o.Report.Report) == 0 {
		o.Report.Report = []string{"text=" + standardOutput}
	}
	if err := o.checkComparison(); err != nil {
		return err
	}
	return o.reading().check()
}

// reading returns pgpi read without a log.
func (o *reportOnly) reading() *readOptions {
	read := &readOptions{Files: o.Files, command: "pgpi report", usage: reportUsage, choice: &o.Report.reportChoice}
	read.Output.Redact, read.Output.Report, read.Output.Findings = o.Redact, o.Report.reportOptions, o.Findings.findingOptions
	read.Output.Findings.compares = o.Report.Compare != ""
	read.Output.Log.Slow = o.Findings.Slow
	read.Output.Log.Filter = o.Report.Filter
	read.Output.Log.nowhere = true
	read.Read.Port = o.Report.Port
	return read
}

func (o *reportOnly) run() error { return o.reading().run() }

// reportNow writes the reports of everything so far.
func (p *pipeline) reportNow() error {
	if p.report == nil {
		return errNoReport
	}
	if err := p.report.Report(); err != nil {
		return fmt.Errorf("write %s: %w", reportOutlet, err)
	}
	return nil
}

// errNoReport is for a signal that asks for a report when none is wanted.
var errNoReport = errors.New("there is no report to write: start pgpi with --report, such as --report text=report.txt")
