package launch

import (
	"os"
	"path/filepath"
)

const onWindows = true

// platformSocketDirs is empty, because libpq's default on Windows is localhost.
var platformSocketDirs []string

// openLock opens the file to lock for a folder: on Windows a file in it.
func openLock(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
}

// isOurs reports whether a file belongs to this user. On Windows every user has their own temporary
// folder.
func isOurs(os.FileInfo) bool { return true }
