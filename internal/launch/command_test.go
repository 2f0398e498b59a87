package launch

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pgpi/test/servers"
)

func TestFindCommand(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	tests := []struct {
		name string
		code int
	}{
		{"nowhere", 127},
		{filepath.Join(dir, "nowhere"), 127},
		{"", 127},
	}
	if !onWindows {
		tests = append(tests, []struct {
			name string
			code int
		}{{"script", 126}, {script, 126}, {dir, 126}}...)
	}
	for _, test := range tests {
		_, err := FindCommand(test.name)
		start, ok := errors.AsType[*StartError](err)
		if !ok || start.Code != test.code || !strings.HasPrefix(err.Error(), "run "+test.name+": ") {
			t.Errorf("%q: error %v, want code %d", test.name, err, test.code)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(self))
	if path, err := FindCommand(filepath.Base(self)); err != nil || path != self {
		t.Errorf("found %q, error %v, want %s", path, err, self)
	}
}

func TestFirstAnswering(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close() //nolint:errcheck // the test is over
	dead := ServerLeg{Host: "127.0.0.1", Port: servers.ReservePort(t)}
	alive := ServerLeg{Host: "no.such.host", HostAddr: "127.0.0.1", Port: open.Addr().(*net.TCPAddr).Port}
	missing := ServerLeg{Host: t.TempDir(), Port: 5432}

	got, refused, err := FirstAnswering(t.Context(), []ServerLeg{dead, missing, alive}, &net.Dialer{})
	if err != nil || got != alive || len(refused) != 2 {
		t.Errorf("got %v, refused %q, error %v", got, refused, err)
	}
	_, refused, err = FirstAnswering(t.Context(), []ServerLeg{dead, missing}, &net.Dialer{})
	if err == nil || len(refused) != 2 {
		t.Fatalf("refused %q, error %v", refused, err)
	}
	if runtime.GOOS == "linux" {
		want := "connect to " + dead.String() + ": connection refused; connect to " + missing.String() + ": no such file or directory"
		if err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, refused, err = FirstAnswering(ctx, []ServerLeg{dead, missing}, &net.Dialer{}); err == nil || len(refused) != 1 {
		t.Errorf("cancelled: refused %q, error %v", refused, err)
	}
}
