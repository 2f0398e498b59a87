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

// checkFiles refuses two outputs to one file. TLS keys of both legs may share a file, because each
// of its lines is whole.
func (o *outputOptions) checkFiles(keyLogs []written) error {
	outputs, err := o.Log.outputs()
	if err != nil {
		return err
	}
	var logs []written
	for _, out := range outputs {
		logs = append(logs, written{out.option, out.path})
	}
	reports, err := o.Report.written()
	if err != nil {
		return err
	}
	for _, r := range reports {
		same := func(log written) bool { return sameFile(cmp.Or(log.path, standardOutput), r.path) }
		if i := slices.IndexFunc(logs, same); i >= 0 && r.path == standardOutput {
			return fmt.Errorf("%s and --report: both go to standard output: give one a file", logs[i].option)
		} else if i >= 0 {
			return fmt.Errorf("%s and --report: both go to %s: give each a file of its own", logs[i].option, r.path)
		}
	}
	logs = append(logs, reports...)
	baseline := o.Findings.baseline()
	if i := slices.IndexFunc(logs, func(log written) bool { return sameFile(log.path, baseline) }); i >= 0 {
		return fmt.Errorf("%s: %s has the accepted findings: give another file", logs[i].option, logs[i].path)
	}
	logs = append(logs, written{"--baseline", baseline})
	record := o.Record.Record
	for _, log := range logs {
		if record == standardOutput && (log.path == "" || log.path == standardOutput) {
			return fmt.Errorf("--record and %s: both go to standard output: give %[1]s a file", log.option)
		}
	}
	recording := o.Record.pcapng()
	for _, file := range append(logs, keyLogs...) {
		if file.path != "" && record != "" && recording.Writes(file.path) {
			return fmt.Errorf("%s and --record: both go to %s: give each a file of its own", file.option, file.path)
		}
	}
	for _, keys := range keyLogs {
		if i := slices.IndexFunc(logs, func(log written) bool { return sameFile(log.path, keys.path) }); i >= 0 {
			return fmt.Errorf("%s and %s: both go to %s: give each a file of its own", logs[i].option, keys.option, keys.path)
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
