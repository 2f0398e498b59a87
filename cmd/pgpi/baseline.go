package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pgpi/internal/acceptance"
	"pgpi/internal/event"
	"pgpi/internal/gate"
	"pgpi/internal/insight"
	"pgpi/internal/wholefile"
)

// ownBaseline is the file of acceptances that is read if no other is named. It is looked for in the
// current directory alone.
const ownBaseline = ".pgpi-findings.toml"

// maxBaseline is how large a file of acceptances may be, in bytes.
const maxBaseline = 1 << 20

// baseline is what the user has accepted.
type baseline struct {
	name string // of the file
	list *acceptance.List
	day  acceptance.Day // today
}

// readBaseline reads the acceptances. There are none if there is no file, and none is named, or if the
// file is yet to be made.
func readBaseline(named string, makes bool, now time.Time) (*baseline, error) {
	b := &baseline{name: cmp.Or(named, ownBaseline), day: acceptance.DayOf(now)}
	text, err := readSmallFile(b.name, named != "" && !makes)
	switch {
	case (named == "" || makes) && errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the acceptances in %s: %w: name a file that is there, or leave out --baseline", b.name, withoutPath(err))
	case err != nil:
		return nil, fmt.Errorf("read the acceptances in %s: %w", b.name, withoutPath(err))
	}
	b.list, err = acceptance.Parse(b.name, text)
	return b, err
}

// readSmallFile reads a file that may be in a project of somebody else. So it neither waits for a
// pipe nor reads without end. pipes is set if the user has named it, and a pipe or /dev/null is meant.
func readSmallFile(path string, pipes bool) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() || !info.Mode().IsRegular() && !pipes {
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

// dayOfAcceptances returns the day by which acceptances have ended or not, or "" if there are none.
func (b *baseline) dayOfAcceptances() string {
	if b.isEmpty() {
		return ""
	}
	return string(b.day)
}

func (b *baseline) isEmpty() bool { return len(b.list.All) == 0 }

// add writes the findings that fail the run to the file, unless they are there. They don't fail the
// run any more.
func (b *baseline) add(v *gate.Verdict, say func(string)) error {
	text, err := readSmallFile(b.name, false)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("add to %s: %w", b.name, withoutPath(err))
	}
	list, err := acceptance.Parse(b.name, text) // it may have changed
	if err != nil {
		return err
	}
	var more []acceptance.Acceptance
	failing := v.Failing[:0:0]
	for _, f := range v.Failing {
		one := f.First
		if list.Of(one.Signature) != nil { // it has ended
			failing = append(failing, f)
			continue
		}
		a := acceptance.Acceptance{Signature: one.Signature, Rule: one.Rule}
		if one.Shape != nil {
			a.Shape = strings.ToValidUTF8(one.Shape.Text, "\ufffd")
		}
		more = append(more, a)
	}
	if len(more) == 0 {
		return nil
	}
	if err := extend(b.name, acceptance.Append(text, more)); err != nil {
		return fmt.Errorf("add to %s: %w", b.name, withoutPath(err))
	}
	v.Failing, v.Accepted = failing, v.Accepted+len(more)
	say(fmt.Sprintf("added %s to %s: give each a reason", event.Count(len(more), "finding"), b.name))
	return nil
}

// extend writes a file that keeps its mode. A link to it stays one.
func extend(path string, content []byte) error {
	mode := fs.FileMode(0o600)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	return wholefile.Replace(path, content, mode)
}

// maxRemarks is how many remarks of a sort are made.
const maxRemarks = 10

// remark says which acceptances have ended, which have no reason, and which were not needed. If
// nothing was seen, nothing is said about needs.
func (b *baseline) remark(judge *gate.Judge, nothing bool, looked insight.Selection, say func(string)) {
	var ended, unreasoned, unneeded []string
	for _, a := range b.list.All {
		at := fmt.Sprintf("%s, line %d: ", b.name, a.Line)
		rule := insight.Named(acceptance.RuleOf(a.Signature))
		switch {
		case a.HasEnded(b.day):
			ended = append(ended, fmt.Sprintf("%sthe acceptance of %s ended on %s, and today is %s: remove it, or give it another day", at, a.Signature, a.Until, b.day))
		case !nothing && looked.Has(rule.Name) && !rule.Timed && !judge.Found(a.Signature):
			unneeded = append(unneeded, at+a.Signature+" was not found: remove the acceptance if that was mended")
		case a.Reason == "":
			unreasoned = append(unreasoned, at+"the acceptance of "+a.Signature+" has no reason: give one")
		}
	}
	for _, all := range [][]string{ended, unneeded, unreasoned} {
		for i, one := range all {
			if i == maxRemarks {
				say(fmt.Sprintf("%s: and %d more like that", b.name, len(all)-i))
				break
			}
			say(one)
		}
	}
}
