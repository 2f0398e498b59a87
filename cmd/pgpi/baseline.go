package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"pgpi/internal/acceptance"
)

// ownBaseline is the file of acceptances that is read if no other is named. It is looked for in the
// current directory alone.
const ownBaseline = ".pgpi-findings.toml"

// maxBaseline is how large a file of acceptances may be, in bytes.
const maxBaseline = 1 << 20

// baseline is what the user has accepted.
type baseline struct {
	name string // of the file
	text []byte
	list *acceptance.List
	day  acceptance.Day // today
}

// readBaseline reads the acceptances. There are none if there is no file, and none is named.
func readBaseline(named string, now time.Time) (*baseline, error) {
	b := &baseline{name: named, day: acceptance.DayOf(now)}
	if named == "" {
		b.name = ownBaseline
	}
	text, err := readSmallFile(b.name)
	switch {
	case named == "" && errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the acceptances in %s: %w: name a file that is there, or leave out --baseline", b.name, withoutPath(err))
	case err != nil:
		return nil, fmt.Errorf("read the acceptances in %s: %w", b.name, withoutPath(err))
	}
	b.text = text
	b.list, err = acceptance.Parse(b.name, text)
	return b, err
}

// readSmallFile reads a file that may be in a project of somebody else. So it neither waits for a
// pipe nor reads without end.
func readSmallFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file: name one with --baseline")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxBaseline+1))
	if err == nil && len(text) > maxBaseline {
		err = errors.New("it is larger than 1 MiB: acceptances are not")
	}
	return text, err
}

// accepts reports whether a finding is accepted today, and why.
func (b *baseline) accepts(signature string) (reason string, accepted bool) {
	a := b.list.Of(signature)
	if a == nil || a.HasEnded(b.day) {
		return "", false
	}
	return a.Reason, true
}
