package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"pgpi/internal/capture"
	"pgpi/internal/decode"
)

// readOptions are the options of pgpi read.
type readOptions struct {
	Output outputOptions `embed:""`

	Read struct {
		Port []int `placeholder:"PORT" help:"Port of a server, besides 5432, for connections whose beginning is not in the capture; may be repeated."`
	} `embed:"" group:"Reading"`

	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`

	Files []string `arg:"" optional:"" placeholder:"FILE" help:"Captures to read, in the order of time; - for standard input."`

	// What pgpi report does instead.
	command, usage string
	choice         *reportChoice
}

const readUsage = "pgpi read [options] FILE..."

const readDescription = `Read captures and show what clients and servers said in them: recordings of pgpi, and any pcap or pcapng file with Postgres traffic that is not encrypted.

  pgpi read session.pcapng
  tcpdump -i any -U -w - port 5432 | pgpi read -

Exit codes: 0 where everything was read, 3 where something is missing in the captures or nothing in them could be decoded (the log and standard error say what), 4 where --fail-on was met, 1 where nothing could be read, or --fail-on had nothing to judge. If several are true: 1, 4, 3.`

func (o *readOptions) check() error {
	if len(o.Files) == 0 {
		return errors.New(cmp.Or(o.command, "pgpi read") + " needs a capture: " + cmp.Or(o.usage, readUsage) + ", or - for standard input")
	}
	for _, port := range o.Read.Port {
		if err := checkPort("--port", port, 1); err != nil {
			return err
		}
	}
	return o.Output.check()
}

// checkFiles refuses to read a file twice, and to write to one that is read, which would destroy
// it.
func (o *readOptions) checkFiles() error {
	outputs, err := o.Output.files()
	if err != nil {
		return err
	}
	for i, name := range o.Files {
		if name == standardInput {
			continue
		}
		for _, out := range outputs {
			if o.Output.writes(out, name) {
				return &usageError{fmt.Errorf("%s: %s is a capture that is to be read: give another file", out.option, name)}
			}
		}
		for _, before := range o.Files[:i] {
			if sameFile(name, before) {
				return &usageError{fmt.Errorf("%s: the same capture as %s: give each file once", name, before)}
			}
		}
	}
	return nil
}

// run reads the captures.
func (o *readOptions) run() (err error) {
	if err := o.checkFiles(); err != nil {
		return err
	}
	ctx, stop := endBySignal()
	defer stop()
	var closers closers
	defer closers.close(&err)

	bar := newProgressBar(os.Stderr, os.Stdout)
	complain := func(err error) { bar.clear(); complain(err) }
	reader, err := capture.Open(o.Files, capture.Options{Ports: o.Read.Port, Progress: bar.show, Problem: complain})
	if err != nil {
		return err
	}
	output := &outputFailure{stop: stop}
	events := newPipeline(&o.Output, os.Stdout)
	events.choice = cmp.Or(o.choice, events.choice)
	if o.Files[0] != standardInput {
		events.input = o.Files[0]
	}
	events.redacted, events.complain, events.failed, events.behind = reader.Redacted(), complain, output.fail, nil
	if events.values != nil {
		if err := events.values.learn(ctx, o.Files, o.Read.Port); err != nil {
			return err
		}
	}
	if err := events.openLogs(&closers); err != nil {
		return err
	}
	if err := events.start(); err != nil {
		return err
	}
	defer events.reportOnSignal()()
	report := reader.Read(ctx, events)
	bar.clear()
	events.Close(math.MaxInt64)
	if err := output.failure(); err != nil || ctx.Err() != nil {
		return cmp.Or(err, events.stopped())
	}
	if err := events.checkValues(ctx); err != nil {
		return err
	}
	verdict := events.verdict()
	err = conclude(strings.Join(o.Files, " and "), report, events.decode.Seen())
	if incomplete, ok := errors.AsType[exitError](err); ok && incomplete == exitIncomplete && verdict != nil {
		return verdict
	}
	return cmp.Or(err, verdict)
}

// outputFailure ends the reading if its result can't be written.
type outputFailure struct {
	stop func()
	mu   sync.Mutex
	err  error
}

func (o *outputFailure) fail(name string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err = unlessUnread(err); err != nil {
		o.err = cmp.Or(o.err, fmt.Errorf("write %s: %w", name, withoutPath(err)))
	}
	o.stop()
}

// unlessUnread returns what went wrong besides that someone has read enough, as head does, and knows
// about it.
func unlessUnread(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if errors.Is(err, syscall.EPIPE) {
			return nil
		}
		return err
	}
	var rest error
	for _, one := range joined.Unwrap() {
		rest = errors.Join(rest, unlessUnread(one))
	}
	return rest
}

// failure returns the first one, or nil.
func (o *outputFailure) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// conclude reports what a reader of the log would miss.
func conclude(files string, r capture.Report, seen decode.Seen) error {
	encrypted := r.Connections > 0 && r.Encrypted == r.Connections
	// A recording is what pgpi has relayed, whatever that was.
	nothing := r.Recordings == 0 && seen.Messages == 0 && seen.Undecoded > 0
	switch {
	case r.Connections == 0 && r.Recordings > 0: // perhaps pgpi was not used
	case r.Connections == 0 && r.Packets == 0:
		return fmt.Errorf("read %s: there are no packets in it", files)
	case r.Connections == 0:
		return fmt.Errorf("read %s: it contains no Postgres traffic, but %s", files, r.Instead())
	case encrypted:
		complain(errors.New("all connections are encrypted: what they say can't be read: relay them through pgpi with --record"))
	case nothing:
		complain(errors.New("nothing could be decoded: what speaks at the port of a server is not Postgres, or the capture has too little of it"))
	}
	if r.Missing > 0 {
		complain(fmt.Errorf("%d bytes are missing in the capture: the log says where", r.Missing))
	}
	if r.Incomplete() || encrypted || nothing {
		return exitError(exitIncomplete)
	}
	return nil
}
