package main

import (
	"errors"
	"os"
	"runtime"
	"testing"
)

// TestClosers: what can't be closed turns success into a failure, and changes no other result.
func TestClosers(t *testing.T) {
	other := errors.New("other")
	for _, before := range []error{nil, exitError(3), exitError(exitFailOn), errFailOn, other} {
		want := before
		if want == nil || errors.Is(before, errFailOn) {
			want = exitError(exitFailure)
		}
		var c closers
		order := ""
		c.add(func() error { order += "first"; return errors.New("close the first: it can't be") })
		c.add(func() error { order += "last "; return exitError(exitFailure) })
		result := before
		if c.close(&result); !errors.Is(result, want) || order != "last first" {
			t.Errorf("%v becomes %v, not %v; what was closed: %s", before, result, want, order)
		}
	}
}

// TestIncompleteKeyLog: missing TLS keys are a failure too.
func TestIncompleteKeyLog(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		if runtime.GOOS == "linux" && os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("there is no /dev/full, which is a full disk: run this test on Linux")
	}
	for path, want := range map[string]error{os.DevNull: nil, "/dev/full": exitError(exitFailure)} {
		var c closers
		keys, err := openKeyLog(path, &c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Write([]byte("CLIENT_RANDOM 00 00\n")); err != nil {
			t.Errorf("a handshake would fail: %v", err)
		}
		var result error
		if c.close(&result); !errors.Is(result, want) {
			t.Errorf("%s: the result is %v, not %v", path, result, want)
		}
	}
}
