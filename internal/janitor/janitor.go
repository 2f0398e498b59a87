// Package janitor removes a folder when the process that made it has ended.
//
// It guarantees that the folder is removed soon after that process, however it ended, SIGKILL
// included. The janitor is the same executable, started again in a session of its own. It notices
// the end by a pipe that closes. Programs that call [Start] must therefore call [RunIfAsked] first
// thing in main, and tests in TestMain. A janitor removes only folders whose names begin with a
// prefix of the program's.
//
// It must not know what is in a folder. If something must end before the folder is removed, the
// caller's function ends it.
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

// variable makes a process the janitor of the directory that it names.
const variable = "PGPI_JANITOR"

// Limits on waiting for changes that can only be seen by looking again.
const (
	patience  = 20 * time.Second
	pollEvery = 10 * time.Millisecond
)

// Folders are all folders of one purpose.
type Folders struct {
	// Prefix is how their names begin.
	Prefix string
	// End, if not nil, ends whatever uses a folder before the folder is removed.
	End func(dir string)
}

// A Janitor is another process. It outlives this one for as long as cleaning up takes. It holds the
// reading end of a pipe whose writing end only this process has. The kernel closes that end when
// this process ends, however it ends.
type Janitor struct {
	process *exec.Cmd
	pipe    *os.File
}

// RunIfAsked turns this process into a janitor if it was started as one, and then never returns. It
// only removes a folder whose name begins like one of known. Call it before anything else in main.
func RunIfAsked(known ...Folders) {
	dir := os.Getenv(variable)
	if dir == "" {
		return
	}
	// A signal that ends the process that we wait for is often sent to us too.
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
		dir, err = filepath.Abs(dir) // the janitor runs in another directory
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
	detach(cmd)
	answer, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("start the janitor: %w", err)
	}
	// Before it has said so, it may not ignore signals yet.
	limit := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	if line, err := bufio.NewReader(answer).ReadString('\n'); line != "ready\n" {
		_ = cmd.Process.Kill() // fails only if it has ended
		_ = ours.Close()
		return nil, errors.Join(fmt.Errorf("start the janitor: it said %q", line), err, cmd.Wait())
	}
	return &Janitor{process: cmd, pipe: ours}, nil
}

// Dismiss ends the janitor. When it returns, the folder is gone.
func (j *Janitor) Dismiss() {
	_ = j.pipe.Close()
	_ = j.process.Wait() // all that matters is that it has ended
}

// Remove removes a folder, even while processes that are about to end still make files in it.
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
