// Package imports checks the shape of the repository.
//
// It guarantees that packages import only what the table in ARCHITECTURE.md allows, on every
// platform. Each package has a doc comment that says what it guarantees, what it must not know and
// where to start reading. Files and functions are no larger than a reader can hold. It must not know
// what the packages do.
// Start reading at TestImports.
package imports

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the root of the repository.
const root = "../.."

// pkg is a package of ours.
type pkg struct {
	name    string
	dir     string              // from the root of the repository
	imports map[string][]string // import path → files; what tests import is free
	docs    []string
	inits   []string
}

// TestImports compares what packages import with the table. Standard library packages
// are free, except that the pure ones do no input or output.
func TestImports(t *testing.T) {
	rules := readTable(t)
	used := map[string]bool{}
	for _, p := range packages(t) {
		if len(p.imports) == 0 && strings.HasPrefix(p.dir, "test/") {
			continue // tests only
		}
		r, ok := findRule(rules, p.dir)
		if !ok {
			t.Errorf("%s is not in the table of ARCHITECTURE.md: say there what it may import", p.dir)
			continue
		}
		used[r.pkg] = true
		for _, imported := range slices.Sorted(maps.Keys(p.imports)) {
			if !r.allows(imported) {
				t.Errorf("%s imports %s in %v, which the table of ARCHITECTURE.md does not let it",
					p.dir, imported, p.imports[imported])
			}
		}
	}
	for _, r := range rules {
		if !used[r.pkg] {
			t.Errorf("ARCHITECTURE.md has rules for %s, which is not there", r.pkg)
		}
	}
}

// TestTable tries the rules that matter most, so that the table can't lose them.
func TestTable(t *testing.T) {
	rules := readTable(t)
	for _, forbidden := range [][2]string{
		{"internal/wire", "pgpi/internal/event"},
		{"internal/wire", "github.com/jackc/pgx/v5/pgproto3"},
		{"internal/pgvalue", "pgpi/internal/wire"},
		{"internal/sqltext", "pgpi/internal/wire"},
		{"internal/sqltext", "os"},
		{"internal/session", "net"},
		{"internal/session", "os"},
		{"internal/proxy", "pgpi/internal/bus"},
		{"internal/proxy", "pgpi/internal/sink/text"},
		{"internal/sink/text", "pgpi/internal/proxy"},
		{"internal/sink/text", "pgpi/internal/session"},
		{"internal/sink/jsonl", "pgpi/internal/sink/text"},
		{"internal/bus", "pgpi/internal/wire"},
		{"internal/localpg", "pgpi/internal/proxy"},
	} {
		if r, ok := findRule(rules, forbidden[0]); ok && r.allows(forbidden[1]) {
			t.Errorf("the table of ARCHITECTURE.md lets %s import %s", forbidden[0], forbidden[1])
		}
	}
}

// TestDocs looks for the three things that each doc comment must say.
func TestDocs(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.docs) != 1 {
			t.Errorf("%s has %d doc comments, want 1", p.dir, len(p.docs))
			continue
		}
		if strings.HasPrefix(p.dir, "test/") && strings.Count(p.dir, "/") > 1 {
			continue // a program of a test: its purpose is enough
		}
		doc := strings.ToLower(strings.Join(strings.Fields(p.docs[0]), " "))
		for _, phrase := range []string{"guarantee", "must not know", "start reading"} {
			if !strings.Contains(doc, phrase) {
				t.Errorf("the doc comment of %s does not have the words %q", p.dir, phrase)
			}
		}
	}
}

// TestNames finds names without meaning, and code that runs without being called.
func TestNames(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range []string{"util", "utils", "common", "types", "manager", "helpers", "misc"} {
			if p.name == name || path.Base(p.dir) == name {
				t.Errorf("%s: the name says nothing of what is in it", p.dir)
			}
		}
		if len(p.inits) > 0 {
			t.Errorf("%s has func init in %v: let main call it", p.dir, p.inits)
		}
	}
}

// packages reads all our packages, including files for other platforms.
func packages(t *testing.T) []*pkg {
	t.Helper()
	found := map[string]*pkg{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() {
			if name != ".." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, file)
		dir := filepath.ToSlash(filepath.Dir(relative))
		if found[dir] == nil {
			found[dir] = &pkg{dir: dir, imports: map[string][]string{}}
		}
		found[dir].add(filepath.Base(file), parsed)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("found %d packages only", len(found))
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *pkg) int { return strings.Compare(a.dir, b.dir) })
}

func (p *pkg) add(file string, parsed *ast.File) {
	p.name = strings.TrimSuffix(parsed.Name.Name, "_test")
	if parsed.Doc != nil && strings.TrimSpace(parsed.Doc.Text()) != "" {
		p.docs = append(p.docs, parsed.Doc.Text())
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			p.inits = append(p.inits, file)
		}
	}
	if strings.HasSuffix(file, "_test.go") {
		return
	}
	for _, spec := range parsed.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // it has been parsed before
		p.imports[imported] = append(p.imports[imported], file)
	}
}
