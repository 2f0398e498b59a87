package drivers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgpi/test/program"
	"pgpi/test/servers"
)

// timeLimit is for one run of a program, which takes a second.
const timeLimit = 2 * time.Minute

// bench is what it takes to run programs.
type bench struct {
	pgpi    string // the executable
	psql    string // folder of psql itself; Debian has a wrapper in PATH
	targets []target
}

// result is what a program did.
type result struct {
	stdout, stderr string
	code           int
	log            string // pgpi's
}

// subject is a driver's program against a target.
type subject struct {
	*bench
	driver
	target

	program []string
}

// withoutCancel reports whether the program must leave that step out.
func (s subject) withoutCancel() bool { return s.hasty && s.target.name == pgbouncer }

// way is a column of the table: how the program reaches the server.
type way struct {
	title string
	// set returns what must be set, in the table's words, or "".
	set func(driver) string
	// run runs the program, with those settings or without.
	run func(t *testing.T, s subject, set bool) result
	// says is what the log says about the client leg.
	says string
}

const (
	saysPlain = "no SSLRequest: continuing in plaintext"
	saysTLS   = "connection established with client"
)

var ways = []way{
	{"pgpi without TLS", setWithoutTLS, withoutTLS, saysPlain},
	{"pgpi with TLS", setWithTLS, withTLS, saysTLS},
	{"pgpi run", setRun, run, saysPlain},
	{"pgpi run --client-tls", setRunTLS, runTLS, saysTLS},
}

func direct(t *testing.T, s subject) result {
	return s.execute(t, s.program, s.login())
}

func setWithoutTLS(d driver) string {
	if d.hide {
		return "--hide-channel-binding"
	}
	return ""
}

// withoutTLS connects to pgpi without TLS; pgpi itself uses TLS.
func withoutTLS(t *testing.T, s subject, set bool) result {
	var args []string
	if set && s.hide {
		args = append(args, "--hide-channel-binding")
	}
	p := startProxy(t, s, args...)
	l := s.login()
	l.port, l.tls = p.port, false
	r := s.execute(t, s.program, l)
	r.log = p.stop(t)
	return r
}

func setWithTLS(d driver) string { return d.unbind }

// withTLS connects to pgpi with TLS, and checks pgpi's certificate.
func withTLS(t *testing.T, s subject, set bool) result {
	p := startProxy(t, s, "--client-ssl-cert", s.pgpiCert, "--client-ssl-key", s.pgpiKey)
	l := s.login()
	l.port, l.rootCert, l.unbind = p.port, s.pgpiRootCert, set && s.unbind != ""
	r := s.execute(t, s.program, l)
	r.log = p.stop(t)
	return r
}

func setRun(d driver) string {
	if d.ownRoots {
		return "--server-sslrootcert"
	}
	return ""
}

// run uses pgpi run, with just the settings of the direct run.
func run(t *testing.T, s subject, set bool) result {
	var args []string
	if set && s.ownRoots {
		args = append(args, "--server-sslrootcert", s.rootCert)
	}
	return s.underRun(t, args, s.login())
}

func setRunTLS(d driver) string {
	switch {
	case d.ownRoots:
		return "--server-sslrootcert and --client-ssl-cert"
	case d.unbindURL:
		return d.unbind
	case d.unset != "":
		return "env -u " + d.unset
	}
	return ""
}

// runTLS uses pgpi run with TLS between the program and pgpi.
func runTLS(t *testing.T, s subject, set bool) result {
	args, l := []string{"--client-tls"}, s.login()
	switch {
	case !set:
	case s.ownRoots: // with a certificate that the driver trusts already
		args = append(args, "--server-sslrootcert", s.rootCert, "--client-ssl-cert", s.cert, "--client-ssl-key", s.key)
	case s.unbindURL:
		l.unbind = true
	case s.unset != "":
		s.program = append([]string{"env", "-u", s.unset}, s.program...)
	}
	return s.underRun(t, args, l)
}

