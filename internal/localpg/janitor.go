package localpg

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// janitorVar asks a process to be the janitor of the directory that it names.
const janitorVar = "PGPI_JANITOR"

// A janitor is another process, which outlives this one by the time that cleaning up takes. It holds the
// reading end of a pipe, whose writing end nobody but this process has: the kernel closes that when we end,
// however we end.
type janitor struct {
	process *exec.Cmd
	pipe    *os.File
}

// RunJanitorIfAsked turns this process into a janitor, and never returns, if it was started as one. Call it
// before anything else in main, and in TestMain of tests that start servers.
func RunJanitorIfAsked() {
	dir := os.Getenv(janitorVar)
	if dir == "" {
		return
	}
	// Whoever ends the process that we wait for may well send the same signal to us.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	_, _ = os.Stdout.WriteString("ready\n")
	_ = os.Stdout.Close()
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := cleanUp(dir); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// startJanitor starts a janitor for a server's directory.
func startJanitor(dir string) (*janitor, error) {
	if os.Getenv(janitorVar) != "" {
		return nil, errors.New("this program does not call localpg.RunJanitorIfAsked first, so it can't start a server")
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the janitor: %w", err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the janitor: %w", err)
	}
	defer theirs.Close() //nolint:errcheck // the janitor has its own

	cmd := exec.Command(executable)
	cmd.Dir = "/"
	cmd.Env = []string{janitorVar + "=" + dir, "PATH=" + os.Getenv("PATH")}
	cmd.Stdin = theirs
	inOwnSession(cmd)
	answer, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("start the janitor: %w", err)
	}
	// Until it has said so, it may not have reached the place where it ignores signals.
	limit := time.AfterFunc(stopLimit, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	if line, err := bufio.NewReader(answer).ReadString('\n'); line != "ready\n" {
		_ = cmd.Process.Kill() // fails only where it has ended
		_ = ours.Close()
		return nil, errors.Join(fmt.Errorf("start the janitor: it said %q", line), err, cmd.Wait())
	}
	return &janitor{process: cmd, pipe: ours}, nil
}

// dismiss ends the janitor, after whom nothing is left of the server.
func (j *janitor) dismiss() {
	_ = j.pipe.Close()
	_ = j.process.Wait() // that it ends is all that matters here
}

// cleanUp ends the server of a directory if it runs, and removes the directory. A server that is about to
// start, or to be initialized, fails for want of it.
func cleanUp(dir string) error {
	if !strings.HasPrefix(filepath.Base(dir), dirPrefix) {
		return fmt.Errorf("%s is no server's directory", dir)
	}
	dataDir := filepath.Join(dir, "data")
	if lock := readLock(dataDir); len(lock) > 1 {
		if pid, err := strconv.Atoi(lock[0]); err == nil {
			endServer(pid, dataDir)
		}
	}
	return removeAll(dir)
}

// endServer ends the process if it is the server of that data directory, and not another one that has got its
// number.
func endServer(pid int, dataDir string) {
	for _, how := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		limit := time.Now().Add(stopLimit / 2)
		for strings.Contains(commandLine(pid), dataDir) && time.Now().Before(limit) {
			sendSignal(pid, how)
			time.Sleep(pollEvery)
		}
	}
}

// removeAll removes a directory in which processes that are about to end may still make files.
func removeAll(dir string) error {
	limit := time.Now().Add(stopLimit)
	for {
		err := os.RemoveAll(dir)
		if _, gone := os.Stat(dir); err == nil && errors.Is(gone, fs.ErrNotExist) {
			return nil
		}
		if time.Now().After(limit) {
			return err
		}
		time.Sleep(pollEvery)
	}
}
