//go:build unix

package launch

import (
	"os"
	"syscall"
)

const onWindows = false

// platformSocketDirs are where servers put their Unix sockets: the default of Debian's and Red
// Hat's builds, and that of the PostgreSQL sources.
var platformSocketDirs = []string{"/var/run/postgresql", "/tmp"}

// openLock opens the file to lock for a folder: on Unix the folder itself.
func openLock(dir string) (*os.File, error) { return os.Open(dir) }

// isOurs reports whether a file belongs to this user.
func isOurs(info os.FileInfo) bool {
	status, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(status.Uid) == os.Geteuid()
}
