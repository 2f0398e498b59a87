package proxy

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Listen opens a TCP port; 0 chooses a free one.
func Listen(ip string, port int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s port %d: the port is in use: stop what uses it, or choose another with --client-listen-port", ip, port)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s port %d: not permitted: choose a port above 1023 with --client-listen-port", ip, port)
	}
	return nil, fmt.Errorf("listen on %s port %d: %s: choose an address of this machine with --client-listen-ip", ip, port, plainError(err))
}

// Address returns the name of a listener in the log.
func Address(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return l.Addr().String()
	}
	return target{network: "tcp", address: l.Addr().String()}.words()
}

// ListenUnix opens the socket that clients look for in a directory, and creates a lock file next to
// it, as servers do (CreateSocketLockFile in miscinit.c). It removes what a dead process left
// behind.
func ListenUnix(dir string, port int) (net.Listener, error) {
	path := filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))
	lock := path + ".lock"
	if err := takeLock(lock, path); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	if answers(path) {
		_ = os.Remove(lock) // the first error is the one to report
		return nil, fmt.Errorf("listen on %s: another process answers there: choose another port with --client-listen-port, or another directory", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		_ = os.Remove(lock) // the first error is the one to report
		return nil, fmt.Errorf("listen on %s: remove what is left of another process: %w", path, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		_ = os.Remove(lock) // likewise
		return nil, fmt.Errorf("listen on %s: %s: choose an existing directory with a short path for --client-listen-unix", path, plainError(err))
	}
	if err := os.Chmod(path, 0o777); err != nil { //nolint:gosec // as servers: who may connect is their decision
		_ = l.Close() // likewise
		return nil, fmt.Errorf("listen on %s: let others connect: %w", path, err)
	}
	return &lockedListener{l, lock}, nil
}

// lockedListener removes its lock file when it is closed.
type lockedListener struct {
	net.Listener
	lock string
}

func (l *lockedListener) Close() error {
	return errors.Join(l.Listener.Close(), os.Remove(l.lock))
}

// takeLock creates the lock file of a socket, which names the process that owns the socket.
func takeLock(lock, socket string) error {
	for range 2 {
		f, err := os.OpenFile(lock, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
			return errors.Join(err, f.Close())
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("create its lock file: %w: choose a directory for --client-listen-unix where you may write", err)
		}
		content, err := os.ReadFile(lock)
		if err != nil {
			return fmt.Errorf("read its lock file: %w", err)
		}
		first, _, _ := strings.Cut(string(content), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(first))
		if err == nil && pid != os.Getpid() && alive(max(pid, -pid)) {
			return fmt.Errorf("process %d has it: choose another port with --client-listen-port, or another directory", max(pid, -pid))
		}
		if answers(socket) {
			return errors.New("another process answers there: choose another port with --client-listen-port, or another directory")
		}
		if err := os.Remove(lock); err != nil {
			return fmt.Errorf("remove a stale lock file: %w", err)
		}
	}
	return errors.New("another process is taking it at the same time: try again")
}

// answers reports whether anything listens on a socket.
func answers(path string) bool {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	_ = conn.Close() // it was opened only to check
	return true
}
