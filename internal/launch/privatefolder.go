package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"pgpi/internal/filelock"
	"pgpi/internal/janitor"
)

// Folders are the private folders of commands.
var Folders = janitor.Folders{Prefix: "pgpi-run-"}

// folderName matches the names that os.MkdirTemp makes from the prefix.
var folderName = regexp.MustCompile(`^` + Folders.Prefix + `\d+$`)

// A PrivateFolder has files for the command only: copies with passwords among them. Writing the
// first file makes the folder. It is removed with this process, however the process ends: by Close,
// by a janitor or, if the janitor was killed too, when the next pgpi calls [RemoveAbandoned]. A
// folder in use is locked, so it is not taken for abandoned.
type PrivateFolder struct {
	dir     string // empty until there is a file
	lock    *os.File
	janitor *janitor.Janitor
}

// Write writes a file that only this user can read, and returns its path.
func (f *PrivateFolder) Write(name, text string) (path string, err error) {
	if f.dir == "" {
		if err := f.make(); err != nil {
			return "", err
		}
	}
	path = filepath.Join(f.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write a private file: %w; set TMPDIR to a directory that can be written", err)
	}
	return path, nil
}

// make makes the folder. Before anything is put into it, it is locked and has a janitor.
func (f *PrivateFolder) make() error {
	for f.dir == "" {
		dir, err := os.MkdirTemp("", Folders.Prefix)
		if err != nil {
			return fmt.Errorf("make a directory for private files: %w; set TMPDIR to one that can be written", err)
		}
		lock, err := openLock(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another pgpi took it for abandoned
		}
		if err != nil {
			return fmt.Errorf("lock the directory for private files: %w", errors.Join(err, os.Remove(dir)))
		}
		// If locks do not work here, no folder is taken for abandoned.
		if errors.Is(filelock.Take(lock), filelock.ErrHeld) || !fileExists(dir) {
			_ = lock.Close() // the folder is another pgpi's
			continue
		}
		f.dir, f.lock = dir, lock
	}
	var err error
	f.janitor, err = janitor.Start(f.dir)
	return err
}

// Close removes the folder. The command must have ended.
func (f *PrivateFolder) Close() error {
	if f.dir == "" {
		return nil
	}
	err := removeLocked(f.dir, f.lock)
	if f.janitor != nil {
		f.janitor.Dismiss()
	}
	return err
}

// RemoveAbandoned removes the private folders of this user that no process has locked.
func RemoveAbandoned() error {
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		return nil //nolint:nilerr // what is wrong with it is reported when a folder is made there
	}
	var errs []error
	for _, entry := range entries {
		if !folderName.MatchString(entry.Name()) || !entry.IsDir() {
			continue
		}
		dir := filepath.Join(os.TempDir(), entry.Name())
		if info, err := os.Lstat(dir); err != nil || !isOurs(info) {
			continue
		}
		lock, err := openLock(dir)
		if err != nil {
			continue // somebody else is removing it
		}
		if filelock.Take(lock) != nil {
			_ = lock.Close() // it is in use
			continue
		}
		errs = append(errs, removeLocked(dir, lock))
	}
	return errors.Join(errs...)
}

// removeLocked removes a folder. On Unix it stays locked until it is gone. On Windows an open file
// can't be removed.
func removeLocked(dir string, lock *os.File) error {
	err := os.RemoveAll(dir)
	_ = lock.Close() // nothing was written
	if onWindows {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return fmt.Errorf("remove the directory of private files: %w: remove it yourself, for there may be passwords in it", err)
	}
	return nil
}
