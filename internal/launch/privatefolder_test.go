//go:build unix

package launch

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestRemoveAbandoned: what no process has locked goes, and nothing else.
func TestRemoveAbandoned(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	makeFolder := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "pgpass0"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	abandoned, another, unlike, target := makeFolder("pgpi-run-1"), makeFolder("pgpi-runs-1"), makeFolder("pgpi-run-x"), makeFolder("target")
	link := filepath.Join(dir, "pgpi-run-2")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	kept := []string{another, unlike, target, link}
	if os.Geteuid() == 0 {
		foreign := makeFolder("pgpi-run-3")
		if err := os.Chown(foreign, 1, 1); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, foreign)
	}
	used := new(PrivateFolder)
	file, err := used.Write("pgpass0", "secret")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close() //nolint:errcheck // the test is over
	if err := RemoveAbandoned(); err != nil {
		t.Error(err)
	}
	if fileExists(abandoned) {
		t.Error("an abandoned folder is still there")
	}
	for _, path := range append(kept, file, filepath.Join(target, "pgpass0")) {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s is gone: %v", path, err)
		}
	}
}

// TestMadeWhileOthersCleanUp: a folder that is about to be made is never taken for an abandoned
// one.
func TestMadeWhileOthersCleanUp(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	done := make(chan struct{})
	var cleaners, makers sync.WaitGroup
	for range 2 {
		cleaners.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := RemoveAbandoned(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		makers.Go(func() {
			for range 4 {
				folder := new(PrivateFolder)
				path, err := folder.Write("pgpass0", "secret")
				if err != nil {
					t.Error(err)
				} else if text, err := os.ReadFile(path); string(text) != "secret" {
					t.Errorf("the file has %q: %v", text, err)
				}
				if err := folder.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	makers.Wait()
	close(done)
	cleaners.Wait()
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("there is still %v: %v", left, err)
	}
}
