package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"pgpi/internal/bus"
	"pgpi/internal/capture"
	"pgpi/internal/event"
	"pgpi/internal/pseudonym"
	"pgpi/internal/redact"
)

// newValues is the redaction of values, nil where they are not redacted.
func newValues(what string) *pseudonym.Values {
	if what != "values" {
		return nil
	}
	return pseudonym.New()
}

// redacts reports whether anything is redacted.
func (o *redactOptions) redacts() bool { return o.RedactPasswords || o.Redact != "" }

// redaction is the stage that redacts events, nil where nothing is redacted.
func (o *options) redaction() event.Stage {
	switch {
	case o.values != nil:
		return o.values
	case o.Auth.redacts():
		return &redact.Passwords{Again: true}
	case o.redacted:
		return new(redact.Passwords)
	}
	return nil
}

// each is a sink that gives events to a function, one at a time.
type each func(*event.Event)

func (f each) Write(events []event.Event) error {
	for i := range events {
		f(&events[i])
	}
	return nil
}

func (each) Close() error { return nil }

// learnValues reads captures to know all their values before any of it is shown.
// Standard input can be read only once: what comes late in it is not known early.
func learnValues(ctx context.Context, v *pseudonym.Values, o *readOptions) error {
	if v == nil || slices.Contains(o.Files, "-") {
		return nil
	}
	return readAll(ctx, o.Files, o.Read.Port, v.Learn)
}

// readAll gives all events of captures to a function. What is wrong with them is for
// another reading to tell.
func readAll(ctx context.Context, files []string, ports []int, f func(*event.Event)) error {
	reader, err := capture.Open(files, capture.Options{
		Ports: ports, Problem: func(error) {}, Progress: func(int64, int64) {},
	})
	if err != nil {
		return err
	}
	events := bus.New([]bus.Outlet{{Sink: each(f), Wants: bus.Messages}}, bus.Options{Stages: []bus.Stage{decodeStage()}})
	reader.Read(ctx, events)
	events.Close(math.MaxInt64)
	return nil
}

// checkValues reads the recording that was written, and looks whether a value that was
// there before stands in it.
func checkValues(ctx context.Context, o *options) error {
	if o.values == nil || o.Record.Record == "" {
		return nil
	}
	if o.Record.RecordRotate > 0 {
		return errors.New("the files of the recording were not checked for values: check one file by leaving out --record-rotate")
	}
	check := o.values.Check()
	if err := readAll(ctx, []string{o.Record.Record}, nil, check.Add); err != nil {
		return fmt.Errorf("check the recording for values: %w", err)
	}
	if err := check.Err(); err != nil {
		return fmt.Errorf("check the recording %s for values: %w: don't hand it on; record without --redact instead, and redact that with pgpi read --redact values --record, which knows all values from the beginning", o.Record.Record, err)
	}
	fmt.Fprintf(os.Stderr, "pgpi: no value of the input stands in %s: %v\n", o.Record.Record, check)
	return nil
}
