package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ToFile returns a function that writes a report to a file. The report is written whole under a
// temporary name, and then renamed, so that there is never half a report. ToFile itself finds out
// whether that is possible. Anything but a regular file, such as a pipe, is written directly.
func ToFile(path string) (func([]byte) error, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, fmt.Errorf("write a report to %s: it is a directory: name a file", path)
		}
		return func(report []byte) error {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = file.Write(report)
			return errors.Join(err, file.Close())
		}, nil
	}
	trial, err := temporary(path)
	if err != nil {
		return nil, fmt.Errorf("write a report to %s: %w: choose a place where you may write", path, err)
	}
	if err := errors.Join(trial.Close(), os.Remove(trial.Name())); err != nil {
		return nil, fmt.Errorf("write a report to %s: %w", path, err)
	}
	return func(report []byte) error {
		if err := replace(path, report); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	}, nil
}

// ToWriter returns a function that writes a report to a stream.
func ToWriter(w io.Writer) func([]byte) error {
	return func(report []byte) error {
		_, err := w.Write(report)
		return err
	}
}

// temporary creates a file next to another. Only its owner can read it.
func temporary(path string) (*os.File, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if pathError, ok := errors.AsType[*os.PathError](err); ok {
		return nil, pathError.Err
	}
	return file, err
}

// replace writes a whole file, or leaves it as it was.
func replace(path string, content []byte) error {
	file, err := temporary(path)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
