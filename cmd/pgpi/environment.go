package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"pgpi/internal/event"
)

// variablePrefix begins the names of pgpi's variables.
const variablePrefix = "PGPI_"

// otherVariables are those that are not options: secrets, which should be on no command line, and
// what is set once per machine.
var otherVariables = []string{
	"PGPI_CLIENT_SSL_PASSWORD", "PGPI_SERVER_SSL_PASSWORD", "PGPI_POSTGRES_BIN", "PGPI_POSTGRES_REPOSITORY", "PGPI_JANITOR",
}

// checkVariables refuses variables that were meant for options and would be silently ignored: a
// misspelt PGPI_REDACT_PASSWORDS redacts nothing. It names other unknown ones.
func checkVariables(environment []string) error {
	known, err := knownVariables()
	if err != nil {
		return err
	}
	var strangers []string
	for _, entry := range slices.Sorted(slices.Values(environment)) {
		name, value, _ := strings.Cut(entry, "=")
		upper := strings.ToUpper(name)
		if !strings.HasPrefix(upper, variablePrefix) || isServiceLink(name, value) || isKnown(name, known) {
			continue
		}
		if meant := meantVariable(upper, known); meant != "" {
			return usage(fmt.Errorf("%s is not a variable of pgpi: did you mean %s?", name, meant))
		}
		strangers = append(strangers, name)
	}
	switch strangers = slices.Compact(strangers); len(strangers) {
	case 0:
	case 1:
		complain(errors.New(strangers[0] + " is not a variable of pgpi, and changes nothing"))
	default:
		complain(errors.New(event.List(strangers, "and") + " are not variables of pgpi, and change nothing"))
	}
	return nil
}

// knownVariables returns the variables of all commands: an environment serves them all.
func knownVariables() ([]string, error) {
	known := slices.Clone(otherVariables)
	for i := range commands {
		parser, err := kong.New(commands[i].options(), kong.DefaultEnvars("PGPI"), commands[i].vars())
		if err != nil {
			return nil, fmt.Errorf("list the variables of pgpi: %w", err)
		}
		for _, flag := range parser.Model.Flags {
			known = append(known, flag.Envs...)
		}
	}
	return known, nil
}

// isKnown reports whether a variable is one of pgpi's. On Windows its letters may be in lower case.
func isKnown(name string, known []string) bool {
	return slices.Contains(known, name) || runtime.GOOS == "windows" && slices.Contains(known, strings.ToUpper(name))
}

// meantVariable returns the variable that a name was probably meant to be, or "". A variable of
// someone who wants something redacted is never ignored.
func meantVariable(name string, known []string) string {
	if slices.Contains(known, name) {
		return name // its letters were in lower case
	}
	var words []string
	for _, k := range known {
		words = append(words, strings.TrimPrefix(k, variablePrefix))
	}
	near := nearest(strings.TrimPrefix(name, variablePrefix), words)
	switch {
	case near == "" && !strings.Contains(name, "REDACT"):
		return ""
	case near == "" && strings.Contains(name, "PASSW"):
		return "PGPI_REDACT_PASSWORDS"
	case near == "":
		return "PGPI_REDACT"
	}
	// PGPI_SERVER_PORT is closest to PGPI_SERVER_HOST, but is PGPI_SERVER_CONNECT_PORT with a word
	// left out.
	if i := slices.IndexFunc(known, func(k string) bool { return leavesWordsOut(name, k) }); i >= 0 {
		return known[i]
	}
	return variablePrefix + near
}

// leavesWordsOut reports whether a name is a longer one with some of its words left out.
func leavesWordsOut(name, longer string) bool {
	words := strings.Split(name, "_")
	for _, word := range strings.Split(longer, "_") {
		if len(words) > 0 && words[0] == word {
			words = words[1:]
		}
	}
	return len(words) == 0
}

// flagName finds the options in a sentence.
var flagName = regexp.MustCompile(`--(no-)?([a-z-]+)`)

// nameVariables replaces options in a sentence by the variables that set them: people look for what
// they have written.
func nameVariables(sentence string, args []string) string {
	subject, rest, found := strings.Cut(sentence, ": ")
	if !found {
		return sentence
	}
	subject = flagName.ReplaceAllStringFunc(subject, func(flag string) string {
		parts := flagName.FindStringSubmatch(flag)
		name := variablePrefix + strings.ToUpper(strings.ReplaceAll(parts[2], "-", "_"))
		if _, set := os.LookupEnv(name); !set || isGiven(parts[2], args) {
			return flag
		}
		if parts[1] != "" {
			name += "=no"
		}
		return name
	})
	return subject + ": " + rest
}

// isGiven reports whether a command line has an option, or its opposite. What follows -- belongs to
// the command.
func isGiven(option string, args []string) bool {
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		switch name {
		case "--" + option, "--no-" + option:
			return true
		case "--":
			return false
		}
	}
	return false
}

// Kubernetes describes each service to the containers that start after it, in variables that begin
// with its name. For a service called pgpi these are PGPI_SERVICE_HOST, PGPI_PORT_5432_TCP_ADDR and
// the like (pkg/kubelet/envvars/envvars.go).
var (
	serviceLink = regexp.MustCompile(`^PGPI_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)$`)
	servicePort = regexp.MustCompile(`^PGPI_(\w+_)?PORT=(tcp|udp|sctp)://`)
)

func isServiceLink(name, value string) bool {
	return serviceLink.MatchString(name) || servicePort.MatchString(name+"="+value)
}

// dropServiceLinks removes Kubernetes' variables that have the name of an option, such as
// PGPI_PORT.
func dropServiceLinks() error {
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); isServiceLink(name, value) {
			if err := os.Unsetenv(name); err != nil {
				return fmt.Errorf("ignore the variable %s of Kubernetes: %w", name, err)
			}
		}
	}
	return nil
}
