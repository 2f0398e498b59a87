// Package wholefile replaces files.
//
// It guarantees:
//
//   - A file has its old content or the new one, whole. A process that ends in between may leave a
//     hidden file beside it.
//   - Only its owner can read a new file. An old one keeps its mode, and a link to it stays a link.
//
// It must not know what files are for.
//
// Start reading at [Replace].
package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes a file under another name, and renames it.
func Replace(path string, content []byte) error {
	path = target(path)
	file, err := beside(path)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Chmod(modeOf(path)), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// Try finds out whether a file can be replaced.
func Try(path string) error {
	file, err := beside(target(path))
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// target returns the file that a link leads to.
func target(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return path
}

// modeOf returns the mode that a file keeps, or that of a new one.
func modeOf(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o600
}

// beside creates a file beside another. Only its owner can read it.
func beside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
}
