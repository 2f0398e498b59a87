package main

import (
	"errors"
	"fmt"

	"pgpi/internal/bus"
)

// flush has all outlets write what is left, and reports whether each of them has got everything from the beginning.
func flush(events *bus.Bus, outlets []bus.Outlet) (whole bool) {
	if !events.Close(flushLimit) {
		complain(fmt.Errorf("write %s: not all of it was taken within %v", names(outlets), flushLimit))
		return false
	}
	return !events.Failed() // what failed was said when it did
}

// closers are what has to be closed at the end, last first.
type closers struct{ all []func() error }

func (c *closers) add(f func() error) { c.all = append(c.all, f) }

// close closes everything, and says what fails. That makes a failure of success, but hides no exit code of a command.
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
		if *result == nil {
			*result = exitError(exitFailure)
		}
	}
}
