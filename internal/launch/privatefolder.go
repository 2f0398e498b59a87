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

// folderName is what os.MkdirTemp makes of the prefix.
var folderName = regexp.MustCompile(`^` + Folders.Prefix + `\d+$`)

// A PrivateFolder holds files that only the command is to read: copies with passwords among them. The
// first file makes it. It goes with this process, however that ends: by Close, or by a janitor, or,
// where the janitor was killed too, when the next pgpi calls [RemoveAbandoned]. That takes no folder
// which is in use, for it is locked.
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

// make makes the folder. Nothing is in it before it is locked and has a janitor.
func (f *PrivateFolder) make() error {
	for f.dir == "" {
		dir, err := os.MkdirTemp("", Folders.Prefix)
		if err != nil {
			return fmt.Errorf("make a directory for private files: %w; set TMPDIR to one that can be written", err)
		}
		lock, err := openLock(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another pgpi has taken it for an abandoned one
		}
		if err != nil {
			return fmt.Errorf("lock the directory for private files: %w", errors.Join(err, os.Remove(dir)))
		}
		// Where there are no locks, nobody takes folders for abandoned ones.
		if errors.Is(filelock.Take(lock), filelock.ErrHeld) || !fileExists(dir) {
			_ = lock.Close() // likewise
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
		return nil //nolint:nilerr // what is wrong with it is said where a folder is to be made there
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
			continue // somebody else removes it
		}
		if filelock.Take(lock) != nil {
			_ = lock.Close() // it is in use
			continue
		}
		errs = append(errs, removeLocked(dir, lock))
	}
	return errors.Join(errs...)
}

// removeLocked removes a folder. On Unix it stays locked for as long as it is there; on Windows what is open can't be removed.
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
