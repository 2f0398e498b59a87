package main

import (
	"errors"
	"fmt"

	"pgpi/internal/pgtls"
)

// Exit codes.
const (
	exitFailure    = 1
	exitUsage      = 2
	exitIncomplete = 3 // captures lack something
	exitFailOn     = 4 // --fail-on was met
)

// exitError ends pgpi with an exit code, and without another word.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// errFailOn ends pgpi because --fail-on was met.
var errFailOn = fmt.Errorf("--fail-on was met: %w", exitError(exitFailOn))

// closers are what must be closed at the end, last first.
type closers struct{ all []func() error }

func (c *closers) add(f func() error) { c.all = append(c.all, f) }

// close closes everything, and reports what fails. That turns success into a failure, as it does with
// what --fail-on has found, but hides no exit code of a command.
func (c *closers) close(result *error) {
	for len(c.all) > 0 {
		last := len(c.all) - 1
		err := c.all[last]()
		c.all = c.all[:last]
		if err == nil {
			continue
		}
		if _, said := errors.AsType[exitError](err); !said {
			complain(err)
		}
		if *result == nil || errors.Is(*result, errFailOn) {
			*result = exitError(exitFailure)
		}
	}
}

// usageError is a mistake in the options.
type usageError struct{ error }

func (u *usageError) Unwrap() error { return u.error }

// usage turns an error into a mistake in the options.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// isUsage reports whether the user must change options, not files.
func isUsage(err error) bool {
	if _, ok := errors.AsType[*pgtls.OptionError](err); ok {
		return true
	}
	_, ok := errors.AsType[*usageError](err)
	return ok
}
