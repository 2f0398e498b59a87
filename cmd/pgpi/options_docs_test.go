package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestOptionsAreNamed finds options that docs/options.md has forgotten.
func TestOptionsAreNamed(t *testing.T) {
	var flags []*kong.Flag
	for i := range commands {
		parser, err := kong.New(commands[i].options(), commands[i].vars(), kong.Writers(io.Discard, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		flags = append(flags, parser.Model.Flags...)
	}
	text, err := os.ReadFile("../../docs/options.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range flags {
		if !strings.Contains(string(text), "--"+flag.Name) {
			t.Errorf("docs/options.md does not name --%s", flag.Name)
		}
	}
}
