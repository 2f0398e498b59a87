//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"pgpi/test/golden"
	"pgpi/test/servers"
)

func TestMain(m *testing.M) {
	runJanitorIfAsked()
	testscript.Main(m, map[string]func(){"pgpi": main})
}

// TestScripts runs the scripts in testdata. They have testscript's own commands, and those in this
// file.
func TestScripts(t *testing.T) {
	testscript.Run(t, scripts("testdata"))
}

// TestServerScripts runs scripts that need psql and a server. pgpi finds the server's programs by
// itself, and the script has them in its PATH.
func TestServerScripts(t *testing.T) {
	bin := servers.Require(t, 15)
	psql := filepath.Dir(servers.Program(t, "psql"))
	all := scripts(filepath.Join("testdata", "servers"))
	setup := all.Setup
	all.Setup = func(env *testscript.Env) error {
		env.Setenv("PGPI_POSTGRES_BIN", bin)
		env.Setenv("TMPDIR", os.TempDir()) // the server's user may not enter the script's folder
		env.Setenv("PATH", env.Getenv("PATH")+string(os.PathListSeparator)+psql)
		return setup(env)
	}
	testscript.Run(t, all)
}

// scripts returns the scripts in a folder.
func scripts(folder string) testscript.Params {
	if signal.Ignored(syscall.SIGHUP) { // as by nohup, and pgpi would ignore it too, unless it is caught here
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	return testscript.Params{
		Dir:           folder,
		UpdateScripts: golden.Updating(), // where cmp compares with a file in a script
		Setup: func(env *testscript.Env) error {
			env.Values["running"], env.Values["test"] = new(running), env.T()
			recordings, err := filepath.Abs("../../test/recordings/testdata")
			if err != nil {
				return err
			}
			env.Setenv("RECORDINGS", recordings)
			return writeIdentities(env.WorkDir)
		},
		Cmds: map[string]func(ts *testscript.TestScript, not bool, args []string){
			"refused": refused,
			"exits":   exits,
			"up":      up,
			"down":    down,
			"hangup":  hangup,
			"usr1":    usr1,
			"ended":   ended,
			"await":   await,
			"connect": connect,
			"occupy":  occupy,
			"reserve": reserve,
			"mode":    mode,
			"empty":   empty,
		},
	}
}

// exits CODE PROGRAM ARGS... runs a program, which must end with that exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if code := exitCode(ts.Exec(args[1], args[2:]...)); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// refused CODE ARGS... runs pgpi, which must end with that exit code, after one sentence on
// standard error and nothing on standard output.
func refused(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("pgpi", args[1:]...)
	if code := exitCode(err); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
	if said := ts.ReadFile("stdout"); said != "" {
		ts.Fatalf("standard output has %q", said)
	}
	said := ts.ReadFile("stderr")
	if !strings.HasPrefix(said, "pgpi: ") || strings.Index(said, "\n") != len(said)-1 {
		ts.Fatalf("not one sentence on standard error: %q", said)
	}
}

func exitCode(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return strconv.Itoa(exit.ExitCode())
	}
	if err != nil {
		return err.Error()
	}
	return "0"
}

// running is the pgpi that a script has in the background.
type running struct {
	cmd    *exec.Cmd
	said   bytes.Buffer // on standard output and standard error
	result chan error
}

func program(ts *testscript.TestScript) *running {
	return ts.Value("running").(*running)
}

var listening = regexp.MustCompile(`listening on 127\.0\.0\.1 port (\d+)`)

// patience is how long a pgpi may take to do what it should, before a script fails.
const patience = time.Minute

// up [PGPI_NAME=VALUE]... [ARGS]... starts pgpi with those variables and arguments. The log is in
// the file log, unless --log=FORMAT=FILE or PGPI_LOG says otherwise. up waits until pgpi listens:
// one of the logs in the file log must say so. Then PORT is its port.
func up(ts *testscript.TestScript, _ bool, args []string) {
	before := len(contents(ts, "log"))
	path, err := exec.LookPath("pgpi")
	ts.Check(err)
	p := program(ts)
	p.said.Reset()
	p.result = make(chan error, 1)
	variables := 0
	for variables < len(args) && strings.HasPrefix(args[variables], "PGPI_") {
		variables++
	}
	options := []string{"--client-listen-port=0", "--log-file=log"}
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--log=") || strings.HasPrefix(arg, "PGPI_LOG=") }) {
		options = options[:1]
	}
	p.cmd = exec.Command(path, append(options, args[variables:]...)...)
	p.cmd.Env = append(os.Environ(), args[:variables]...)
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	ts.Check(p.cmd.Start())
	go func() { p.result <- p.cmd.Wait() }()
	ts.Defer(func() { _ = p.cmd.Process.Kill() }) // it has ended if all went well

	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		if found := listening.FindStringSubmatch(contents(ts, "log")[before:]); found != nil {
			ts.Setenv("PORT", found[1])
			return
		}
		select {
		case err := <-p.result:
			ts.Fatalf("pgpi ended: %v: %s", err, p.said.String())
		default: // not yet
		}
	}
	ts.Fatalf("pgpi does not listen")
}

