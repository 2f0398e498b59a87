package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// beyond is an offset that no file reaches. On Windows others can neither read nor write a locked
// range.
const beyond = 1 << 30 // the high half of the offset

// take locks one byte of the file.
func take(f *os.File) error {
	place := &windows.Overlapped{OffsetHigh: beyond}
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, place)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrHeld
	}
	return err
}
