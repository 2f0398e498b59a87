package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"

	"pgpi/internal/event"
)

// command is one thing that pgpi does.
type command struct {
	name    string // the word after pgpi, empty for relaying
	usage   string // the whole usage line
	purpose string // for the list in pgpi --help
	// description is what the command's own --help says about it.
	description string
	// listenPort and logFormat are the defaults of shared options.
	listenPort, logFormat string
	options               func() action
}

// action is a command with its options.
type action interface {
	// check finds what is wrong with options that are each valid by themselves.
	check() error
	// run does what the command is for.
	run() error
}

// commands are all commands. The one without a name is what pgpi does with options alone.
var commands = []command{
	{"", relayUsage, "Relay connections until stopped.",
		relayDescription, "5432", "annotated", func() action { return new(relayOptions) }},
	{"run", runUsage, "Run one command behind pgpi.",
		runDescription, "0", "queries", func() action { return new(runOptions) }},
	{"read", readUsage, "Show what recordings and captures hold.",
		readDescription, "0", "annotated", func() action { return new(readOptions) }},
	{"report", reportUsage, "Add up what recordings and captures hold.",
		reportDescription, "0", "none", func() action { return new(reportOnly) }},
}

// findCommand returns the command of a command line, and its arguments.
func findCommand(args []string) (*command, []string) {
	for i := range commands {
		if name := commands[i].name; name != "" && len(args) > 0 && args[0] == name {
			return &commands[i], args[1:]
		}
	}
	return &commands[0], args
}

// call returns how the user calls the command.
func (c *command) call() string {
	if c.name == "" {
		return "pgpi"
	}
	return "pgpi " + c.name
}

// vars returns what the help of options refers to by ${…}.
func (c *command) vars() kong.Vars {
	return kong.Vars{
		"version": "pgpi " + version, "listenport": c.listenPort, "logformat": c.logFormat, "formats": strings.Join(formatNames(), ","),
	}
}

// parse reads the command line. The result is nil if everything is done, as after --help.
func parse(args []string, stdout io.Writer) (action, error) {
	c, rest := findCommand(args)
	options := c.options()
	done, err := c.parse(options, rest, stdout)
	switch {
	case done:
		return nil, nil //nolint:nilnil // nothing is wrong, and nothing is left to do
	case err != nil && c.name == "":
		return nil, misplacedCommand(err)
	case err != nil:
		return nil, err
	}
	return options, usage(options.check())
}

// parse reads the command's flags into its options. done is set if only help or the version was
// wanted.
func (c *command) parse(options action, args []string, stdout io.Writer) (done bool, err error) {
	if err := dropServiceLinks(); err != nil {
		return false, err
	}
	parser, err := kong.New(options,
		kong.Name("pgpi"), kong.Description(c.description), kong.DefaultEnvars("PGPI"),
		c.vars(), kong.Writers(stdout, os.Stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(plainHelp), kong.Help(c.printHelp), kong.OptionFunc(plainValues),
		kong.Exit(func(int) { done = true; panic(errExit) }),
	)
	if err != nil {
		return false, fmt.Errorf("read options: %w", err)
	}
	if _, err = parseQuietly(parser, args); err != nil && !done {
		return false, &usageError{plainWords(err)}
	}
	return done, nil
}

// errExit unwinds kong when it wants to end the process.
var errExit = errors.New("exit")

func parseQuietly(parser *kong.Kong, args []string) (ctx *kong.Context, err error) {
	defer func() {
		if reason := recover(); reason != nil && reason != any(errExit) {
			panic(reason)
		}
	}()
	return parser.Parse(args)
}

// printHelp prints kong's help below lines of our own: kong's usage has no --, and its list of
// commands can't have one without a name.
func (c *command) printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	text := "Usage: " + c.usage + "\n"
	if c.name == "" {
		text += "\nCommands:\n"
		for i := range commands {
			text += fmt.Sprintf("  %-37s  %s\n", commands[i].usage, commands[i].purpose)
		}
		text += "Each has a --help of its own; that of pgpi alone follows.\n"
	}
	if _, err := io.WriteString(ctx.Stdout, text); err != nil {
		return fmt.Errorf("print help: %w", err)
	}
	options.NoAppSummary = true
	return kong.DefaultHelpPrinter(options, ctx)
}

// plainHelp returns a flag's help without its environment variable, whose name follows from the
// flag's.
func plainHelp(v *kong.Value) string { return v.Help }

// surplus is what kong says about a word where it expects only options.
var surplus = regexp.MustCompile(`(?s)^unexpected argument (.*?)(, did you mean .*)?$`)

// misplacedCommand says what a word that is not an option may have been meant for. Other errors
// stay as they are.
func misplacedCommand(err error) error {
	found := surplus.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	word := found[1]
	if c, _ := findCommand([]string{word}); c.name != "" {
		return &usageError{fmt.Errorf("the command comes first: %s", c.usage)}
	}
	names := commandNames()
	if meant := nearest(word, names); meant != "" {
		return &usageError{fmt.Errorf("%q is not a command: did you mean pgpi %s?", word, meant)}
	}
	return &usageError{fmt.Errorf("%q is not a command: give %s, or options alone", word, event.List(names, "or"))}
}

// commandNames returns the words that may come first.
func commandNames() (names []string) {
	for i := range commands {
		if commands[i].name != "" {
			names = append(names, commands[i].name)
		}
	}
	return names
}
