//go:build unix

package replication

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"pgpi/internal/localpg"
)

// asOwner makes a program run as the user that a server runs as, which PostgreSQL requires for
// touching its files.
func asOwner(t *testing.T, server *localpg.Server, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	info, err := os.Stat(server.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	return cmd
}

// ownFolder makes a folder that belongs to that user.
func ownFolder(t *testing.T, server *localpg.Server, name string) string {
	t.Helper()
	parent, err := os.MkdirTemp("", "pgpi-replication-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(parent); err != nil {
			t.Error(err)
		}
	})
	folder := filepath.Join(parent, name)
	info, err := os.Stat(server.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	for _, step := range []func() error{
		func() error { return os.Chmod(parent, 0o755) }, func() error { return os.Mkdir(folder, 0o700) },
		func() error { return os.Chown(folder, int(owner.Uid), int(owner.Gid)) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// runServer starts a server in a folder that a base backup has filled.
func runServer(t *testing.T, primary *localpg.Server, folder string, port int, settings ...string) (end func(os.Signal)) {
	t.Helper()
	args := []string{"-D", folder, "-p", strconv.Itoa(port), "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1",
		"-c", "shared_buffers=16MB", "-c", "fsync=off", "-c", "max_prepared_transactions=10", "-c", "max_wal_senders=20", "-c", "wal_level=logical"}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(primary.Bin, "postgres"), args...)
	cmd.Dir = folder
	return background(t, asOwner(t, primary, cmd))
}
