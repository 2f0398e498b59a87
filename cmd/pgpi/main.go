// Command pgpi is between Postgres clients and servers, and shows what they say. This package turns
// options into wiring, and errors into exit codes.
//
// It guarantees:
//
//   - What is wrong with the command line is said in one sentence, before anything listens if it
//     can be known by then.
//   - Whatever was opened is closed when it ends.
//
// Less formally: it says at once what it can't do, and leaves nothing behind.
//
// It must not know how anything is done that it wires: everything else is in internal/.
//
// Start reading at commands.go, the table of commands. Each command has a file with its options and
// what it does with them. proxy.go, output.go and pipeline.go are shared: proxy.go turns options
// into the proxy's settings, and pipeline.go has the way of events to logs and recordings.
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

// runJanitorIfAsked turns this process into a janitor if another pgpi has asked for one.
func runJanitorIfAsked() { janitor.RunIfAsked(localpg.Folders, launch.Folders) }

// run is main with an exit code. It is the only place where errors are printed.
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

// complain tells the user about something that does not end the program.
func complain(err error) { fmt.Fprintf(os.Stderr, "pgpi: %v\n", err) }
