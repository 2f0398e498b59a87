package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// check refuses to redact and not to redact. The redaction of values includes that of passwords.
func (o *redactOptions) check() error {
	if o.Redact != "" && o.RedactPasswords != nil && !*o.RedactPasswords {
		return fmt.Errorf("--redact=%s and --no-redact-passwords: give one of them", o.Redact)
	}
	return nil
}

// written is a file that an option has pgpi write.
type written struct{ option, path string }

// checkFiles refuses two outputs to one file. TLS keys of both legs may share one: each line of it is whole.
func checkFiles(l *logOptions, r *recordOptions, keyLogs ...written) error {
	outputs, err := l.outputs()
	if err != nil {
		return err
	}
	var logs []written
	for _, out := range outputs {
		logs = append(logs, written{out.option, out.path})
	}
	for _, log := range logs {
		if r.Record == standardOutput && (log.path == "" || log.path == standardOutput) {
			return fmt.Errorf("--record and %s: both go to standard output: give %[1]s a file", log.option)
		}
	}
	recording := r.pcapng()
	for _, file := range append(logs, keyLogs...) {
		if file.path != "" && r.Record != "" && recording.Writes(file.path) {
			return fmt.Errorf("%s and --record: both go to %s: give each a file of its own", file.option, file.path)
		}
	}
	for _, keys := range keyLogs {
		same := func(log written) bool { return log.path != "" && filepath.Clean(log.path) == filepath.Clean(keys.path) }
		if i := slices.IndexFunc(logs, same); i >= 0 && keys.path != "" {
			return fmt.Errorf("%s and %s: both go to %s: give each a file of its own", logs[i].option, keys.option, keys.path)
		}
	}
	return nil
}

// checkCommand refuses what pgpi run could not keep.
func (o *runOptions) checkCommand() error {
	switch {
	case o.Client.ClientDenySsl && o.Launch.ClientTls:
		return errors.New("--client-deny-ssl and --client-tls: give one of them")
	case o.Record.Record == standardOutput:
		return errors.New("--record: standard output is the command's: name a file")
	case o.Client.ClientListenUnix != "":
		return errors.New("--client-listen-unix: the command is led to a TCP port: leave it out")
	}
	return nil
}
