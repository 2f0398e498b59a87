package session

import (
	"bytes"
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

// TestGapAfterLoss is in sync again after a gap.
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

// TestCut continues the dialogue after a message of which only the beginning was seen.
func TestCut(t *testing.T) {
	tracker := New(nil)
	last(t, tracker, event.ClientToServer, []byte("\x00\x00\x00\x09\x00\x03\x00\x00\x00"))
	last(t, tracker, event.ServerToClient, gapMessage('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"))
	cut := func(d event.Direction, b []byte, kept int) event.Message {
		t.Helper()
		p, want := tracker.Cut(d, b[:kept])
		if p.Kind != event.Traffic || len(p.Messages) != 1 || p.Size != kept || want != int64(len(b)) || p.Messages[0].Size != want {
			t.Fatalf("%q: %+v, %d", b[:kept], p, want)
		}
		return p.Messages[0]
	}
	if m := cut(event.ClientToServer, gapMessage('p', "SCRAM-SHA-256\x00\x00\x00\x00\x08n,,n=,r="), 12); m.Type != wire.SASLInitialResponse {
		t.Errorf("%v", m.Type)
	}
	if m := cut(event.ServerToClient, gapMessage('R', "\x00\x00\x00\x0br=abc"), 9); m.Type != wire.AuthenticationSASLContinue {
		t.Errorf("%v", m.Type)
	}
	if m := cut(event.ClientToServer, gapMessage('p', "c=biws,r=abc,p=abc"), 7); m.Type != wire.SASLResponse {
		t.Errorf("%v", m.Type)
	}
	if m := cut(event.ServerToClient, gapMessage('R', "\x00\x00\x00\x00"), 7); m.Type != wire.Authentication {
		t.Errorf("%v", m.Type)
	}
	if m := last(t, tracker, event.ClientToServer, gapMessage('p', "what?\x00")); m.Type != wire.PasswordOrToken {
		t.Errorf("what was asked is not known: %v", m.Type)
	}
	if p, want := tracker.Cut(event.ServerToClient, []byte("R\x00\x00")); p.Kind != event.Undecoded || want != 0 {
		t.Errorf("%+v, %d", p, want)
	}
}

// TestGapInLogin no longer knows what was asked for, and finds a StartupMessage that comes after a
// gap.
func TestGapInLogin(t *testing.T) {
	tracker := New(nil)
	startup := []byte("\x00\x00\x00\x09\x00\x03\x00\x00\x00")
	tracker.Gap(event.ClientToServer, 8)
	if m := last(t, tracker, event.ClientToServer, startup); m.Type != wire.StartupMessage {
		t.Errorf("%v", m.Type)
	}
	last(t, tracker, event.ServerToClient, gapMessage('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"))
	tracker.Gap(event.ServerToClient, 100)
	if m := last(t, tracker, event.ClientToServer, gapMessage('p', "c=biws")); m.Type != wire.PasswordOrToken {
		t.Errorf("%v", m.Type)
	}
	last(t, tracker, event.ServerToClient, gapMessage('Z', "I"))
	if m := last(t, tracker, event.ClientToServer, gapMessage('Q', "select 1\x00")); m.Type != wire.Query {
		t.Errorf("%v", m.Type)
	}
}

// TestCutSettings forgets a setting whose value was not seen to its end.
func TestCutSettings(t *testing.T) {
	status := gapMessage('S', "TimeZone\x00UTC\x00")
	for kept, want := range map[int]string{len(status) - 1: "", len(status) - 4: "", 7: "", 9: ""} {
		tracker := New(nil)
		tracker.Join()
		if m := last(t, tracker, event.ServerToClient, status); m.Settings.TimeZone != "UTC" {
			t.Fatalf("%+v", m.Settings)
		}
		last(t, tracker, event.ServerToClient, gapMessage('S', "DateStyle\x00ISO\x00"))
		p, _ := tracker.Cut(event.ServerToClient, status[:kept])
		if s := p.Messages[0].Settings; s.TimeZone != want || s.DateStyle != "ISO" {
			t.Errorf("%q: %+v", status[:kept], s)
		}
	}
}

// TestCutRows counts rows of COPY as part of their exchange. It names none after a message whose
// rest was not seen, or was blanked, because it is not known where in a row that ends.
func TestCutRows(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, tracker *Tracker, large []byte){
		"cut": func(t *testing.T, tracker *Tracker, large []byte) {
			tracker.Scan(event.ClientToServer, large[:1000])
			if _, want := tracker.Cut(event.ClientToServer, nil); want != int64(len(large)) {
				t.Errorf("%d of %d bytes", want, len(large))
			}
			tracker.Skip(event.ClientToServer, int64(len(large)-1000))
		},
		"blanked": func(_ *testing.T, tracker *Tracker, large []byte) {
			tracker.Blanked = true
			tracker.Scan(event.ClientToServer, large)
		},
	} {
		tracker := New(nil)
		tracker.Join()
		last(t, tracker, event.ServerToClient, gapMessage('Z', "I"))
		query := last(t, tracker, event.ClientToServer, gapMessage('Q', "copy t from stdin\x00"))
		last(t, tracker, event.ServerToClient, gapMessage('G', "\x00\x00\x01\x00\x00"))
		row := gapMessage('d', "1\n")
		if m := last(t, tracker, event.ClientToServer, row); m.Type != wire.CopyText || m.Exchange == 0 || m.Exchange != query.Exchange {
			t.Errorf("%s: %+v of an exchange that is not %d", name, m, query.Exchange)
		}
		spoil(t, tracker, append([]byte("d\x00\x01\x11\x74"), bytes.Repeat([]byte("x"), 70000)...))
		if m := last(t, tracker, event.ClientToServer, row); m.Type != wire.CopyData {
			t.Errorf("%s: then comes %v", name, m.Type)
		}
	}
}
