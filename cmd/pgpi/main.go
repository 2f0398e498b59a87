// Command pgpi stands between Postgres clients and servers and shows what they
// say. This package turns flags into wiring and errors into exit codes.
//
// It guarantees that what is wrong with the command line is said in one sentence,
// before anything listens where it can be known before, and that whatever was opened
// is closed when it ends.
//
// It must not know how anything is done that it wires: everything else lives in
// internal/.
//
// Start reading at options.go for what a user can say, and at relay.go and run.go for
// what is made of it.
package main

import (
	"errors"
	"fmt"
	"os"

	"pgpi/internal/launch"
	"pgpi/internal/localpg"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	localpg.RunJanitorIfAsked()
	os.Exit(run(os.Args[1:]))
}

// run is main with an exit code. It is the one place where errors are printed.
func run(args []string) int {
	command, err := parse(args, os.Stdout)
	if err == nil && command != nil {
		err = command()
	}
	if err == nil {
		return 0
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code) // the command has said what there is to say
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(os.Stderr, "pgpi: %v (see pgpi --help)\n", err)
		return exitUsage
	}
	fmt.Fprintf(os.Stderr, "pgpi: %v\n", err)
	if start, ok := errors.AsType[*launch.StartError](err); ok {
		return start.Code
	}
	return exitFailure
}

// usageError is a mistake in the flags.
type usageError struct{ error }

func (u *usageError) Unwrap() error { return u.error }
