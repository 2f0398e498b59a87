package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"pgpi/internal/bus"
	"pgpi/internal/capture"
	"pgpi/internal/event"
	"pgpi/internal/leak"
	"pgpi/internal/pseudonym"
	"pgpi/internal/redact"
)

// valueRedaction puts pseudonyms in the place of users' data.
type valueRedaction struct {
	*pseudonym.Values
	// leaks finds what they have missed. It learns the values by itself, and is there
	// where a recording will be checked.
	leaks *leak.Detector
}

// newValues is the redaction of values, nil where they are not redacted.
func newValues(what string, r *recordOptions) *valueRedaction {
	if what != "values" {
		return nil
	}
	v := &valueRedaction{Values: pseudonym.New()}
	if r.Record != "" && r.RecordRotate == 0 {
		v.leaks = leak.New()
	}
	return v
}

// Take redacts an event.
func (v *valueRedaction) Take(e *event.Event, emit func(*event.Event)) {
	if v.leaks == nil {
		v.Apply(e)
	} else {
		v.leaks.Watch(e, v.Apply)
	}
	emit(e)
}

// redacts reports whether anything is redacted.
func (o *redactOptions) redacts() bool {
	return o.RedactPasswords != nil && *o.RedactPasswords || o.Redact != ""
}

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
func learnValues(ctx context.Context, v *valueRedaction, o *readOptions) error {
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

// errNotChecked is why there is no verdict on a recording, as the user has chosen.
var errNotChecked = errors.New("was not checked for values")

// checkValues reads the recording that was written, and looks whether a value that was
// there before is in it: by what the redaction knows, and by what was learned beside it.
func checkValues(ctx context.Context, o *options) error {
	if o.values == nil || o.Record.Record == "" {
		return nil
	}
	if o.Record.Record == standardOutput {
		return fmt.Errorf("the recording %w: name a file with --record", errNotChecked)
	}
	if o.values.leaks == nil {
		return fmt.Errorf("each file of the recording %w: check one file by leaving out --record-rotate", errNotChecked)
	}
	check, leaks := o.values.Check(), o.values.leaks
	if err := readAll(ctx, []string{o.Record.Record}, nil, func(e *event.Event) {
		check.Add(e)
		leaks.Search(e)
	}); err != nil {
		return fmt.Errorf("check the recording for values: %w", err)
	}
	var found []string
	if err := check.Err(); err != nil {
		found = append(found, err.Error())
	}
	if err := leaks.Err(); err != nil {
		found = append(found, "a second check, which has learned the values by itself: "+err.Error())
	}
	if len(found) > 0 {
		return fmt.Errorf("check the recording %s for values: %s: don't hand it on; record without --redact instead, and redact that with pgpi read --redact values --record, which knows all values from the beginning",
			o.Record.Record, strings.ReplaceAll(strings.Join(found, "; "), "\n", "; "))
	}
	fmt.Fprintf(os.Stderr, "pgpi: no value of the input stands in %s: %v\n", o.Record.Record, check)
	fmt.Fprintf(os.Stderr, "pgpi: a second check, which has learned the values by itself, has found none: %v\n", leaks)
	return nil
}
