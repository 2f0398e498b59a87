//go:build unix

package localpg_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgpi/internal/localpg"
)

// fakePrograms makes a folder with server programs that only know their version.
func fakePrograms(t *testing.T, version string) string {
	t.Helper()
	bin := t.TempDir()
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

func TestFindChosen(t *testing.T) {
	bin := fakePrograms(t, "19beta1")
	t.Setenv("PGPI_POSTGRES_BIN", bin)
	for _, version := range []int{0, 19} {
		if found, err := localpg.Find(version); err != nil || found != bin {
			t.Errorf("version %d: got %q, %v", version, found, err)
		}
	}
	if _, err := localpg.Find(15); err == nil || !strings.Contains(err.Error(), "has PostgreSQL 19, but version 15 is needed") {
		t.Errorf("version 15: got %v", err)
	}

	t.Setenv("PGPI_POSTGRES_BIN", fakePrograms(t, "9.6.24"))
	if _, err := localpg.Find(0); err == nil || !strings.Contains(err.Error(), "version 10 or later is needed") {
		t.Errorf("an old one: got %v", err)
	}
	t.Setenv("PGPI_POSTGRES_BIN", t.TempDir())
	if _, err := localpg.Find(0); err == nil || !strings.Contains(err.Error(), "initdb: no such file") {
		t.Errorf("an empty folder: got %v", err)
	}
}

func TestFindInPath(t *testing.T) {
	t.Setenv("PGPI_POSTGRES_BIN", "")
	bin := fakePrograms(t, "99.1")
	links := t.TempDir()
	if err := os.Symlink(filepath.Join(bin, "initdb"), filepath.Join(links, "initdb")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", links+string(os.PathListSeparator)+os.Getenv("PATH"))
	want, err := filepath.EvalSymlinks(bin)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{0, 99} {
		if found, err := localpg.Find(version); err != nil || found != want {
			t.Errorf("version %d: got %q, %v, want %q", version, found, err, want)
		}
	}
	if _, err := localpg.Find(98); !errors.Is(err, localpg.ErrNotFound) {
		t.Errorf("version 98: got %v", err)
	}
}
