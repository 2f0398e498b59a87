package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/test/servers"
)

// unread starts a pgpi, reads only the first line of its log, and returns the rest.
func unread(t *testing.T, stderr *bytes.Buffer) (p *pgpi, log *os.File) {
	t.Helper()
	p = &pgpi{port: servers.ReservePort(t)} // so that nobody else listens there in the end
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(pgpiPath, append(to(startCluster(t, server18)), fmt.Sprintf("--client-listen-port=%d", p.port))...)
	p.cmd.Stdout, p.cmd.Stderr = in, stderr
	err = p.cmd.Start()
	_ = in.Close() // pgpi has its own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // fails where it has ended
		_ = out.Close()          // it may be closed
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !listening.MatchString(line) {
		t.Fatalf("the log begins with %q (%v)", line, err)
	}
	return p, out
}

// A log that nobody reads any more, as in pgpi | head -1, ends no connection, old or new.
func TestClosedOutput(t *testing.T) {
	var stderr bytes.Buffer
	p, log := unread(t, &stderr)
	old, err := pgconn.Connect(t.Context(), through(p, "trust").String())
	if err != nil {
		t.Fatal(err)
	}
	_ = log.Close() // head has seen enough
	for i := range 100 {
		if _, err := old.Exec(t.Context(), fmt.Sprintf("select %d", i)).ReadAll(); err != nil {
			t.Fatalf("query %d of the old connection: %v", i, err)
		}
	}
	for _, client := range tableClients {
		if _, err := query(t, client, through(p, "trust", "sslmode", "prefer"), "select 1"); err != nil {
			t.Errorf("a new connection: %s: %v", client, err)
		}
	}
	if err := old.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := p.cmd.Wait(); p.cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("pgpi has ended with %v, though its log is not whole", err)
	}
	if complaint := stderr.String(); strings.Count(complaint, "\n") != 1 || !strings.Contains(complaint, "write the log to standard output") {
		t.Errorf("standard error has, instead of one line that says so: %s", complaint)
	}
}

// A second signal ends a pgpi that still has a log to write, which somebody might still read.
func TestSecondSignal(t *testing.T) {
	var stderr bytes.Buffer
	p, _ := unread(t, &stderr)
	conn, err := pgconn.Connect(t.Context(), through(p, "trust").String())
	if err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds.
	if _, err := conn.Exec(t.Context(), strings.Repeat("select 'some text to fill the log with';", 2000)).ReadAll(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // a failure shows in Wait
	for {
		probe, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
		if err != nil {
			break // it has noticed
		}
		_ = probe.Close() // it was only to know
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // a failure shows in Wait
	err = p.cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || stderr.Len() > 0 {
		t.Errorf("pgpi has ended with %v, and says: %s", err, stderr.String())
	}
}

// --log-file appends to a file that others can't read.
func TestLogFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	for i := range 2 {
		p := start(t, append(to(startCluster(t, server18)), "--log-file="+file)...)
		name := fmt.Sprintf("run%d", i)
		if _, err := query(t, pgx, through(p, "trust", "application_name", name), "select 1"); err != nil {
			t.Error(err)
		}
		p.log.conversation(t, `"`+name+`\x00"`)
		p.stop(t)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`"run0\x00"`, `"run1\x00"`} {
		if !bytes.Contains(content, []byte(text)) {
			t.Errorf("the file lacks %s", text)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v: %v", info.Mode(), err)
	}
}
