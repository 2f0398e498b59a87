package wholefile

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestReplace writes a new file and an old one, by its name and by a link.
func TestReplace(t *testing.T) {
	folder := t.TempDir()
	file, link := filepath.Join(folder, "file"), filepath.Join(folder, "link")
	check := func(path, content string, mode fs.FileMode) {
		t.Helper()
		if err := Try(path); err != nil {
			t.Fatal(err)
		}
		if err := Replace(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); string(got) != content || err != nil || info.Mode() != mode {
			t.Errorf("%q, %v, mode %v", got, err, info.Mode())
		}
	}
	check(file, "new", 0o600)
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	check(file, "newer", 0o640)
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	check(link, "newest", 0o640)
	if to, err := os.Readlink(link); to != "file" || err != nil {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if left, err := os.ReadDir(folder); len(left) != 2 || err != nil {
		t.Errorf("there is %v, %v", left, err)
	}
}

// TestReplaceFails leaves everything as it was.
func TestReplaceFails(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{filepath.Join(folder, "missing", "file"), folder} {
		if err := Replace(path, []byte("text")); err == nil {
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
