package pcapng

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pgpi/internal/filelock"
)

// open creates a file that only its owner can read. It is an error if the file exists, unless it is
// to be overwritten.
func open(path string, overwrite bool) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE
	if !overwrite {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(path, flags, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return nil, fmt.Errorf("create the recording %s: it is a directory: give the name of a file", path)
		}
		return nil, fmt.Errorf("create the recording %s: the file exists: give another name, or --force to overwrite it", path)
	case err != nil:
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			err = p.Err
		}
		return nil, fmt.Errorf("create the recording %s: %w: choose a place for --record where you may write", path, err)
	}
	if err := claim(f); err != nil {
		return nil, errors.Join(fmt.Errorf("create the recording %s: %w", path, err), f.Close())
	}
	return f, nil
}

// errBusy means that two processes would write one file, each over what the other has written.
var errBusy = errors.New("another pgpi is writing it: give another name")

// claim locks a file against other processes, denies it to other users, and empties it. A device or
// pipe, such as /dev/null, is left as it is.
func claim(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	// Where there are no locks, no one else has one.
	if errors.Is(filelock.Take(f), filelock.ErrHeld) {
		return errBusy
	}
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("keep it from others: %w", err)
	}
	return f.Truncate(0)
}

// checkSeries refuses the files of a recording if another process writes one of them: each would
// remove what the other keeps.
func (o *Options) checkSeries() error {
	if o.Rotate == 0 {
		return nil
	}
	folder := filepath.Dir(o.Path)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil //nolint:nilerr // what is wrong with the folder is said where a file is made in it
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if !entry.Type().IsRegular() || !o.Writes(path) {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			continue // the same, when that file is opened
		}
		busy := errors.Is(filelock.Take(f), filelock.ErrHeld)
		_ = f.Close() // it was opened only to check
		if busy {
			return fmt.Errorf("create the recording %s: %w", path, errBusy)
		}
	}
	return nil
}
