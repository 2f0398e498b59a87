package report

import (
	"errors"
	"fmt"
	"io"
	"os"

	"pgpi/internal/wholefile"
)

// ToFile returns a function that writes a report to a file. The report is written whole under a
// temporary name, and then renamed, so that there is never half a report. ToFile itself finds out
// whether that is possible. Anything but a regular file, such as a pipe, is written directly.
func ToFile(path string) (func([]byte) error, error) {
	write := replace
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, fmt.Errorf("write a report to %s: it is a directory: name a file", path)
		}
		write = overwrite
	} else if err := wholefile.Try(path); err != nil {
		return nil, fmt.Errorf("write a report to %s: %w: choose a place where you may write", path, withoutPath(err))
	}
	return func(report []byte) error {
		if err := write(path, report); err != nil {
			return fmt.Errorf("%s: %w", path, withoutPath(err))
		}
		return nil
	}, nil
}

// ToWriter returns a function that writes a report to a stream.
func ToWriter(w io.Writer) func([]byte) error {
	return func(report []byte) error {
		_, err := w.Write(report)
		return withoutPath(err)
	}
}

// withoutPath returns what went wrong with a file.
func withoutPath(err error) error {
	if pathError, ok := errors.AsType[*os.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// replace writes a file that only its owner can read.
func replace(path string, content []byte) error { return wholefile.Replace(path, content, 0o600) }

// overwrite writes to what is not a regular file, such as a pipe.
func overwrite(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
