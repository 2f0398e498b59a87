package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgpi/test/servers"
)

// shortDir returns a folder whose path leaves room for the name of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgpi-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // it is in the temporary folder
	return dir
}

// Unix sockets on both sides, and Ctrl-C over them.
func TestUnixSockets(t *testing.T) {
	s := startCluster(t, server18)
	dir := shortDir(t)
	p := start(t, "--server-host="+s.SocketDir, to(s)[1], "--client-listen-unix="+dir)
	socket := filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d", p.port))
	for _, client := range tableClients {
		name := strings.ReplaceAll(client, " ", "")
		parameters := through(p, "scram", "host", dir, "application_name", name)
		if rows, err := query(t, client, parameters, "select inet_server_addr() is null"); err != nil || rows != "t" {
			t.Errorf("%s: %q, %v", client, rows, err)
		}
		p.log.conversation(t, `"`+name+`\x00"`).mustHave(t, " from "+socket, "connecting to Postgres server: "+s.SocketDir,
			"connected to Postgres server at "+filepath.Join(s.SocketDir, fmt.Sprintf(".s.PGSQL.%d", s.Port)))
	}
	interrupt(t, s, psql15, through(p, "scram", "host", dir))
	p.log.waitFor(t, "forwarding cancel request for connection #")
	if line := p.log.all()[0]; !strings.HasSuffix(line, " and "+socket+" ...") {
		t.Errorf("the first line is %q", line)
	}

	p.stop(t)
	for _, path := range []string{socket, socket + ".lock"} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there", path)
		}
	}
}

// What a killed pgpi leaves behind does not get in the way.
func TestStaleUnixSocket(t *testing.T) {
	dir := shortDir(t)
	args := append(to(startCluster(t, server18)), "--client-listen-unix="+dir, fmt.Sprintf("--client-listen-port=%d", servers.ReservePort(t)))
	p := launch(t, args...)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait(t)
	lock := filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d.lock", p.port))
	if _, err := os.Stat(lock); err != nil {
		t.Errorf("a killed pgpi has taken its lock with it, so that there is nothing to test: %v", err)
	}
	again := start(t, args...)
	if _, err := query(t, pgx, through(again, "trust", "user", "postgres", "host", dir), "select 1"); err != nil {
		t.Error(err)
	}
	content, err := os.ReadFile(lock)
	if first, _, _ := strings.Cut(string(content), "\n"); err != nil || first != strconv.Itoa(again.cmd.Process.Pid) {
		t.Errorf("the lock names process %q instead of %d: %v", first, again.cmd.Process.Pid, err)
	}
}

// A socket that belongs to a living process is left alone.
func TestUnixSocketInUse(t *testing.T) {
	dir, port := shortDir(t), servers.ReservePort(t)
	lock := filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d.lock", port))
	if err := os.WriteFile(lock, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(pgpiPath, "--client-listen-unix="+dir, fmt.Sprintf("--client-listen-port=%d", port)).CombinedOutput()
	var exit *exec.ExitError
	want := fmt.Sprintf("pgpi: listen on %s/.s.PGSQL.%d: process %d has it: choose another port with --client-listen-port, or another directory\n", dir, port, os.Getpid())
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || string(output) != want {
		t.Errorf("%v, and says:\n%sinstead of:\n%s", err, output, want)
	}
	if _, err := os.Stat(lock); err != nil {
		t.Errorf("the lock of another process is gone: %v", err)
	}
}
