package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/sink/pcapng"
)

// record writes a recording of what a client and a server send. "<" is before what the server
// sends.
func record(t *testing.T, path string, said ...string) {
	t.Helper()
	sink, err := pcapng.New(pcapng.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(eventsOf(said)); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// eventsOf returns the events of a connection on which that is said.
func eventsOf(said []string) []event.Event {
	at, tracker := time.Now(), session.New(nil)
	events := []event.Event{{Conn: 1, Kind: event.Said, Fact: event.Opened{Time: at, Client: "127.0.0.1 port 50000"}, At: at}}
	for _, b := range said {
		d := event.ClientToServer
		if rest, server := strings.CutPrefix(b, "<"); server {
			d, b = event.ServerToClient, rest
		}
		piece := tracker.Scan(d, []byte(b))
		e := event.Event{Conn: 1, Kind: piece.Kind, Direction: d, Relayed: true, Data: []byte(b), Messages: piece.Messages, Total: piece.Total, At: at}
		events = append(events, e.Clone())
	}
	return append(events, event.Event{Conn: 1, Kind: event.Said, Fact: event.Ended{}, At: at})
}

// packet returns a message of a type with a length.
func packet(code, body string) string {
	return code + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body
}

// A recording can be passed on without the values in it. The name of the user is removed where it
// is a value too.
func TestReadWithoutValues(t *testing.T) {
	folder := t.TempDir()
	old, safe, log := filepath.Join(folder, "old.pcapng"), filepath.Join(folder, "safe.pcapng"), filepath.Join(folder, "safe.jsonl")
	record(t, old,
		packet("", "\x00\x03\x00\x00user\x00postgres\x00\x00"), "<"+packet("R", "\x00\x00\x00\x00")+packet("Z", "I"),
		packet("Q", "select name, current_user from birds where name = 'Canary17'\x00"),
		"<"+packet("T", "\x00\x01name\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00")+
			packet("D", "\x00\x02\x00\x00\x00\x08Canary17\x00\x00\x00\x08postgres")+packet("C", "SELECT 1\x00")+packet("Z", "I"))
	if code := run([]string{"read", "--redact=values", "--record=" + safe, "--log=json=" + log, old}); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, path := range []string{safe, log} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"Canary", "postgres", "ary17"} {
			if bytes.Contains(b, []byte(value)) {
				t.Errorf("%s is in %s", value, filepath.Base(path))
			}
		}
		for _, name := range []string{"SELECT 1", " from birds where name = '", "user"} {
			if !bytes.Contains(b, []byte(name)) {
				t.Errorf("%s is not in %s", name, filepath.Base(path))
			}
		}
	}
}

// The check finds a value that is in a recording.
func TestCheckValues(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.pcapng")
	record(t, old, packet("", "\x00\x03\x00\x00user\x00joe\x00\x00"), "<"+packet("R", "\x00\x00\x00\x00")+packet("Z", "I"),
		packet("Q", "select 'Canary17'\x00"))
	r := &recordOptions{Record: old}
	values := newValues("values", r)
	if err := readAll(context.Background(), []string{old}, nil, values.Learn); err != nil {
		t.Fatal(err)
	}
	err := values.checkRecording(context.Background(), r)
	if err == nil || !strings.Contains(err.Error(), "values of the input are in what was written: sql of Query (1): don't hand it on") {
		t.Errorf("got %v", err)
	}
}

// login begins a session whose server reports standard_conforming_strings, unless standard is "".
func login(standard string) []string {
	said := []string{packet("", "\x00\x03\x00\x00user\x00joe\x00\x00"), "<" + packet("R", "\x00\x00\x00\x00")}
	if standard != "" {
		said = append(said, "<"+packet("S", "standard_conforming_strings\x00"+standard+"\x00"))
	}
	return append(said, "<"+packet("Z", "I"))
}

// runWithStderr runs pgpi, and returns its exit code and what it writes to standard error.
func runWithStderr(t *testing.T, args ...string) (int, string) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = file
	code := run(args)
	os.Stderr = before
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(b)
}

// What is certified, and what is not because it can't be known where a constant ends.
func TestReadSaysWhatItKnows(t *testing.T) {
	certified := []string{
		`^pgpi: no value of the input is in .*: [1-4] values of four bytes or more were looked for in \d+ fields; 0 parts had to be blanked\n` +
			`pgpi: a second check, which has learned the values by itself, has found none: [1-4] values of four bytes or more were looked for in [34] fields, `,
		"The login, the protocol's own numbers and words, and what follows the first 64 bytes of a value were not looked at\n",
	}
	refused := []string{
		"check the recording ", " for values: a second check, which has learned the values by itself: string constants end at one place if " +
			"standard_conforming_strings is on and at another if it is off, and the input does not say which it was: " +
			`sql of Query \(1\), first in connection #1: capture these connections from their login on`, "don't hand it on",
	}
	for i, test := range []struct {
		sql, standard string
		code          int
		want          []string
	}{
		{`insert into t values (E'Alice\n Wonder', N'Canary 4711')`, "on", 0, certified},
		{`insert into t values ('\d+ and more', 'Canary 4711')`, "", 0, certified},
		{`insert into t values (N'C:\', 'Canary 4711')`, "on", 0, certified},
		{`insert into t values (N'C:\', 'Canary 4711')`, "off", 0, certified},
		{`insert into t values (N'C:\', 'Canary 4711')`, "", exitFailure, refused},
		{`insert into t values ('C:\', 'Canary 4711')`, "", exitFailure, refused},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			folder := t.TempDir()
			old, safe, log := filepath.Join(folder, "old.pcapng"), filepath.Join(folder, "safe.pcapng"), filepath.Join(folder, "log")
			record(t, old, append(login(test.standard), packet("Q", test.sql+"\x00"))...)
			code, said := runWithStderr(t, "read", "--redact=values", "--record="+safe, "--log=annotated="+log, old)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			for _, words := range test.want {
				if !regexp.MustCompile(words).MatchString(said) {
					t.Errorf("%s with %q: %q does not say %q", test.sql, test.standard, said, words)
				}
			}
			b, err := os.ReadFile(safe)
			if err != nil || bytes.Contains(b, []byte("Canary")) || strings.Contains(said, "Canary") {
				t.Errorf("a canary is left: %v", err)
			}
		})
	}
}

// TestBrokenRedaction has a redaction that mistakes a literal for something else. It neither
// remembers nor replaces the literal, and its own check does not miss it. The other check does.
func TestBrokenRedaction(t *testing.T) {
	const literal = "'Canary 4711'"
	safe := filepath.Join(t.TempDir(), "safe.pcapng")
	r := &recordOptions{Record: safe}
	values := newValues("values", r)
	recording, err := r.open(true, complain)
	if err != nil {
		t.Fatal(err)
	}
	events := eventsOf(append(login("on"), packet("Q", "insert into t values (1, "+literal+")\x00")))
	for i := range events {
		e := &events[i]
		values.leaks.Watch(e, func(e *event.Event) {
			for i := range e.Messages {
				e.Messages[i].About = nil
			}
			at := bytes.Index(e.Data, []byte(literal))
			if at >= 0 {
				copy(e.Data[at:], strings.Repeat(" ", len(literal)))
			}
			values.Apply(e)
			if at >= 0 {
				copy(e.Data[at:], literal)
			}
		})
	}
	if err := recording.Sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := recording.Sink.Close(); err != nil {
		t.Fatal(err)
	}
	err = values.checkRecording(context.Background(), r)
	want := "check the recording " + safe + " for values: a second check, which has learned the values by itself: values of the input are in what was written: sql of Query (1)"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
