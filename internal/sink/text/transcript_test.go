package text

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// transcript collects the events of one connection.
type transcript struct {
	events  []event.Event
	elapsed time.Duration
}

func (s *transcript) add(e event.Event) *event.Event {
	e.Seq = uint64(len(s.events) + 1)
	e.Conn = 1
	e.Elapsed = s.elapsed
	e.At = time.Date(2025, 7, 4, 14, 28, 59, 0, time.FixedZone("", 3600)).Add(s.elapsed)
	s.events = append(s.events, e)
	return &s.events[len(s.events)-1]
}

func (s *transcript) said(status event.Status, args ...string) {
	s.add(event.Event{Kind: event.Said, Status: status, Args: args})
}

// passed is messages in one write, forwarded where the direction is from party to
// party.
func (s *transcript) passed(d event.Direction, messages ...event.Message) *event.Event {
	e := event.Event{Kind: event.Traffic, Direction: d, Messages: messages}
	for _, m := range messages {
		e.Total += m.Size
		e.Data = append(e.Data, m.Bytes...)
	}
	e.Relayed = d == event.ClientToServer || d == event.ServerToClient
	return s.add(e)
}

func (s *transcript) client(messages ...event.Message) { s.passed(event.ClientToServer, messages...) }
func (s *transcript) server(messages ...event.Message) { s.passed(event.ServerToClient, messages...) }

// message makes one from its body, what stands behind the type byte and the length;
// packets without a type byte are given whole.
func message(t wire.Type, body string) event.Message {
	m := wire.Message{Type: t, State: wire.State{Mechanism: wire.SCRAM}, Bytes: []byte(body)}
	if t.Code() != 0 {
		m.Bytes = binary.BigEndian.AppendUint32([]byte{t.Code()}, uint32(4+len(body)))
		m.Bytes = append(m.Bytes, body...)
	}
	m.Size = int64(len(m.Bytes))
	return event.Message{Message: m}
}

// cut is a message of which only the first n bytes were kept.
func cut(m event.Message, n int) event.Message {
	m.Bytes = m.Bytes[:n]
	return m
}

// redacted is a message in which every occurrence of a secret is blanked.
func redacted(m event.Message, secret string) event.Message {
	m.Bytes = bytes.Clone(m.Bytes)
	for {
		at := bytes.Index(m.Bytes, []byte(secret))
		if at < 0 {
			return m
		}
		copy(m.Bytes[at:], strings.Repeat("*", len(secret)))
		m.Redacted = append(m.Redacted, event.Span{Start: at, End: at + len(secret)})
		m.Secret = m.Type.Code() == 'p'
	}
}

// render is what the sink writes of events.
func render(t testing.TB, o Options, events []event.Event) string {
	t.Helper()
	var log strings.Builder
	sink := New(&log, o)
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return log.String()
}

// compare checks a log against a golden file.
func compare(t *testing.T, name, log string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(log, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		switch {
		case i >= len(got):
			t.Fatalf("%s:%d: the log ends before %q", path, i+1, wanted[i])
		case i >= len(wanted) || got[i] != wanted[i]:
			t.Fatalf("%s:%d: other than the golden file (rewrite it with -update):\n%s", path, i+1, got[i])
		}
	}
}
