package launch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A home is a home directory for one test, and the environment that goes with it.
type home struct {
	dir string
	env []string
}

func newHome(t *testing.T) *home {
	t.Helper()
	dir := t.TempDir()
	// No test may find the service files of the machine.
	env := []string{"HOME=" + dir, "PGSYSCONFDIR=" + dir, "PATH=" + os.Getenv("PATH")}
	if library := os.Getenv("LD_LIBRARY_PATH"); library != "" { // another libpq
		env = append(env, "LD_LIBRARY_PATH="+library)
	}
	return &home{dir: dir, env: env}
}

// write puts a file of mode 0600 into the home and returns its path.
func (h *home) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// with returns the home's environment with more variables; {home} in them is the
// home directory.
func (h *home) with(vars ...string) []string {
	env := append([]string(nil), h.env...)
	for _, v := range vars {
		env = append(env, strings.ReplaceAll(v, "{home}", h.dir))
	}
	return env
}

// resolve resolves without looking for the Unix sockets of the machine.
func resolve(env []string, named ...string) (*Target, error) {
	return Resolve(env, Options{URLVariables: named, socketDirs: []string{}})
}

// needProgram returns the path of a program that a test can't do without.
func needProgram(t *testing.T, name, remedy string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	message := fmt.Sprintf("%s is missing; %s", name, remedy)
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}
