//go:build unix

package replication

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// compare checks a log against a golden file.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".txt"
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

// changing is what differs from run to run: positions, times and numbers.
var changing = regexp.MustCompile(`"[^" ]*" = ((?:\w+ )*(?:LSN|time|ID|OID)): [^"=]+`)

// normal is a line without what changes.
func normal(line string) string {
	end := strings.HasSuffix(line, "\n")
	line = changing.ReplaceAllString(strings.TrimSuffix(line, "\n"), `"..." = $1: ... `)
	if end {
		return strings.TrimRight(line, " ") + "\n"
	}
	return line
}
