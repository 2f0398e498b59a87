package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The exit codes of shells for a command that could not be started.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// A StartError says why a command can't be started. Code is pgpi's exit code then.
type StartError struct {
	Code   int // 126 not executable, 127 not found
	reason string
}

func (e *StartError) Error() string { return e.reason }

// FindCommand returns the path of the program that a shell would run for name. Its error is a
// *[StartError]. Call it before anything listens.
func FindCommand(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil || errors.Is(err, exec.ErrDot) {
		return path, nil
	}
	if errors.Is(err, fs.ErrPermission) || !errors.Is(err, fs.ErrNotExist) && inPath(name) {
		return "", &StartError{exitNotExecutable, fmt.Sprintf("run %s: it is not an executable file: set its permission with chmod +x, or name its interpreter", name)}
	}
	return "", &StartError{exitNotFound, fmt.Sprintf("run %s: there is no such command: check its name and PATH", name)}
}

// inPath reports whether name is a file at all, by itself or in a directory of PATH.
func inPath(name string) bool {
	if filepath.Base(name) != name {
		return fileExists(name)
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// A Command is a program to run with pgpi's standard streams.
type Command struct {
	Path string   // from FindCommand
	Args []string // with the name at Args[0]
	Env  []string
}

// Run runs the command until it ends. It returns the exit code for pgpi: the command's own, or
// 128+n if signal n ended it. Its error is a *[StartError].
//
// The command stays in pgpi's process group, so the terminal's signals reach it by themselves.
// While the command runs, pgpi ignores SIGINT and SIGQUIT. SIGTSTP stops both, as job control in
// shells expects. SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 are forwarded. A canceled ctx has the effect
// of SIGTERM.
//
// Nothing else in the process may handle these signals meanwhile.
func Run(ctx context.Context, c Command) (code int, err error) {
	relayed, stop := catchSignals()
	defer stop()
	cmd := &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	if err := cmd.Start(); err != nil {
		return 0, &StartError{exitNotExecutable, fmt.Sprintf("run %s: %v%s", c.Path, startReason(err), startRemedy(err))}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	cancelled := ctx.Done()
	for {
		select {
		case sig := <-relayed:
			forward(cmd.Process, sig)
		case <-cancelled:
			terminate(cmd.Process)
			cancelled = nil
		case err := <-ended:
			if cmd.ProcessState == nil {
				return 0, fmt.Errorf("wait for %s: %w", c.Path, err)
			}
			return exitCode(cmd.ProcessState), nil
		}
	}
}

// startReason removes "fork/exec /path: " from an error that already names the path.
func startReason(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

// startRemedy helps with a common mistake: a script without an interpreter line.
func startRemedy(err error) string {
	if strings.Contains(err.Error(), "exec format error") {
		return ": if it is a script, begin it with a line such as #!/bin/sh"
	}
	return ""
}
