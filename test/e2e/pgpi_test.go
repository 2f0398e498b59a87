package e2e

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pgpi is a running pgpi.
type pgpi struct {
	port   int
	log    *logbook
	cmd    *exec.Cmd
	stderr bytes.Buffer // complete when it has ended
	ended  chan struct{}
}

var listening = regexp.MustCompile(`^listening on 127\.0\.0\.1 port (\d+)`)

// announcement is what pgpi says on standard error if its log goes to a file.
var announcement = regexp.MustCompile(`^pgpi: listening on .*, the log goes to .*\n`)

// start runs pgpi on a free port until the test ends. Whatever the test is about, pgpi must then
// end by SIGTERM with exit code 0, without complaints.
func start(t *testing.T, args ...string) *pgpi {
	t.Helper()
	p := launch(t, args...)
	t.Cleanup(func() {
		p.stop(t)
		if said := announcement.ReplaceAllString(p.stderr.String(), ""); said != "" {
			t.Errorf("pgpi has written to standard error:\n%s", said)
		}
	})
	return p
}

// launch is start for tests that end pgpi themselves.
func launch(t *testing.T, args ...string) *pgpi {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	log := logOf(args, out)
	p := &pgpi{log: newLogbook(), ended: make(chan struct{})}
	p.cmd = exec.Command(pgpiPath, append([]string{"--client-listen-port=0", "--client-cert-sig=ecdsa"}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = in, &p.stderr
	err = p.cmd.Start()
	_ = in.Close() // pgpi has its own
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		p.log.read(log)
		_ = out.Close()  // it was for reading
		_ = p.cmd.Wait() // stop checks its exit code
		close(p.ended)
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // fails where it has ended
	line := p.log.waitLine(t, listening.MatchString, "listening on …")
	p.port, _ = strconv.Atoi(listening.FindStringSubmatch(line)[1]) // digits
	return p
}

// logOf returns where pgpi's log comes from: its standard output, or the file that --log-file
// names.
func logOf(args []string, out io.Reader) io.Reader {
	for _, arg := range args {
		if path, found := strings.CutPrefix(arg, "--log-file="); found {
			f := &follower{path: path, ended: make(chan struct{})}
			if f.file, _ = os.Open(path); f.file != nil { // else it will be made
				_, _ = f.file.Seek(0, io.SeekEnd) // what an earlier pgpi has written is not ours
			}
			go func() {
				_, _ = io.Copy(io.Discard, out) // ends with pgpi
				close(f.ended)
			}()
			return f
		}
	}
	return out
}

// follower reads a file while it is being written, until its writer has ended.
type follower struct {
	path  string
	file  *os.File
	ended chan struct{}
}

func (f *follower) Read(b []byte) (n int, err error) {
	for last := false; ; {
		if f.file == nil {
			f.file, _ = os.Open(f.path) // it will be there
		}
		if f.file != nil {
			if n, _ = f.file.Read(b); n > 0 { // an error is the end, for now
				return n, nil
			}
		}
		if last {
			return 0, io.EOF
		}
		select {
		case <-f.ended:
			last = true
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stop ends pgpi as a user would, and checks that it ends well.
func (p *pgpi) stop(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails where it has ended
	p.wait(t)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("pgpi has ended with exit code %d instead of 0; standard error:\n%s", code, p.stderr.String())
	}
}

// wait waits until pgpi has ended.
func (p *pgpi) wait(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // Go prints all goroutines
		time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
		<-p.ended
		t.Fatalf("pgpi does not end; standard error:\n%s", p.stderr.String())
	}
}
