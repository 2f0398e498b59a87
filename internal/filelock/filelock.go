// Package filelock keeps two processes from using one file.
//
// It guarantees that of those which take the lock of a file, one has it, until it closes the file or ends, however it
// ends. Nobody waits. Processes that do not ask are not kept out.
//
// It must not know what the files are for.
//
// Start reading at [Take].
package filelock

import (
	"errors"
	"os"
)

// ErrHeld says that another process has the lock, or another open file of this one.
var ErrHeld = errors.New("another process uses it")

// Take takes the lock of a file, or on Unix of a folder, until it is closed. The error is [ErrHeld], or says why there are
// no locks here: an old network file system has none.
func Take(f *os.File) error { return take(f) }
