package drivers

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The versions in the table are the pinned ones, so that the table changes only with those.

func goModule(path string) func(*testing.T) string {
	return locked("../../go.mod", `(?m)^\s*`+regexp.QuoteMeta(path)+` v(\S+)`)
}

func pythonPackage(name string) func(*testing.T) string {
	return locked("requirements.txt", `(?m)^`+regexp.QuoteMeta(name)+`==(\S+)`)
}

func crate(name string) func(*testing.T) string {
	return locked(name+"/Cargo.toml", `(?m)^`+regexp.QuoteMeta(name)+` = \{ version = "=([^"]+)"`)
}

func mavenArtifact(name string) func(*testing.T) string {
	return locked(name+"/artifact", `:([^:\s]+)\s*$`)
}

// locked finds a version in a file: what the expression's only group matches.
func locked(file, expression string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		match := regexp.MustCompile(expression).FindSubmatch(text)
		if match == nil {
			t.Fatalf("%s has nothing like %s", file, expression)
		}
		return string(match[1])
	}
}

func npmPackage(name string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		text, err := os.ReadFile("package-lock.json")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "resolved") {
			t.Error("package-lock.json names a registry's host: make it with --omit-lockfile-registry-resolved")
		}
		var lock struct {
			Packages map[string]struct{ Version string }
		}
		if err := json.Unmarshal(text, &lock); err != nil {
			t.Fatal(err)
		}
		return lock.Packages["node_modules/"+name].Version
	}
}

// debian is for packages whose version comes with the Debian release. The table was made with 12.
func debian(version string) func(*testing.T) string {
	return func(*testing.T) string { return "Debian's (" + version + " in 12)" }
}
