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
// Start reading at commands.go, the table of commands: each has a file with its options and
// what is made of them. What they share is in proxy.go, which makes the proxy's settings of
// options, in output.go and in pipeline.go, the way of events to logs and recordings.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"pgpi/internal/janitor"
	"pgpi/internal/launch"
	"pgpi/internal/localpg"
)

// version is set when a release is built.
var version = "0.1.0-dev"

func main() {
	runJanitorIfAsked()
	os.Exit(run(os.Args[1:]))
}

// runJanitorIfAsked makes a janitor of this process where one of it has asked for one.
func runJanitorIfAsked() { janitor.RunIfAsked(localpg.Folders, launch.Folders) }

// run is main with an exit code. It is the one place where errors are printed.
func run(args []string) int {
	action, err := parse(args, os.Stdout)
	if err == nil && action != nil {
		err = checkVariables(os.Environ())
	}
	if err == nil && action != nil {
		err = action.run()
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
		c, _ := findCommand(args)
		fmt.Fprintf(os.Stderr, "pgpi: %s (see %s --help)\n%s", nameVariables(sentence, args), c.call(), rest)
		return exitUsage
	}
	complain(err)
	if start, ok := errors.AsType[*launch.StartError](err); ok {
		return start.Code
	}
	return exitFailure
}

// complain tells the user of something that does not end the program.
func complain(err error) { fmt.Fprintf(os.Stderr, "pgpi: %v\n", err) }
