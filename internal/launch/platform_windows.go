package launch

import (
	"os"
	"path/filepath"
)

const onWindows = true

// platformSocketDirs is empty: on Windows libpq's default is localhost.
var platformSocketDirs []string

// openLock opens what is locked of a folder: on Windows a file in it.
func openLock(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
}

// isOurs reports whether a file is this user's. On Windows each has a temporary folder of their own.
func isOurs(os.FileInfo) bool { return true }
