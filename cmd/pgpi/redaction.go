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
)

type redactOptions struct {
	Redact          string `placeholder:"WHAT" default:"" enum:",passwords,values" help:"What to keep out of all logs and recordings: passwords; or values, which are replaced by pseudonyms (see docs/redaction.md)."`
	RedactPasswords *bool  `negatable:"" help:"Keep passwords, proofs, tokens, cancel keys and passwords in SQL out of all logs."`
}

// check refuses both to redact and not to redact. Redacting values includes passwords.
func (o *redactOptions) check() error {
	if o.Redact != "" && o.RedactPasswords != nil && !*o.RedactPasswords {
		return fmt.Errorf("--redact=%s and --no-redact-passwords: give one of them", o.Redact)
	}
	return nil
}

// redacts reports whether anything is redacted.
func (o *redactOptions) redacts() bool { return o.what() != "" }

// what returns what is redacted, or nothing.
func (o *redactOptions) what() string {
	if o.Redact == "" && o.RedactPasswords != nil && *o.RedactPasswords {
		return "passwords"
	}
	return o.Redact
}

// valueRedaction replaces users' data by pseudonyms.
type valueRedaction struct {
	*pseudonym.Values
	// leaks finds what the pseudonyms have missed. It learns the values by itself. It is nil unless
	// a recording will be checked.
	leaks *leak.Detector
}

// newValues returns the redaction of values, or nil if they are not redacted.
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

// each is a sink that passes events to a function, one at a time.
type each func(*event.Event)

func (f each) Write(events []event.Event) error {
	for i := range events {
		f(&events[i])
	}
	return nil
}

func (each) Close() error { return nil }

// readAll passes all events of captures to a function. Another reading reports what is wrong with
// them.
func readAll(ctx context.Context, files []string, ports []int, f func(*event.Event)) error {
	reader, err := capture.Open(files, capture.Options{
		Ports: ports, Problem: func(error) {}, Progress: func(int64, int64) {},
	})
	if err != nil {
		return err
	}
	events := bus.New([]bus.Outlet{{Sink: each(f), Wants: bus.Messages}}, bus.Options{Stages: []bus.Stage{{Stage: newDecoder(), Name: "decoding"}}})
	reader.Read(ctx, events)
	events.Close(math.MaxInt64)
	return nil
}

// learn reads captures to know all their values before any of them is shown. Standard input can be
// read only once, so what comes late in it is not known early.
func (v *valueRedaction) learn(ctx context.Context, files []string, ports []int) error {
	if slices.Contains(files, "-") {
		return nil
	}
	return readAll(ctx, files, ports, v.Learn)
}

// errNotChecked is why there is no verdict on a recording: the user has chosen so.
var errNotChecked = errors.New("was not checked for values")

// errStopped is for a recording whose check the user has stopped, or the reading before it.
func errStopped(r *recordOptions) error {
	return fmt.Errorf("the recording %s %w, because reading was stopped: don't hand it on", r.Record, errNotChecked)
}

// checkRecording reads the recording that was written, and looks for values that were there before:
// by what the redaction knows, and by what was learned independently.
func (v *valueRedaction) checkRecording(ctx context.Context, r *recordOptions) error {
	if r.Record == standardOutput {
		return fmt.Errorf("the recording %w: name a file with --record", errNotChecked)
	}
	if v.leaks == nil {
		return fmt.Errorf("each file of the recording %w: check one file by leaving out --record-rotate", errNotChecked)
	}
	check, leaks := v.Check(), v.leaks
	if err := readAll(ctx, []string{r.Record}, nil, func(e *event.Event) {
		check.Add(e)
		leaks.Search(e)
	}); err != nil {
		return fmt.Errorf("check the recording for values: %w", err)
	}
	if ctx.Err() != nil {
		return errStopped(r)
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
			r.Record, strings.ReplaceAll(strings.Join(found, "; "), "\n", "; "))
	}
	fmt.Fprintf(os.Stderr, "pgpi: no value of the input is in %s: %v\n", r.Record, check)
	fmt.Fprintf(os.Stderr, "pgpi: a second check, which has learned the values by itself, has found none: %v\n", leaks)
	return nil
}
