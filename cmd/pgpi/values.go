package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"pgpi/internal/event"
)

// plainValues makes kong read numbers, durations and words with functions whose errors are for
// users: its own speak of tokens and integer sizes.
func plainValues(k *kong.Kong) error {
	return errors.Join(
		kong.KindMapper(reflect.Int, readWith(readNumber)).Apply(k),
		kong.KindMapper(reflect.String, readWith(readWord)).Apply(k),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), readWith(readDuration)).Apply(k),
	)
}

// negative is what kong mistakes for a flag, although it may be a value.
var negative = regexp.MustCompile(`^-\d`)

func readWith(read func(v *kong.Value, text string, target reflect.Value) error) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		token := ctx.Scan.Peek()
		if !token.IsValue() && !negative.MatchString(token.String()) {
			return errors.New("a value is missing")
		}
		return read(ctx.Value, ctx.Scan.Pop().String(), target)
	}
}

func readNumber(_ *kong.Value, text string, target reflect.Value) error {
	n, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	target.SetInt(int64(n))
	return nil
}

func readDuration(_ *kong.Value, text string, target reflect.Value) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		remedy := "give a number and its unit"
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			remedy = "add a unit"
		}
		return fmt.Errorf("%q is not a duration: %s, such as 5s or 2m", text, remedy)
	}
	target.SetInt(int64(d))
	return nil
}

// readWord reads a text, or one of the words of an enumeration. An empty word in the enumeration
// means that the option was not given.
func readWord(v *kong.Value, text string, target reflect.Value) error {
	if words := v.EnumSlice(); v.Enum != "" && !slices.Contains(words, text) {
		words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
		return fmt.Errorf("%q is unknown: give %s", text, event.List(words, "or"))
	}
	target.SetString(text)
	return nil
}

// fromEnvironment is what kong says about a value from an environment variable.
var fromEnvironment = regexp.MustCompile(`(?s)^--[^ ]+: (.*) \(from envar ([^ =]+)=".*"\)$`)

// noBool is what kong says about a value that is neither yes nor no.
var noBool = regexp.MustCompile(`bool value must be .* but got (".*")`)

// plainWords names what the user has written: the variable, not its flag.
func plainWords(err error) error {
	text := fromEnvironment.ReplaceAllString(err.Error(), "$2: $1")
	return errors.New(noBool.ReplaceAllString(text, "$1 is neither yes nor no"))
}

// checkPort refuses what can't be a port. least is 0 if a free port may be chosen.
func checkPort(flag string, port, least int) error {
	if port < least || port > 65535 {
		return fmt.Errorf("%s: %d is not a port: give one from %d to 65535", flag, port, least)
	}
	return nil
}
