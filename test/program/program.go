// Package program runs pgpi as its users do, for tests of the whole.
//
// It guarantees that a pgpi that a test has started is gone when the test ends. It shows what can
// be seen of pgpi from outside: its log line by line, its standard error, its memory and
// descriptors. It must not know how pgpi works inside, nor what a test wants from it: pgpi is a
// program here, built once and run many times.
//
// Start reading at [Start]. log.go follows the log.
package program

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Hang is how long to wait for something before it counts as never happening.
const Hang = time.Minute

// Prepare builds pgpi in a temporary folder, with the race detector if race is set, and keeps the
// user's own settings away from libpq, pgx and pgpi. Call remove when all tests are done, even if
// there was an error.
func Prepare(race bool) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "pgpi-test-")
	if err != nil {
		return "", func() {}, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // leftovers stay in the temporary folder
	path = filepath.Join(dir, "pgpi")
	args := []string{"build", "-o", path}
	if race {
		args = append(args, "-race")
	}
	if output, err := exec.Command("go", append(args, "pgpi/cmd/pgpi")...).CombinedOutput(); err != nil {
		return "", remove, fmt.Errorf("build pgpi: %w: %s", err, output)
	}
	return path, remove, isolate(dir, race) // after building, which needs the user's caches
}

// NoteSources lets `go test` run a test again after the sources of pgpi have changed. Go knows
// nothing of what a test builds. But it takes a result from its cache only if the folders that the
// test has opened are as they were.
func NoteSources(t testing.TB) {
	t.Helper()
	if err := noteSources(); err != nil {
		t.Fatalf("find the sources of pgpi: %v", err)
	}
}

var noteSources = sync.OnceValue(func() error {
	root, err := filepath.Abs(".")
	for ; err == nil; root = filepath.Dir(root) {
		if _, missing := os.Stat(filepath.Join(root, "cmd", "pgpi")); missing == nil {
			break
		}
		if root == filepath.Dir(root) {
			return errors.New("no folder above the test has cmd/pgpi")
		}
	}
	for _, folder := range []string{"cmd", "internal"} {
		walk := func(_ string, _ fs.DirEntry, err error) error { return err }
		err = errors.Join(err, filepath.WalkDir(filepath.Join(root, folder), walk))
	}
	return err
})

// isolate sets an environment of its own. home is an empty directory.
func isolate(home string, race bool) error {
	var errs []error
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PG") && name != "PGPI_POSTGRES_BIN" || name == "NO_COLOR" || name == "SSLKEYLOGFILE" {
			errs = append(errs, os.Unsetenv(name))
		}
	}
	if race { // otherwise each pgpi ends a second later
		errs = append(errs, os.Setenv("GORACE", "atexit_sleep_ms=0"))
	}
	return errors.Join(append(errs, os.Setenv("HOME", home), os.Setenv("LC_ALL", "C"))...)
}

// Command is how to run pgpi.
type Command struct {
	Path string
	Args []string // besides its port
	// Env has additional variables, as NAME=value.
	Env []string
	// Descriptors is how many files pgpi may have open; 0 leaves the limit alone.
	Descriptors int
	// Unread leaves pgpi's standard output unread, for the test to read from Pgpi.Output.
	Unread bool
}

// Pgpi is a running pgpi.
type Pgpi struct {
	PID    int
	Port   int
	Log    *Log     // what came on standard output; nil with Unread
	Output *os.File // the reading end of standard output; nil without Unread

	t      testing.TB
	cmd    *exec.Cmd
	stderr Buffer
	ended  chan struct{}
}

// Start runs pgpi on a port of 127.0.0.1 that pgpi chooses, and returns when it accepts connections.
// If it is still running when the test ends, it is killed.
func Start(t testing.TB, c Command) *Pgpi {
	t.Helper()
	NoteSources(t)
	if _, err := os.Stat("/proc/self/net/tcp"); err != nil {
		t.Skip("there is no /proc/PID/net/tcp to see where pgpi listens: run this test on Linux")
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &Pgpi{t: t, ended: make(chan struct{})}
	args := append([]string{c.Path, "--client-listen-port=0", "--client-cert-sig=ecdsa"}, c.Args...)
	if c.Descriptors > 0 {
		args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$@"`, c.Descriptors), "sh"}, args...)
	}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = in, &p.stderr
	err = p.cmd.Start()
	_ = in.Close() // pgpi has its own
	if err != nil {
		t.Fatal(err)
	}
	p.PID = p.cmd.Process.Pid
	p.read(out, c.Unread)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // fails if it has ended
		<-p.ended
	})
	p.Port = p.awaitPort()
	return p
}

