package wholefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestReplace writes a new file, an old one, and one in the place of a link.
func TestReplace(t *testing.T) {
	folder := t.TempDir()
	other, file := filepath.Join(folder, "other"), filepath.Join(folder, "file")
	check := func(path, content string, mode fs.FileMode) {
		t.Helper()
		if err := Try(path); err != nil {
			t.Fatal(err)
		}
		if err := Replace(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != content || err != nil || info.Mode() != mode {
			t.Errorf("%q, %v, mode %v", got, err, info.Mode())
		}
	}
	check(other, "new", 0o640)
	check(other, "newer", 0o600)
	if err := os.Symlink("other", file); err != nil {
		t.Fatal(err)
	}
	check(file, "newest", 0o600)
	if got, err := os.ReadFile(other); string(got) != "newer" || err != nil {
		t.Errorf("where the link led to is %q, %v", got, err)
	}
	if left, err := os.ReadDir(folder); len(left) != 2 || err != nil {
		t.Errorf("there is %v, %v", left, err)
	}
}

// TestReplaceFails leaves everything as it was.
func TestReplaceFails(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{filepath.Join(folder, "missing", "file"), folder} {
		if err := Replace(path, []byte("text"), 0o600); err == nil {
			t.Errorf("%s was written", path)
		}
	}
	if err := Try(filepath.Join(folder, "missing", "file")); err == nil {
		t.Error("a missing folder will do")
	}
	for _, f := range []string{folder, filepath.Dir(folder)} {
		if left, err := filepath.Glob(filepath.Join(f, ".*")); len(left) != 0 || err != nil {
			t.Errorf("%v is left, %v", left, err)
		}
	}
}
