package golden_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pgpi/test/golden"
)

// complaint is a test that remembers why it has failed.
type complaint struct {
	testing.TB
	said string
}

func (c *complaint) Fatal(args ...any) { c.Fatalf("%s", fmt.Sprint(args...)) }

func (c *complaint) Fatalf(format string, args ...any) {
	c.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// compare returns the messages of a test that compares a log.
func compare(t *testing.T, name, got string) string {
	c := &complaint{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		golden.Compare(c, name, got)
	}()
	<-done
	return c.said
}

// TestDifference compares with a golden file of a module made for it, and rewrites that.
func TestDifference(t *testing.T) {
	module := t.TempDir()
	folder := filepath.Join(module, "sink", "text")
	if err := os.MkdirAll(filepath.Join(folder, "testdata"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"go.mod": "module example", "sink/text/testdata/log.txt": "one\ntwo\nthree\n"} {
		if err := os.WriteFile(filepath.Join(module, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	if said := compare(t, "log.txt", "one\ntwo\nthree\n"); said != "" {
		t.Errorf("no difference: %s", said)
	}
	const command = "go test ./sink/text -run '^TestDifference$' -update"
	said := compare(t, "log.txt", "one\n2\nthree\n")
	for _, part := range []string{command, "--- testdata/log.txt", "\n one\n-two\n+2\n three\n"} {
		if !strings.Contains(said, part) {
			t.Errorf("a difference: no %q in:\n%s", part, said)
		}
	}
	if said := compare(t, "other.txt", "one\n"); !strings.Contains(said, command) {
		t.Errorf("no file: no %q in: %s", command, said)
	}
	if err := flag.Set("update", "true"); err != nil {
		t.Fatal(err)
	}
	defer flag.Set("update", "false") //nolint:errcheck // it is a boolean
	if said := compare(t, "log.txt", "one\n2\nthree\n"); said != "" {
		t.Errorf("rewritten: %s", said)
	}
}
