package session

import (
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// gapMessage is a message with a type byte.
func gapMessage(code byte, body string) []byte {
	return append([]byte{code, 0, 0, 0, byte(4 + len(body))}, body...)
}

// last scans bytes that are whole messages, and returns the last of them.
func last(t *testing.T, tracker *Tracker, d event.Direction, b []byte) event.Message {
	t.Helper()
	p := tracker.Scan(d, b)
	if p.Kind != event.Traffic || p.Size != len(b) {
		t.Fatalf("%q: %+v", b, p)
	}
	return p.Messages[len(p.Messages)-1]
}

// TestJoin understands messages without having seen the beginning of a connection.
func TestJoin(t *testing.T) {
	tracker := New(nil)
	tracker.Join()
	if m := last(t, tracker, event.ServerToClient, gapMessage('D', "\x00\x00")); m.Type != wire.DataRow || m.Context != nil {
		t.Errorf("%+v", m)
	}
	if m := last(t, tracker, event.ClientToServer, gapMessage('B', "\x00s\x00\x00\x00\x00\x00\x00\x00")); m.Type != wire.Bind || m.Context != nil {
		t.Errorf("%+v", m)
	}
}

// TestGap forgets what a gap may have changed, and learns again.
func TestGap(t *testing.T) {
	const row = "\x00\x01c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00"
	tracker := New(nil)
	tracker.Join()
	last(t, tracker, event.ServerToClient, gapMessage('Z', "I"))
	last(t, tracker, event.ClientToServer, gapMessage('P', "s\x00select 1\x00\x00\x00"))
	bind := gapMessage('B', "\x00s\x00\x00\x00\x00\x00\x00\x00")
	if m := last(t, tracker, event.ClientToServer, bind); m.Context == nil || m.Context.SQL != "select 1" {
		t.Fatalf("%+v", m)
	}
	tracker.Gap(event.ClientToServer, 100)
	if m := last(t, tracker, event.ClientToServer, bind); m.Context != nil {
		t.Errorf("the statement may be another one: %+v", m.Context)
	}

	// The first Query's result can't be told from that of a request in the gap.
	last(t, tracker, event.ClientToServer, gapMessage('Q', "select 2\x00"))
	last(t, tracker, event.ServerToClient, gapMessage('T', row))
	if m := last(t, tracker, event.ServerToClient, gapMessage('D', "\x00\x00")); m.Context == nil || m.Context.SQL != "" || len(m.Context.Columns) != 1 {
		t.Errorf("%+v", m.Context)
	}
	last(t, tracker, event.ServerToClient, gapMessage('Z', "I"))
	last(t, tracker, event.ClientToServer, gapMessage('Q', "select 3\x00"))
	last(t, tracker, event.ServerToClient, gapMessage('T', row))
	if m := last(t, tracker, event.ServerToClient, gapMessage('D', "\x00\x00")); m.Context == nil || m.Context.SQL != "select 3" {
		t.Errorf("%+v", m.Context)
	}
}

// TestGapAfterLoss is in sync again behind a gap.
func TestGapAfterLoss(t *testing.T) {
	tracker := New(nil)
	tracker.Join()
	if p := tracker.Scan(event.ServerToClient, []byte("\x00nonsense")); p.Lost == nil {
		t.Fatalf("%+v", p)
	}
	tracker.Gap(event.ServerToClient, 7)
	if m := last(t, tracker, event.ServerToClient, gapMessage('Z', "I")); m.Type != wire.ReadyForQuery {
		t.Errorf("%+v", m)
	}
}
