//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// take uses flock(2). Its locks belong to the open file. Go opens files so that children do not
// inherit them.
func take(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = syscall.EINTR
		for failed == syscall.EINTR {
			failed = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB)
		}
	})
	if errors.Is(failed, syscall.EWOULDBLOCK) {
		return ErrHeld
	}
	return errors.Join(err, failed)
}
