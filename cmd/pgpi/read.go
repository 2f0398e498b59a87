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

	"pgpi/internal/bus"
	"pgpi/internal/capture"
	"pgpi/internal/decode"
)

// readOptions are the options of pgpi read.
type readOptions struct {
	Log    logOptions    `embed:"" group:"Log"`
	Record recordOptions `embed:"" group:"Recording"`

	Read struct {
		Port []int `placeholder:"PORT" help:"Port of a server, besides 5432, for connections whose beginning is not in the capture; may be repeated."`

		redactOptions
	} `embed:"" group:"Reading"`

	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`

	Files []string `arg:"" optional:"" placeholder:"FILE" help:"Captures to read, in the order of time; - for standard input."`
}

const readUsage = "pgpi read [options] FILE..."

const readDescription = `Read captures and show what clients and servers said in them: recordings of pgpi, and any pcap or pcapng file with Postgres traffic that is not encrypted.

  pgpi read session.pcapng
  tcpdump -i any -U -w - port 5432 | pgpi read -

Exit codes: 0 where everything was read, 3 where something is missing in the captures or nothing in them could be decoded (the log and standard error say what), 1 where nothing could be read.`

// exitIncomplete is the exit code where captures lack something.
const exitIncomplete = 3

// check finds what no single flag tells.
func (o *readOptions) check() error {
	if len(o.Files) == 0 {
		return errors.New("pgpi read needs a capture: " + readUsage + ", or - for standard input")
	}
	for _, port := range o.Read.Port {
		if err := checkPort("--port", port, 1); err != nil {
			return err
		}
	}
	if err := cmp.Or(o.Read.check(), o.Record.check(), o.Log.check()); err != nil {
		return err
	}
	return checkFiles(&o.Log, &o.Record)
}

// checkFiles refuses to read a file twice, and to write to one that is read, which would
// destroy it.
func (o *readOptions) checkFiles() error {
	outputs, err := o.Log.outputs()
	if err != nil {
		return err
	}
	outputs = append(outputs, output{option: "--record", path: o.Record.Record})
	recording := o.Record.pcapng()
	for i, name := range o.Files {
		if recording.Rotate > 0 && recording.Writes(name) {
			return &usageError{fmt.Errorf("--record: %s is a capture that is to be read: give another file", name)}
		}
		read, err := os.Stat(name)
		if err != nil {
			continue // what is wrong with it is said where it is opened
		}
		for _, out := range outputs {
			if written, err := os.Stat(out.path); err == nil && written.Mode().IsRegular() && os.SameFile(read, written) {
				return &usageError{fmt.Errorf("%s: %s is a capture that is to be read: give another file", out.option, out.path)}
			}
		}
		for _, before := range o.Files[:i] {
			if other, err := os.Stat(before); err == nil && read.Mode().IsRegular() && os.SameFile(read, other) {
				return &usageError{fmt.Errorf("%s: the same capture as %s: give each file once", name, before)}
			}
		}
	}
	return nil
}

// readCaptures is pgpi read.
func readCaptures(o *readOptions) (err error) {
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
	all := &options{Log: o.Log, Record: o.Record, values: newValues(o.Read.Redact, &o.Record)}
	all.Auth.redactOptions = o.Read.redactOptions
	all.redacted = reader.Redacted()
	if err := learnValues(ctx, all.values, o); err != nil {
		return err
	}
	logs, err := openLogs(all, os.Stdout, &closers, complain)
	if err != nil {
		return err
	}
	outlets, err := outlets(all, logs, complain)
	if err != nil {
		return err
	}
	output := &outputFailure{stop: stop}
	options := busOptions(all, outlets)
	options.Failed, options.Behind = output.failed, nil // there is no hurry
	events := bus.New(outlets, options)
	report := reader.Read(ctx, events)
	bar.clear()
	events.Close(math.MaxInt64)
	if err := output.failure(); err != nil || ctx.Err() != nil {
		return err
	}
	if err := checkValues(ctx, all); err != nil {
		return err
	}
	return conclude(strings.Join(o.Files, " and "), report, decoded(options.Stages))
}

// outputFailure ends the reading when its result can't be written.
type outputFailure struct {
	stop func()
	mu   sync.Mutex
	err  error
}

func (o *outputFailure) failed(name string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = cmp.Or(o.err, fmt.Errorf("write %s: %w", name, withoutPath(err)))
	o.stop()
}

// failure is the first one. Whoever has read enough, as head does, knows it.
func (o *outputFailure) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if errors.Is(o.err, syscall.EPIPE) {
		return nil
	}
	return o.err
}

// decoded is how much the stages have decoded.
func decoded(stages []bus.Stage) (seen decode.Seen) {
	for _, s := range stages {
		if stage, ok := s.Stage.(*decode.Stage); ok {
			seen = stage.Seen()
		}
	}
	return seen
}

// conclude tells what a reader of the log would miss.
func conclude(files string, r capture.Report, seen decode.Seen) error {
	encrypted := r.Connections > 0 && r.Encrypted == r.Connections
	// A recording is what pgpi has relayed, whatever that was.
	nothing := r.Recordings == 0 && seen.Messages == 0 && seen.Undecoded > 0
	switch {
	case r.Connections == 0 && r.Recordings > 0: // pgpi was not used, perhaps
	case r.Connections == 0 && r.Packets == 0:
		return fmt.Errorf("read %s: there are no packets in it", files)
	case r.Connections == 0:
		return fmt.Errorf("read %s: no Postgres traffic is in it, but %s", files, r.Instead())
	case encrypted:
		complain(errors.New("all connections are encrypted: what they say can't be read: relay them through pgpi with --record"))
	case nothing:
		complain(errors.New("nothing could be decoded: what speaks at the port of a server is no Postgres, or the capture has too little of it"))
	}
	if r.Missing > 0 {
		complain(fmt.Errorf("%d bytes are missing in the capture: the log says where", r.Missing))
	}
	if r.Incomplete() || encrypted || nothing {
		return exitError(exitIncomplete)
	}
	return nil
}
