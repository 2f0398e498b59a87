package imports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Sizes in lines: a file is a concept that a reader can hold, and a function fits on a screen.
const (
	maxFile     = 400
	maxFunction = 60
)

// large are files and functions of more lines, each with why.
var large = map[string]string{
	"internal/pgvalue/value.go print": "it has a line or two for each binary form",
}

// TestSizes finds files and functions that have grown too large, and reasons that are needed no
// more.
func TestSizes(t *testing.T) {
	found := map[string]bool{}
	for _, folder := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			return checkSizes(t, path, found)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range large {
		if !found[name] {
			t.Errorf("%s is not too large any more: take its reason away", name)
		}
	}
}

// checkSizes checks a file and its functions.
func checkSizes(t *testing.T, path string, found map[string]bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, 0)
	if err != nil {
		return err
	}
	check := func(name string, lines, most int) {
		if lines <= most {
			return
		}
		if found[name] = true; large[name] == "" {
			t.Errorf("%s has %d lines, more than %d: cut it where a concept ends, or say here why not", name, lines, most)
		}
	}
	name := strings.TrimPrefix(filepath.ToSlash(path), root+"/")
	check(name, strings.Count(string(text), "\n"), maxFile)
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && !strings.HasSuffix(path, "_test.go") { // tests are tables of cases
			check(name+" "+f.Name.Name, fset.Position(f.End()).Line-fset.Position(f.Pos()).Line+1, maxFunction)
		}
	}
	return nil
}
