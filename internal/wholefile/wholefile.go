// Package wholefile replaces files.
//
// It guarantees:
//
//   - A file has its old content or the new one, whole. A process that ends in between may leave a
//     hidden file beside it.
//   - Until the new content has its mode, only its owner can read it. A link is replaced, not followed:
//     in a folder that others can write to, it may lead anywhere.
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
func Replace(path string, content []byte, mode fs.FileMode) error {
	file, err := beside(path)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Chmod(mode), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// Try finds out whether a file can be replaced.
func Try(path string) error {
	file, err := beside(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// beside creates a file beside another. Only its owner can read it.
func beside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
}