// await COUNT PATTERN FILE waits until that many places of a file match. What is written after a
// connection has ended may come later than the client sees the end.
func await(ts *testscript.TestScript, _ bool, args []string) {
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		if len(pattern.FindAllString(contents(ts, args[2]), -1)) >= count {
			return
		}
	}
	ts.Fatalf("%s does not have %s %s times: %s", args[2], args[1], args[0], contents(ts, args[2]))
}

// contents returns what a file holds, or nothing if it is not there.
func contents(ts *testscript.TestScript, name string) string {
	b, err := os.ReadFile(ts.MkAbs(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
	return string(b)
}

// down ends pgpi by SIGTERM, as ended.
func down(ts *testscript.TestScript, not bool, args []string) {
	ts.Check(program(ts).cmd.Process.Signal(syscall.SIGTERM))
	ended(ts, not, args)
}

// usr1 sends SIGUSR1, which asks for reports.
func usr1(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(program(ts).cmd.Process.Signal(syscall.SIGUSR1))
}

// hangup closes pgpi's terminal. Both the kernel and the shell send a SIGHUP, here the second when
// pgpi has stopped listening.
func hangup(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(program(ts).cmd.Process.Signal(syscall.SIGHUP))
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", ts.Getenv("PORT")))
		if err != nil {
			_ = program(ts).cmd.Process.Signal(syscall.SIGHUP) // it may have ended
			return
		}
		_ = conn.Close()
	}
	ts.Fatalf("pgpi listens after a SIGHUP")
}

// announcement matches what pgpi says on standard error if its log goes to a file.
var announcement = regexp.MustCompile(`^pgpi: listening on .*, the logs? go(es)? to .*\n$`)

// ended waits for the end of pgpi. It must succeed, and say where it listened and nothing else.
func ended(ts *testscript.TestScript, _ bool, _ []string) {
	p := program(ts)
	select {
	case err := <-p.result:
		if said := p.said.String(); err != nil || !announcement.MatchString(said) {
			ts.Fatalf("pgpi ended: %v: %s", err, said)
		}
	case <-time.After(patience):
		ts.Fatalf("pgpi does not end")
	}
}

// connect ADDRESS TEXT [TIMES] connects, to a port of 127.0.0.1 or to a path, sends the text,
// and waits until the connection is closed.
func connect(ts *testscript.TestScript, _ bool, args []string) {
	times := 1
	if len(args) > 2 {
		var err error
		times, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	for range times {
		connectOnce(ts, args)
	}
}

func connectOnce(ts *testscript.TestScript, args []string) {
	network, address := "unix", args[0]
	if !strings.Contains(address, "/") {
		network, address = "tcp", net.JoinHostPort("127.0.0.1", address)
	}
	conn, err := net.Dial(network, address)
	ts.Check(err)
	defer conn.Close() //nolint:errcheck // what was to be learned has been
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	_, err = io.WriteString(conn, text)
	ts.Check(err)
	_, _ = io.Copy(io.Discard, conn) // a reset is an end too
}

// occupy makes PORT a port that is in use.
func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() }) // nothing was ever accepted
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv("PORT", port)
}

// reserve makes PORT a port that is free, and that nobody else gets while nothing listens there.
func reserve(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("PORT", strconv.Itoa(servers.ReservePort(ts.Value("test").(testing.TB))))
}

// mode PERMISSIONS FILE checks the permissions of a file.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); strconv.FormatUint(uint64(got), 8) != args[0] {
		ts.Fatalf("%s has mode %o, want %s", args[1], got, args[0])
	}
}

// empty FOLDER waits until nothing is in a folder.
func empty(ts *testscript.TestScript, _ bool, args []string) {
	var left []os.DirEntry
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		var err error
		left, err = os.ReadDir(ts.MkAbs(args[0]))
		ts.Check(err)
		if len(left) == 0 {
			return
		}
	}
	ts.Fatalf("%s has %v", args[0], left)
}
