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
	"strings"

	"pgpi/internal/janitor"
	"pgpi/internal/launch"
	"pgpi/internal/localpg"
	"pgpi/internal/pgtls"
)

// Exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	runJanitorIfAsked()
	os.Exit(run(os.Args[1:]))
}

// runJanitorIfAsked makes a janitor of this process where one of it has asked for one.
func runJanitorIfAsked() { janitor.RunIfAsked(localpg.Folders, launch.Folders) }

// run is main with an exit code. It is the one place where errors are printed.
func run(args []string) int {
	command, err := parse(args, os.Stdout)
	if err == nil && command != nil {
		err = checkVariables(os.Environ())
	}
	if err == nil && command != nil {
		err = command()
	}
	if err == nil {
		return 0
	}
	if code, ok := errors.AsType[exitError](err); ok {
		return int(code) // the command has said what there is to say
	}
	if isUsage(err) {
		// An expression follows the sentence, with a mark below its mistake.
		sentence, rest, _ := strings.Cut(err.Error()+"\n", "\n")
		fmt.Fprintf(os.Stderr, "pgpi: %s (see %s --help)\n%s", nameVariables(sentence, args), commandName(args), rest)
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

// isUsage reports whether the user has to change options, not files.
func isUsage(err error) bool {
	if _, ok := errors.AsType[*pgtls.OptionError](err); ok {
		return true
	}
	_, ok := errors.AsType[*usageError](err)
	return ok
}

// commandName is the command whose help the user needs.
func commandName(args []string) string {
	if len(args) > 0 && (args[0] == "run" || args[0] == "read") {
		return "pgpi " + args[0]
	}
	return "pgpi"
}
