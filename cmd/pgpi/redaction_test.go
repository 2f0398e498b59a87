package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/sink/pcapng"
)

// record writes a recording of what a client and a server send, "<" before what is the
// server's.
func record(t *testing.T, path string, said ...string) {
	t.Helper()
	sink, err := pcapng.New(pcapng.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
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
	events = append(events, event.Event{Conn: 1, Kind: event.Said, Fact: event.Ended{}, At: at})
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// packet is a message of a type with a length.
func packet(code, body string) string {
	return code + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body
}

// A recording can be handed on without the values in it, and the name of the user goes
// where it is a value too.
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
				t.Errorf("%s stands in %s", value, filepath.Base(path))
			}
		}
		for _, name := range []string{"SELECT 1", " from birds where name = '", "user"} {
			if !bytes.Contains(b, []byte(name)) {
				t.Errorf("%s does not stand in %s", name, filepath.Base(path))
			}
		}
	}
}

// The check finds a value that stands in a recording.
func TestCheckValues(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.pcapng")
	record(t, old, packet("", "\x00\x03\x00\x00user\x00joe\x00\x00"), "<"+packet("R", "\x00\x00\x00\x00")+packet("Z", "I"),
		packet("Q", "select 'Canary17'\x00"))
	o := &options{values: newValues("values"), Record: recordOptions{Record: old}}
	if err := readAll(context.Background(), []string{old}, nil, o.values.Learn); err != nil {
		t.Fatal(err)
	}
	err := checkValues(context.Background(), o)
	if err == nil || !strings.Contains(err.Error(), "values of the input stand in what was written: sql of Query (1)") {
		t.Errorf("got %v", err)
	}
}
