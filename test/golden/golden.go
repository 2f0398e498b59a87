// Package golden compares logs with files in testdata, and rewrites them with -update.
//
// It guarantees that a difference is shown by its line. It must not know what logs are
// about, only what changes in them from run to run. Start reading at Compare.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// Compare checks a log against a file in testdata.
func Compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines, wanted := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(lines), len(wanted)) {
		if i >= len(lines) || i >= len(wanted) || lines[i] != wanted[i] {
			t.Fatalf("%s:%d: other than the golden file (rewrite it with -update):\n%s", path, i+1, strings.Join(lines[i:min(len(lines), i+3)], "\n"))
		}
	}
}

// changing is what differs from run to run: positions, times and numbers, but not those
// of types that are built in.
var changing = regexp.MustCompile(`"[^" ]*" = ((?:\w+ )*(?:LSN|time|ID|OID)): [^"=]+`)

var builtIn = regexp.MustCompile(`= type OID: \d{1,4}\b`)

// Normal is a line without what changes.
func Normal(line string) string {
	text, ended := strings.CutSuffix(line, "\n")
	text = changing.ReplaceAllStringFunc(text, func(field string) string {
		if builtIn.MatchString(field) {
			return field
		}
		return changing.ReplaceAllString(field, `"..." = $1: ... `)
	})
	if ended {
		return strings.TrimRight(text, " ") + "\n"
	}
	return text
}
