// Package janitor removes a folder when the process that made it has ended.
//
// It guarantees that the folder goes soon after that process, however it ended, SIGKILL included: the
// janitor is the same executable started again, in a session of its own, and sees a pipe close.
// Programs that call Start must therefore call RunIfAsked first thing in main, and tests in TestMain.
// A janitor removes no folder but those whose names begin as the program has said.
//
// It must not know what is in a folder: what has to end before it goes is for others to end.
//
// Start reading at [Start], then [RunIfAsked], which is the other process.
package janitor

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
	"strings"
	"syscall"
	"time"
)

// variable asks a process to be the janitor of the directory that it names.
const variable = "PGPI_JANITOR"

// Limits, of what only shows in files and pipes.
const (
	patience  = 20 * time.Second
	pollEvery = 10 * time.Millisecond
)

// Folders are those of one purpose.
type Folders struct {
	// Prefix begins their names.
	Prefix string
	// End, if there is one, ends what uses a folder, before it is removed.
	End func(dir string)
}

// A Janitor is another process, which outlives this one by the time that cleaning up takes. It holds the
// reading end of a pipe, whose writing end nobody but this process has: the kernel closes that when we end,
// however we end.
type Janitor struct {
	process *exec.Cmd
	pipe    *os.File
}

// RunIfAsked turns this process into a janitor, and never returns, if it was started as one. It removes a folder
// that is one of the known ones. Call it before anything else in main.
func RunIfAsked(known ...Folders) {
	dir := os.Getenv(variable)
	if dir == "" {
		return
	}
	// Whoever ends the process that we wait for may well send the same signal to us.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	_, _ = os.Stdout.WriteString("ready\n")
	_ = os.Stdout.Close()
	_, _ = io.Copy(io.Discard, os.Stdin)
	for _, folders := range known {
		if !strings.HasPrefix(filepath.Base(dir), folders.Prefix) {
			continue
		}
		if folders.End != nil {
			folders.End(dir)
		}
		if Remove(dir) == nil {
			os.Exit(0)
		}
	}
	os.Exit(1)
}

// Start starts a janitor for a folder of this process.
func Start(dir string) (*Janitor, error) {
	if os.Getenv(variable) != "" {
		return nil, errors.New("start the janitor: this program does not call janitor.RunIfAsked first")
	}
	executable, err := os.Executable()
	if err == nil {
		dir, err = filepath.Abs(dir) // the janitor is elsewhere
	}
	if err != nil {
		return nil, fmt.Errorf("start the janitor: %w", err)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the janitor: %w", err)
	}
	defer theirs.Close() //nolint:errcheck // the janitor has its own

	cmd := exec.Command(executable) //nolint:gosec // it is this program
	cmd.Dir = "/"
	cmd.Env = []string{variable + "=" + dir, "PATH=" + os.Getenv("PATH")}
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
	limit := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	if line, err := bufio.NewReader(answer).ReadString('\n'); line != "ready\n" {
		_ = cmd.Process.Kill() // fails only where it has ended
		_ = ours.Close()
		return nil, errors.Join(fmt.Errorf("start the janitor: it said %q", line), err, cmd.Wait())
	}
	return &Janitor{process: cmd, pipe: ours}, nil
}

// Dismiss ends the janitor, after whom nothing is left of the folder.
func (j *Janitor) Dismiss() {
	_ = j.pipe.Close()
	_ = j.process.Wait() // that it ends is all that matters here
}

// Remove removes a folder in which processes that are about to end may still make files.
func Remove(dir string) error {
	limit := time.Now().Add(patience)
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
