package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pgpi/internal/bus"
	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/exchange"
	"pgpi/internal/gate"
	"pgpi/internal/insight"
	"pgpi/internal/proxy"
	"pgpi/internal/redact"
	"pgpi/internal/session"
	"pgpi/internal/sink/report"
	"pgpi/internal/sink/summary"
)

// pipeline is the way of events, in every command: from a source, through the stages, to the
// outlets. It is built from options in three steps: newPipeline, openLogs, start. What is wrong
// with a log must be known before anything listens, and a recording must overwrite nothing before
// everything else is right.
type pipeline struct {
	options *outputOptions
	choice  *reportChoice // what reports contain
	summary *summary.Sink // what comes after all logs, or nil
	stream  *os.File      // where a log goes that names no file
	input   string        // the file that is read, if there is one

	// What a source that is not the proxy says about itself.
	redacted bool                           // secrets were redacted when it was recorded
	complain func(error)                    // tells the user about something that ends nothing
	failed   func(outlet string, err error) // an outlet can't be written
	behind   func(outlet string)            // nil if there is no hurry

	values   *valueRedaction // nil if values are not redacted
	sought   insight.Options
	criteria *gate.Criteria // what fails the run, or nil for nothing
	accepted *baseline      // nil if nothing is looked for
	decode   *decode.Stage
	outlets  []bus.Outlet
	report   *report.Sink // nil if none is wanted
	judge    *gate.Judge  // nil if nothing is judged
	*bus.Bus
}

// newPipeline returns a pipeline for what the proxy relays.
func newPipeline(o *outputOptions, stream *os.File) *pipeline {
	p := &pipeline{
		options: o, choice: &defaultChoice, stream: stream, complain: complain, behind: o.Log.behind,
		values: newValues(o.Redact.Redact, &o.Record),
		decode: newDecoder(),
	}
	p.failed = func(outlet string, err error) {
		err = fmt.Errorf("write %s: %w", outlet, withoutPath(err))
		if outlet != reportOutlet { // which is written at the end
			err = fmt.Errorf("%w: it ends here, connections go on", err)
		}
		p.complain(err)
	}
	return p
}

func newDecoder() *decode.Stage { return decode.New(session.NewBudget(session.DefaultBudget)) }

// openLogs opens the logs, which are appended to, and finds a place for the reports.
func (p *pipeline) openLogs(closers *closers) (err error) {
	chosen, err := p.options.Log.filter()
	if err != nil {
		return err
	}
	if err := p.decideFindings(); err != nil {
		return err
	}
	p.options.Log.findings = p.options.Findings.shown(p.sought.Rules, chosen)
	if p.outlets, err = openLogs(&p.options.Log, chosen, p.stream, closers, p.uncomputed); err != nil {
		return err
	}
	if err := p.openReports(&p.options.Report, p.choice, chosen); err != nil {
		return err
	}
	if p.summary != nil {
		p.openSummary()
	}
	return p.openGate(chosen)
}

// uncomputed tells the user about a part of --filter that can't be computed. All outlets have the same
// filter, which says that once.
func (p *pipeline) uncomputed(err error) { p.complain(fmt.Errorf("--filter: %w", err)) }

// start begins the recording, if there is one, and the way of events.
func (p *pipeline) start() error {
	if p.options.Record.Record != "" {
		recording, err := p.options.Record.open(p.options.Redact.redacts() || p.redacted, p.complain)
		if err != nil {
			return err
		}
		p.outlets = append(p.outlets, recording)
	}
	p.Bus = bus.New(p.outlets, bus.Options{Stages: p.stages(), Failed: p.failed, Behind: p.behind})
	return nil
}

// stages returns what events pass through before any outlet sees them.
func (p *pipeline) stages() []bus.Stage {
	wanted, redaction := bus.Wanted(p.outlets), p.redaction()
	// Redaction must learn from rows what a server may repeat.
	p.decode.CountRows = redaction == nil && !wanted.Includes(bus.Messages)
	all := []bus.Stage{{Stage: p.decode, Name: "decoding"}}
	if redaction != nil {
		all = append(all, bus.Stage{Stage: redaction, Name: "redaction", Withholds: true})
	}
	if wanted.Includes(bus.Exchanges) {
		sums := exchange.New()
		sums.Shapes = wanted.Includes(bus.Shapes)
		all = append(all, bus.Stage{Stage: sums, Name: "adding up exchanges"})
	}
	if wanted.Includes(bus.Findings) {
		all = append(all, bus.Stage{Stage: insight.New(p.sought), Name: "looking for findings"})
	}
	return all
}

// decideFindings decides what is looked for, and what fails the run.
func (p *pipeline) decideFindings() (err error) {
	p.sought = insight.Options{Slow: p.options.Log.Slow, Accepted: p.accepts}
	if p.sought.Rules, err = p.options.Findings.rules(); err != nil {
		return err
	}
	if p.criteria, err = p.options.Findings.criteria(); err != nil || p.criteria == nil {
		return err
	}
	if slow := p.criteria.Slow(); slow > 0 && (p.sought.Slow == 0 || p.sought.Slow > slow) {
		p.sought.Slow = slow
	}
	return nil
}

// looksForFindings reports whether anything is looked for.
func (p *pipeline) looksForFindings() bool { return p.options.Log.findings != 0 }

// redaction returns the stage that redacts events, or nil if nothing is redacted.
func (p *pipeline) redaction() event.Stage {
	switch {
	case p.values != nil:
		return p.values
	case p.options.Redact.redacts():
		return &redact.Passwords{Again: true}
	case p.redacted:
		return new(redact.Passwords)
	}
	return nil
}

// observe makes the proxy record for the outlets.
func (p *pipeline) observe(config *proxy.Config) {
	config.Recorder, config.DecodeAll = p.Bus, bus.Wanted(p.outlets).Includes(bus.Traffic)
	config.LogCerts = p.options.Log.LogCerts
}

// flushLimit is how long outlets may write nothing of what is left at the end.
const flushLimit = 5 * time.Second

// finish makes all outlets write what is left, and checks a recording without values. It reports
// whether each outlet got everything from the beginning, and no value was found.
func (p *pipeline) finish() (whole bool) {
	whole = p.flush()
	if err := p.checkValues(context.Background()); err != nil {
		complain(err)
		whole = whole && errors.Is(err, errNotChecked)
	}
	return whole
}

func (p *pipeline) flush() (whole bool) {
	if !p.Close(flushLimit) {
		complain(fmt.Errorf("write %s: nothing more of it was taken within %v", names(p.outlets), flushLimit))
		return false
	}
	if p.summary != nil {
		if err := p.summary.Report(); err != nil {
			complain(err)
			return false
		}
	}
	return !p.Failed() // what failed was reported when it did
}

// names lists outlets, for the user.
func names(outlets []bus.Outlet) string {
	all := make([]string, 0, len(outlets))
	for _, o := range outlets {
		all = append(all, o.Name)
	}
	return strings.Join(all, " and ")
}

// checkValues looks for values of the input in the recording, if they are redacted.
func (p *pipeline) checkValues(ctx context.Context) error {
	if p.values == nil || p.options.Record.Record == "" {
		return nil
	}
	return p.values.checkRecording(ctx, &p.options.Record)
}
