// Package golden compares texts with files, mostly in testdata, and rewrites these with -update.
//
// It guarantees that a difference is shown as a unified diff, with the command that rewrites the
// file. It must not know what texts are about, only what changes in logs from run to run. Start
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

// Updating reports whether golden files are being rewritten.
func Updating() bool { return *update }

// Compare checks a text against a file in testdata.
func Compare(t testing.TB, name, got string) {
	t.Helper()
	CompareFile(t, filepath.Join("testdata", name), got)
}

// CompareFile checks a text against a file anywhere.
func CompareFile(t testing.TB, path, got string) {
	t.Helper()
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
		t.Fatalf("%s is not what this run has made; if this run is right, rewrite the file with: %s\n%s", path, rewrite(t), difference)
	}
}

// ComparePart checks a text against the part of a file that is between two marks.
func ComparePart(t testing.TB, path, begin, end, got string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, found2 := strings.Cut(rest, end)
	if !found || !found2 {
		t.Fatalf("%s has no part between %q and %q", path, begin, end)
	}
	CompareFile(t, path, before+begin+got+end+after)
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
