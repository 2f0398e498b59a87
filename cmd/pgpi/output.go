package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// outputOptions are what becomes of what was seen, for every command.
type outputOptions struct {
	Redact   redactOptions  `embed:"" group:"Redaction"`
	Log      logOptions     `embed:"" group:"Log"`
	Record   recordOptions  `embed:"" group:"Recording"`
	Report   reportOptions  `embed:"" group:"Report"`
	Findings findingOptions `embed:"" group:"Findings"`
}

// check finds what is wrong with options that are each valid by themselves. others are files that
// other options have pgpi write.
func (o *outputOptions) check(others ...written) error {
	return cmp.Or(o.Redact.check(), o.Record.check(), o.Log.check(), o.Findings.check(), o.checkFiles(others))
}

// written is a file that an option has pgpi write.
type written struct{ option, path string }

// files returns what the options have pgpi write, the recording last. A log without a file is taken
// to go to standard output.
func (o *outputOptions) files() ([]written, error) {
	logs, err := o.Log.outputs()
	if err != nil {
		return nil, err
	}
	reports, err := o.Report.outputs()
	if err != nil {
		return nil, err
	}
	var all []written
	for _, out := range logs {
		all = append(all, written{out.option, cmp.Or(out.path, standardOutput)})
	}
	for _, out := range reports {
		all = append(all, written{"--report", out.path})
	}
	return append(all, written{"--baseline", o.Findings.baseline()}, written{"--record", o.Record.Record}), nil
}

// writes reports whether an option has pgpi write a file with a name.
func (o *outputOptions) writes(w written, name string) bool {
	recording := o.Record.pcapng()
	return sameFile(w.path, name) || w.option == "--record" && w.path != "" && recording.Writes(name)
}

// checkFiles refuses two outputs to one file. TLS keys of both legs may share a file, because each
// of its lines is whole.
func (o *outputOptions) checkFiles(keyLogs []written) error {
	all, err := o.files()
	if err != nil {
		return err
	}
	all = slices.Insert(all, len(all)-1, keyLogs...)
	for i, one := range all {
		for _, other := range all[i+1:] {
			switch {
			case !o.writes(other, one.path), slices.Contains(keyLogs, one) && slices.Contains(keyLogs, other):
			case one.path == standardOutput:
				return fmt.Errorf("%s and %s: both go to standard output: give one a file", one.option, other.option)
			case other.option == "--baseline":
				return fmt.Errorf("%s: %s has the accepted findings: give another file", one.option, one.path)
			default:
				return fmt.Errorf("%s and %s: both go to %s: give each a file of its own", one.option, other.option, one.path)
			}
		}
	}
	return nil
}

// sameFile reports whether two paths, which may be empty, lead to one file, although one may be
// relative or a link.
func sameFile(a, b string) bool {
	if a == "" || b == "" || a == standardOutput || b == standardOutput {
		return a == b && a != ""
	}
	one, errOne := os.Stat(a)
	other, errOther := os.Stat(b)
	if errOne == nil && errOther == nil && one.Mode().IsRegular() {
		return os.SameFile(one, other)
	}
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}
