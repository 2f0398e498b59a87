package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestTake: one open file has the lock, until it is closed.
func TestTake(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	paths := []string{file, dir}
	if runtime.GOOS == "windows" {
		paths = paths[:1]
	}
	for _, path := range paths {
		open := func() *os.File {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		first, second := open(), open()
		if err := Take(first); err != nil {
			t.Errorf("take %s: %v", path, err)
		}
		if err := Take(second); !errors.Is(err, ErrHeld) {
			t.Errorf("take %s again: %v", path, err)
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != "text" {
			t.Errorf("the file reads as %q: %v", text, err)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		if err := Take(second); err != nil {
			t.Errorf("take %s when it is free again: %v", path, err)
		}
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	}
}
