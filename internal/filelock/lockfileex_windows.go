package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// beyond is a place that no file reaches: on Windows nobody else can read or write what is locked.
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
