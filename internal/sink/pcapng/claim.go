package pcapng

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"pgpi/internal/filelock"
)

// open makes a file that only its owner can read. A file that exists is an error, unless it is to be overwritten.
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
		return nil, fmt.Errorf("create the recording %s: %w: give --record a place where you may write", path, err)
	}
	if err := claim(f); err != nil {
		return nil, errors.Join(fmt.Errorf("create the recording %s: %w", path, err), f.Close())
	}
	return f, nil
}

// errBusy says that two processes would write one file, each over what the other has written.
var errBusy = errors.New("another pgpi writes it: give another name")

// claim keeps a file from other processes and other users, and empties it. A device or a pipe, such as /dev/null, stays as
// it is.
func claim(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	// Where there are no locks, nobody else has one.
	if errors.Is(filelock.Take(f), filelock.ErrHeld) {
		return errBusy
	}
	if err := f.Chmod(0o600); err != nil {
		return fmt.Errorf("keep it from others: %w", err)
	}
	return f.Truncate(0)
}

// checkSeries refuses files of a recording of which another process writes one: each would remove what the other keeps.
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
			continue // likewise, if it comes to that file
		}
		busy := errors.Is(filelock.Take(f), filelock.ErrHeld)
		_ = f.Close() // it was only to know
		if busy {
			return fmt.Errorf("create the recording %s: %w", path, errBusy)
		}
	}
	return nil
}
