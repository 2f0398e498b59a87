// Package golden compares logs with files in testdata, and rewrites them with -update.
//
// It guarantees that a difference is shown as a unified diff, with the command that rewrites the
// file. It must not know what logs are about, only what changes in them from run to run. Start
// reading at [Compare].
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// Compare checks a log against a file in testdata.
func Compare(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write the file with: %s", err, rewrite(t))
	}
	if difference := diff.Diff(path, want, "this run", []byte(got)); difference != nil {
		t.Fatalf("the log is not the golden file; if it is right, rewrite the file with: %s\n%s", rewrite(t), difference)
	}
}

// rewrite returns the command that rewrites the golden files of a test.
func rewrite(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd() // of the test's package
	if err != nil {
		t.Fatal(err)
	}
	root := folder
	for !isModule(root) && root != filepath.Dir(root) {
		root = filepath.Dir(root)
	}
	pkg, err := filepath.Rel(root, folder)
	if err != nil {
		t.Fatal(err)
	}
	test := "^" + strings.ReplaceAll(regexp.QuoteMeta(t.Name()), "/", "$/^") + "$"
	return "go test ./" + filepath.ToSlash(pkg) + " -run '" + test + "' -update"
}

func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// changing matches what differs from run to run: positions, times and numbers, except the numbers
// of built-in types.
var changing = regexp.MustCompile(`"[^" ]*" = ((?:\w+ )*(?:LSN|time|ID|OID)): [^"=]+`)

var builtIn = regexp.MustCompile(`= type OID: \d{1,4}\b`)

// Normal returns a line without what changes.
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
