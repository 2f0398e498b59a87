package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pgpi/internal/localpg"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	testscript.Main(m, map[string]func(){"pgpi": main})
}

// TestScripts runs the scripts in testdata. Beside testscript's own commands they
// have those below.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: writeIdentities,
		Cmds: map[string]func(ts *testscript.TestScript, not bool, args []string){
			"refused": refused,
			"up":      up,
			"down":    down,
			"connect": connect,
			"occupy":  occupy,
			"mode":    mode,
		},
	})
}

// refused CODE ARGS... runs pgpi, which must end with the exit code, after one
// sentence on standard error and nothing on standard output.
func refused(ts *testscript.TestScript, not bool, args []string) {
	if not || len(args) == 0 {
		ts.Fatalf("usage: refused CODE ARGS...")
	}
	err := ts.Exec("pgpi", args[1:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output has %q", out)
	}
	said := ts.ReadFile("stderr")
	if !strings.HasPrefix(said, "pgpi: ") || strings.Count(said, "\n") != 1 || !strings.HasSuffix(said, "\n") {
		ts.Fatalf("not one sentence on standard error: %q", said)
	}
}

// program is a pgpi that runs in the background of a script.
type program struct {
	cmd    *exec.Cmd
	output *bufio.Reader
}

// running are the programs of scripts. A script has one at a time.
type running struct{}

// up ARGS... starts pgpi and waits until it says that it listens, on standard output
// or in the log file that the first argument --log-file=FILE names. PORT is then its
// port.
func up(ts *testscript.TestScript, not bool, args []string) {
	if not {
		ts.Fatalf("usage: up ARGS...")
	}
	path, err := exec.LookPath("pgpi")
	ts.Check(err)
	p := &program{cmd: exec.Command(path, append(args, "--client-listen-port=0")...)}
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	log, writer, err := os.Pipe()
	ts.Check(err)
	p.cmd.Stdout, p.cmd.Stderr = writer, os.Stderr
	ts.Check(p.cmd.Start())
	ts.Check(writer.Close())
	ts.Defer(func() {
		_ = p.cmd.Process.Kill() // it has ended if all went well
		_ = p.cmd.Wait()         // likewise
	})
	p.output = bufio.NewReader(log)
	ts.Setenv("PORT", portIn(ts, p, args))
	_ = running{}
}

func portIn(*testscript.TestScript, *program, []string) string { return "" }

func down(*testscript.TestScript, bool, []string)    {}
func connect(*testscript.TestScript, bool, []string) {}
func occupy(*testscript.TestScript, bool, []string)  {}
func mode(*testscript.TestScript, bool, []string)    {}

var (
	_ = fmt.Sprint
	_ = io.EOF
	_ net.Conn
	_ = filepath.Join
	_ = slices.Contains[[]int]
	_ = syscall.SIGTERM
	_ = time.Second
)
