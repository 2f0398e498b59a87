package formats

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/program"
)

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pgpi-formats-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // what is left is in the temporary folder
		pgpiPath = filepath.Join(dir, "pgpi")
		var output []byte
		if output, err = exec.Command("go", "build", "-o", pgpiPath, "pgpi/cmd/pgpi").CombinedOutput(); err != nil {
			err = fmt.Errorf("build pgpi: %w: %s", err, output)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// pgpi is a running pgpi.
type pgpi struct {
	port   int
	cmd    *exec.Cmd
	stderr bytes.Buffer  // complete when it has ended
	ended  chan struct{} // closed when nothing more comes from standard output
}

var listening = regexp.MustCompile(`^listening on 127\.0\.0\.1 port (\d+)`)

// start runs pgpi on a free port. One of its logs must go to standard output, and begin with the
// port.
func start(t *testing.T, args ...string) *pgpi {
	t.Helper()
	program.NoteSources(t)
	p := &pgpi{cmd: exec.Command(pgpiPath, append([]string{"--client-listen-port=0"}, args...)...)}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.ended = make(chan struct{})
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // fails where it has ended
		<-p.ended
	})
	reader := bufio.NewReader(stdout)
	line, err := reader.ReadString('\n')
	go func() {
		defer close(p.ended)
		_, _ = io.Copy(io.Discard, reader) // until pgpi ends
	}()
	found := listening.FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("pgpi does not listen: %q: %v", line, err)
	}
	p.port, _ = strconv.Atoi(found[1]) // digits
	return p
}

// stop ends pgpi as a user would, and checks that it ends well.
func (p *pgpi) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if err := p.cmd.Wait(); err != nil || p.stderr.Len() > 0 {
		t.Fatalf("pgpi has ended with %v: %s", err, p.stderr.String())
	}
}