func (s subject) login() login { return s.target.login(s.driver.name) }

// underRun starts the program with pgpi run.
func (s subject) underRun(t *testing.T, args []string, l login) result {
	log := filepath.Join(t.TempDir(), "log")
	command := append([]string{s.pgpi, "run", "--client-listen-port", "0", "--log-file", log, "--log-forwarded", "annotated", "--no-summary"}, args...)
	r := s.execute(t, append(append(command, "--"), s.program...), l)
	text, err := os.ReadFile(log)
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(r.stderr, "pgpi: ") {
		return r // it refused to run the program
	}
	if err != nil {
		t.Fatalf("pgpi run wrote no log: %v; the program said:\n%s%s", err, r.stdout, r.stderr)
	}
	r.log = string(text)
	return r
}

// execute runs a program until it ends, with the login in its environment and little else.
func (s subject) execute(t *testing.T, command []string, l login) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = time.Second
	cmd.Env = append(s.settings(l), "PATH="+s.psql+":"+os.Getenv("PATH"), "HOME="+t.TempDir(), "LANG=C.UTF-8")
	if s.withoutCancel() {
		cmd.Env = append(cmd.Env, "WITHOUT_CANCEL=1")
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("%v did not end within %v", command, timeLimit)
	} else if cmd.ProcessState == nil {
		t.Fatalf("start %v: %v", command, err)
	}
	return result{stdout: masked(stdout.String()), stderr: masked(stderr.String()), code: cmd.ProcessState.ExitCode()}
}

// changing matches what differs in every run.
var changing = regexp.MustCompile(`\b(port|PID|pid) "?\d+`)

func masked(text string) string { return changing.ReplaceAllString(text, "$1 N") }

// proxy is a running pgpi.
type proxy struct {
	cmd  *exec.Cmd
	port int
	log  bytes.Buffer
	read chan struct{} // closed when the log has ended
}

var listening = regexp.MustCompile(`^listening on 127\.0\.0\.1 port (\d+)`)

// startProxy starts pgpi in front of the target, whose certificate it checks.
func startProxy(t *testing.T, s subject, args ...string) *proxy {
	t.Helper()
	p := &proxy{read: make(chan struct{})}
	p.cmd = exec.Command(s.pgpi, append([]string{
		"--client-listen-port", "0", "--server-host", host, "--server-connect-port", strconv.Itoa(s.port),
		"--server-sslmode", "verify-full", "--server-sslrootcert", s.rootCert,
	}, args...)...)
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	first, err := lines.ReadString('\n')
	match := listening.FindStringSubmatch(first)
	if match == nil {
		t.Fatalf("pgpi begins with %q (%v), not with where it listens", first, err)
	}
	p.port, _ = strconv.Atoi(match[1]) // digits
	go func() {
		defer close(p.read)
		_, _ = p.log.ReadFrom(lines) // ends with the process
	}()
	return p
}

// stop ends pgpi and returns its log.
func (p *proxy) stop(t *testing.T) string {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.read
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("pgpi: %v", err)
	}
	return p.log.String()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	program.NoteSources(t)
	b := &bench{pgpi: filepath.Join(t.TempDir(), "pgpi"), psql: filepath.Dir(servers.Program(t, "psql"))}
	build(t, nil, "go", "build", "-o", b.pgpi, "pgpi/cmd/pgpi")
	b.targets = startTargets(t)
	return b
}

// complaints are what the log says about bytes that pgpi could not read.
var complaints = []string{"malformed", "out of sync", "unknown message", "trailing: "}

// unread returns the lines of the log that complain.
func unread(log string) []string {
	var found []string
	for line := range strings.Lines(log) {
		for _, words := range complaints {
			if strings.Contains(line, words) {
				found = append(found, fmt.Sprintf("%.300s", line))
			}
		}
	}
	return found
}
