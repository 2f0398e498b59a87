package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestOptionsAreNamed finds options that docs/options.md and the script about --help have forgotten.
func TestOptionsAreNamed(t *testing.T) {
	var flags []*kong.Flag
	for i := range commands {
		parser, err := kong.New(commands[i].options(), commands[i].vars(), kong.Writers(io.Discard, io.Discard))
		if err != nil {
			t.Fatal(err)
		}
		flags = append(flags, parser.Model.Flags...)
	}
	for _, path := range []string{"../../docs/options.md", "testdata/help.txtar"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range flags {
			plain, negatable := "--"+flag.Name, `--\[no-\]`+flag.Name
			if !strings.Contains(string(text), plain) && !strings.Contains(string(text), negatable) {
				t.Errorf("%s does not name --%s", path, flag.Name)
			}
		}
	}
}
