package imports

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is our module's name.
const module = "pgpi"

// rule is a row of the table.
type rule struct {
	pkg       string // its directory; the last element may be *
	ours      []string
	libraries []string
	pure      bool
}

var quoted = regexp.MustCompile("`([^`]+)`")

// readTable reads the table in ARCHITECTURE.md: package, our packages that it imports, other
// modules, and what it is.
func readTable(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	var rules []rule
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		r := rule{ours: words(cells[2]), libraries: words(cells[3]), pure: strings.Contains(cells[4], "Pure")}
		for _, r.pkg = range words(cells[1]) {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		t.Fatal("ARCHITECTURE.md has no table of packages")
	}
	return rules
}

func words(cell string) []string {
	var all []string
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 && strings.TrimSpace(cell) == "all" {
		return []string{"*"}
	}
	return all
}

func findRule(rules []rule, dir string) (rule, bool) {
	for _, r := range rules {
		full := r.pkg
		if !strings.Contains(full, "cmd/") && !strings.HasPrefix(full, "test/") {
			full = "internal/" + full
		}
		if matched, _ := path.Match(full, dir); matched {
			return r, true
		}
	}
	return rule{}, false
}

// effects are the packages of the standard library that reach out of the process. A pure package
// imports none of them.
var effects = []string{"os", "net", "syscall", "log", "io/ioutil", "runtime", "testing"}

func (r rule) allows(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	switch {
	case first == module:
		return slices.Contains(r.ours, "*") || slices.Contains(r.ours, strings.TrimPrefix(imported, module+"/internal/"))
	case strings.Contains(first, "."):
		return slices.Contains(r.libraries, "*") || slices.ContainsFunc(r.libraries, func(l string) bool { return imported == l || strings.HasPrefix(imported, l+"/") })
	}
	return !r.pure || !slices.Contains(effects, imported) && !slices.Contains(effects, first) || imported == "net/netip"
}
