// Package filelock keeps two processes from using the same file.
//
// It guarantees that only one open file at a time has the lock: until it is closed, or until its
// process ends, however it ends. Nobody waits for a lock. A process that does not ask for the lock
// is not kept out.
//
// It must not know what the files are for.
//
// Start reading at [Take].
package filelock

import (
	"errors"
	"os"
)

// ErrHeld is returned if another process has the lock, or another open file of this process.
var ErrHeld = errors.New("another process uses it")

// Take locks a file, or on Unix a folder, until it is closed. The error is [ErrHeld], or says why
// locks do not work here: for example, on an old network file system.
func Take(f *os.File) error { return take(f) }