// read reads what pgpi writes, or leaves that to the test, and waits until pgpi has ended.
func (p *Pgpi) read(out *os.File, unread bool) {
	done := make(chan struct{})
	if unread {
		p.Output = out
		p.t.Cleanup(func() { _ = out.Close() }) // the test may have closed it
		close(done)
	} else {
		p.Log = newLog()
		go func() {
			p.Log.read(out)
			_ = out.Close() // it was for reading
			close(done)
		}()
	}
	go func() {
		<-done
		_ = p.cmd.Wait() // Stop checks its exit code
		close(p.ended)
	}()
}

// awaitPort waits until pgpi listens, and returns the port. The log can't say so, because nobody
// may be reading it.
func (p *Pgpi) awaitPort() int {
	p.t.Helper()
	for end := time.Now().Add(Hang); ; time.Sleep(2 * time.Millisecond) {
		port, err := listeningPort(p.PID)
		if err == nil && port != 0 {
			return port
		}
		select {
		case <-p.ended:
			p.t.Fatalf("pgpi has ended before it listened: %s", p.stderr.String())
		default:
		}
		if time.Now().After(end) {
			p.t.Fatalf("pgpi does not listen (%v): %s", err, p.stderr.String())
		}
	}
}

// listeningPort returns the TCP port on which a process listens, or 0. The table of sockets has
// those of all processes, so that the process must have the socket open.
func listeningPort(pid int) (int, error) {
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		return 0, err
	}
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	descriptors, err := os.ReadDir(folder)
	if err != nil {
		return 0, err
	}
	open := map[string]bool{}
	for _, d := range descriptors {
		target, _ := os.Readlink(filepath.Join(folder, d.Name())) // fails if it was closed meanwhile
		open[target] = true
	}
	return listens(string(table), open), nil
}

// listens returns the port of a socket in the state LISTEN, which is 0A, that is open (Linux,
// include/net/tcp_states.h, and proc_net_tcp(5) for the columns), or 0.
func listens(table string, open map[string]bool) int {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != "0A" || !open["socket:["+f[9]+"]"] {
			continue
		}
		_, digits, _ := strings.Cut(f[1], ":")
		if port, err := strconv.ParseUint(digits, 16, 16); err == nil {
			return int(port)
		}
	}
	return 0
}

// Stop ends pgpi with SIGTERM, as a user would, and checks that its exit code is 0.
func (p *Pgpi) Stop() {
	p.t.Helper()
	if code := p.End(syscall.SIGTERM); code != 0 {
		p.t.Errorf("pgpi has ended with exit code %d instead of 0; standard error:\n%s", code, p.stderr.String())
	}
}

// End sends a signal, waits until pgpi has ended, and returns its exit code, or -1 if a signal
// ended it.
func (p *Pgpi) End(how syscall.Signal) int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(how) // fails if it has ended
	select {
	case <-p.ended:
	case <-time.After(Hang):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // Go prints all goroutines
		time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
		<-p.ended
		p.t.Fatalf("pgpi does not end; standard error:\n%s", p.stderr.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stderr returns what pgpi has written to standard error so far.
func (p *Pgpi) Stderr() string { return p.stderr.String() }

// WaitStderr waits for a text on standard error.
func (p *Pgpi) WaitStderr(text string) {
	p.t.Helper()
	for end := time.Now().Add(Hang); !strings.Contains(p.Stderr(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("standard error lacks %q:\n%s", text, p.Stderr())
		}
	}
}

// Descriptors returns how many files and sockets pgpi has open (proc(5), /proc/PID/fd).
func (p *Pgpi) Descriptors() int {
	p.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID))
	if err != nil {
		p.t.Fatalf("count the descriptors of pgpi: %v", err)
	}
	return len(entries)
}

// Memory returns how much of pgpi is in memory now, and the most that ever was, in bytes (proc(5),
// VmRSS and VmHWM).
func (p *Pgpi) Memory() (now, most int64) {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		p.t.Fatalf("read the memory of pgpi: %v", err)
	}
	return statusField(status, "VmRSS"), statusField(status, "VmHWM")
}

func statusField(status []byte, name string) int64 {
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64) // digits
	return n << 10
}

// Buffer is a buffer that can be read while it is being written.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*Buffer)(nil)

// Write appends to the buffer.
func (l *Buffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// String returns what was written so far.
func (l *Buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
