package pgtls

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// openSSL runs the openssl command in dir and returns what it prints.
func openSSL(t *testing.T, dir string, args ...string) string {
	t.Helper()
	needOpenSSL(t)
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

func needOpenSSL(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err == nil {
		return
	}
	const missing = "the openssl command is missing: install the package openssl"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// writeFile writes a file into dir and returns its path.
func writeFile(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
