//go:build unix

package launch

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"pgpi/internal/janitor"
)

// TestMain lets the test binary play the command.
func TestMain(m *testing.M) {
	janitor.RunIfAsked(Folders)
	if role := os.Getenv("LAUNCH_TEST_ROLE"); role != "" {
		os.Exit(play(role))
	}
	catchIgnored()
	os.Exit(m.Run())
}

// catchIgnored lets what the tests start have all signals at their defaults, also
// where the tests run under nohup or in the background: a signal that is caught here
// is not ignored there.
func catchIgnored() {
	caught := make(chan os.Signal, 1) // nobody reads it
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(sig) {
			signal.Notify(caught, sig)
		}
	}
}

// play is what the test binary does in place of the tests: it is pgpi, or its
// command. Roles with an argument are written "role argument".
func play(role string) int {
	role, argument, _ := strings.Cut(role, " ")
	number, _ := strconv.Atoi(argument)
	switch role {
	case "pgpi":
		return playRun(argument)
	case "exit":
		return number
	case "die":
		// By the signal's default action, which Go's runtime does not leave alone.
		err := syscall.Exec("/bin/sh", []string{"sh", "-c", "kill -" + argument + " $$"}, os.Environ())
		fmt.Fprintln(os.Stderr, err)
	case "ignored":
		for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM} {
			if signal.Ignored(sig) {
				fmt.Print(sig, " ")
			}
		}
		fmt.Println()
		return 0
	case "wait":
		// For SIGTERM. (A select without cases would be a deadlock to Go.)
		pause := make(chan os.Signal, 1)
		signal.Notify(pause, syscall.SIGUSR1)
		<-pause
	case "listen":
		return playListen()
	}
	return 99
}

// playRun is pgpi with a command that plays the given role.
func playRun(role string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if strings.HasPrefix(role, "cancelled ") {
		role = strings.TrimPrefix(role, "cancelled ")
		cancel()
	}
	code, err := Run(ctx, Command{Path: os.Args[0], Args: os.Args, Env: append(os.Environ(), "LAUNCH_TEST_ROLE="+role)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 98
	}
	return code
}

// playListen prints its process id, then each signal that it gets; SIGTERM is the last.
func playListen() int {
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGCONT)
	fmt.Println(os.Getpid())
	for sig := range signals {
		fmt.Println(sig)
		if sig == syscall.SIGTERM {
			return 7
		}
	}
	return 0
}

// pgpi returns a pgpi whose command plays role.
func pgpi(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LAUNCH_TEST_ROLE=pgpi "+role)
	cmd.Stderr = os.Stderr
	// A group of its own, as a shell gives to each job.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func TestRunExitCode(t *testing.T) {
	for role, want := range map[string]int{
		"exit 0": 0, "exit 1": 1, "exit 255": 255,
		"die 9": 137, "die 15": 143, "die 2": 130, "die 3": 131, "die 1": 129, "die 10": 128 + 10,
		"cancelled wait": 143,
	} {
		cmd := pgpi(t, role)
		_ = cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("%s: exit code %d, want %d", role, got, want)
		}
	}
}

func TestRunNotExecutable(t *testing.T) {
	script := t.TempDir() + "/script"
	if err := os.WriteFile(script, []byte("echo no first line\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), Command{Path: script, Args: []string{"script"}})
	start, ok := err.(*StartError) //nolint:errorlint // the documented type
	if !ok || start.Code != 126 || !strings.Contains(err.Error(), "#!/bin/sh") {
		t.Errorf("error %v", err)
	}
}

// A job is a running pgpi with its listening command.
type job struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	child int
}

func startJob(t *testing.T) *job {
	t.Helper()
	cmd := pgpi(t, "listen")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	j := &job{t: t, cmd: cmd, lines: bufio.NewScanner(out)}
	if j.child, err = strconv.Atoi(j.line()); err != nil {
		t.Fatal(err)
	}
	return j
}

func (j *job) line() string {
	j.t.Helper()
	if !j.lines.Scan() {
		j.t.Fatalf("the command has ended: %v", j.lines.Err())
	}
	return j.lines.Text()
}

// kill sends a signal: to the whole group, as a terminal does, or to pgpi alone.
func (j *job) kill(sig syscall.Signal, group bool) {
	j.t.Helper()
	pid := j.cmd.Process.Pid
	if group {
		pid = -pid
	}
	if err := syscall.Kill(pid, sig); err != nil {
		j.t.Fatal(err)
	}
}

func (j *job) expect(sig syscall.Signal) {
	j.t.Helper()
	if got := j.line(); got != sig.String() {
		j.t.Errorf("the command got %q, want %q", got, sig)
	}
}

// end ends the command by way of pgpi, whose exit code must be the command's.
func (j *job) end() {
	j.t.Helper()
	j.kill(syscall.SIGTERM, false)
	j.expect(syscall.SIGTERM)
	_ = j.cmd.Wait()
	if got := j.cmd.ProcessState.ExitCode(); got != 7 {
		j.t.Errorf("exit code %d, want the command's 7", got)
	}
}

func TestRunSignals(t *testing.T) {
	j := startJob(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGINT} {
		j.kill(sig, true)
		j.expect(sig)
	}
	// To pgpi alone: it ignores what the terminal would have sent to both. If it
	// passed them on they would come before the others.
	j.kill(syscall.SIGINT, false)
	j.kill(syscall.SIGQUIT, false)
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2} {
		j.kill(sig, false)
		j.expect(sig)
	}
	j.end()
}

// TestRunStops does what Ctrl-Z and fg do.
func TestRunStops(t *testing.T) {
	j := startJob(t)
	j.kill(syscall.SIGTSTP, true)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(j.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("after SIGTSTP: status %#x, error %v; pgpi is not stopped", status, err)
	}
	j.kill(syscall.SIGCONT, true)
	j.expect(syscall.SIGCONT)
	j.kill(syscall.SIGINT, true)
	j.expect(syscall.SIGINT)
	j.end()
}

// TestRunInheritsDispositions checks that the command finds signals as pgpi did:
// nothing ignored, or what nohup ignored.
func TestRunInheritsDispositions(t *testing.T) {
	for trap, want := range map[string]string{"": "", "trap '' HUP INT;": "hangup interrupt"} {
		cmd := pgpi(t, "ignored")
		run := exec.Command("/bin/sh", "-c", trap+`exec "$0"`, os.Args[0])
		run.Env, run.Stderr = cmd.Env, os.Stderr
		out, err := run.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s ignored in the command: %q, want %q; error %v", trap, got, want, err)
		}
	}
}
