package session

import (
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// What can't be a message puts the direction out of sync, and only that one.
func TestOutOfSync(t *testing.T) {
	t.Parallel()
	const (
		badLength  = "impossible message length"
		badStartup = "impossible length of a startup packet"
		badType    = "no message begins with this byte"
	)
	tests := []struct {
		name      string
		before    []step
		direction event.Direction
		bytes     string
		loss      Loss
	}{
		{"length 0", loginSteps, toServer, typed('S', "") + "Q\x00\x00\x00\x00", Loss{25, badLength}},
		{"length 3", loginSteps, toServer, "Q\x00\x00\x00\x03rest", Loss{20, badLength}},
		{"length 0x40000000", loginSteps, toServer, "Q\x40\x00\x00\x00", Loss{20, badLength}},
		{"negative length", loginSteps, toClient, ready + "D\xff\xff\xff\xff", Loss{21, badLength}},
		{"NUL for a type", loginSteps, toClient, ready + ready + "\x00", Loss{27, badType}},
		{"zero for a type", loginSteps, toServer, "0\x00\x00\x00\x04", Loss{20, badType}},
		{"unknown with a bad length", loginSteps, toServer, "j\x00\x00\x00\x00", Loss{20, badLength}},
		{"bad length behind unknown messages", loginSteps, toServer, typed('j', "") + typed('k', "") + "l\x00\x00\x00\x00", Loss{30, badLength}},
		{"bad type behind the other party's", loginSteps, toServer, typed('T', "") + typed('Z', "") + "\x00", Loss{30, badType}},
		{"an old error after authentication", loginSteps, toClient, "Eterminating\x00", Loss{15, badLength}},
		{"HTTP", nil, toServer, "GET / HTTP/1.1\r\n\r\n", Loss{0, badStartup}},
		{"a ClientHello", nil, toServer, "\x16\x03\x01\x02\x00\x01", Loss{0, badStartup}},
		{"startup length 4", nil, toServer, "\x00\x00\x00\x04", Loss{0, badStartup}},
		{"startup length 10005", nil, toServer, "\x00\x00\x27\x15", Loss{0, badStartup}},
		{"an HTTP server", nil, toClient, "HTTP/1.1 400 Bad Request\r\n\r\n", Loss{0, badLength}},
		{"an SSH server", nil, toClient, "SSH-2.0-OpenSSH_9.2p1\r\n", Loss{0, badLength}},
		{"TLS alert where a message should be", []step{startupStep}, toClient, "\x15\x03\x01\x00\x02\x02\x46", Loss{0, badType}},
	}
	for _, test := range tests {
		for name, cut := range map[string]func(int) int{"whole": whole, "single bytes": single} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				t.Parallel()
				p := newPump(t)
				for _, s := range test.before {
					p.feed(s.direction, s.bytes, whole)
				}
				p.feed(test.direction, test.bytes+"all the rest", cut)
				if len(p.seen) == 0 {
					t.Fatal("not lost")
				}
				last := p.seen[len(p.seen)-1]
				if last.loss != test.loss {
					t.Errorf("lost at %d (%s), want %d (%s)", last.loss.Offset, last.loss.Why, test.loss.Offset, test.loss.Why)
				}
				if want := p.end(test.direction); want != 0 {
					t.Errorf("what is out of sync ends inside a message of %d bytes", want)
				}
				other := toServer
				if test.direction == toServer {
					other = toClient
				}
				if p.tracker.framer.streams[place(other)].lost {
					t.Error("both directions are lost")
				}
			})
		}
	}
}

// libpq's rule distinguishes an error without a length from one with a length.
func TestOldErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 30000-5)
	tests := []struct {
		name  string
		bytes string
		want  wire.Type
		size  int64 // of the error
	}{
		{"length 7", "E\x00\x00\x00\x07\x00\x00\x00", wire.OldErrorResponse, 2},
		{"length 8", "E\x00\x00\x00\x08\x00\x00\x00\x00", wire.ErrorResponse, 9},
		{"length 30000", typed('E', long+"\x00"), wire.ErrorResponse, 30001},
		{"length 30001", typed('E', long+"xx"), wire.OldErrorResponse, 2},
		{"short string", "Eno\x00E", wire.OldErrorResponse, 4},
		{"long string", "E" + long + "\x00", wire.OldErrorResponse, 29997},
		{"string without an end", "E" + long + long, wire.OldErrorResponse, 30001},
		{"string that ends far away", "E" + long + long + "\x00", wire.OldErrorResponse, 30001},
	}
	for _, test := range tests {
		for name, cut := range map[string]func(int) int{"whole": whole, "sevens": everySoMany(7)} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				t.Parallel()
				p := newPump(t)
				p.feed(toClient, test.bytes, cut)
				if len(p.seen) == 0 {
					t.Fatal("no message")
				}
				if got := p.seen[0]; got.typ != test.want || got.size != test.size {
					t.Errorf("%s of %d bytes, want %s of %d", got.typ, got.size, test.want, test.size)
				}
			})
		}
	}
}

// A message is waited for up to MaxHeld. A larger one passes in pieces, and the last piece has the
// message.
func TestLargeMessages(t *testing.T) {
	t.Parallel()
	const chunk = 1000
	for _, test := range []struct {
		size, kept, wantKept int
		kind                 event.Kind
	}{
		{MaxHeld - 1, 100, MaxHeld - 1, event.Traffic},
		{MaxHeld, 100, MaxHeld, event.Traffic},
		{MaxHeld + 1, 100, 100, event.Fragment},
		{MaxHeld + 1, MaxHeld, MaxHeld, event.Fragment},
		{MaxHeld + 1, DefaultKept, MaxHeld + 1, event.Fragment},
		{3*MaxHeld + 1, 0, wire.HeaderSize + 4, event.Fragment},
		{DefaultKept + 1, DefaultKept, DefaultKept, event.Fragment},
	} {
		p := newPump(t)
		p.tracker.Kept = test.kept
		for _, s := range loginSteps {
			p.feed(s.direction, s.bytes, whole)
		}
		b := typed('d', strings.Repeat("x", test.size-wire.HeaderSize))
		p.feed(toClient, b[:len(b)-1], everySoMany(chunk))
		if held := len(p.pending[place(toClient)]); test.kind == event.Fragment && held > 0 {
			t.Errorf("size %d: %d bytes are held back", test.size, held)
		}
		before := len(p.seen)
		p.feed(toClient, b[len(b)-1:]+ready, whole)
		seen := p.seen[before:]
		if got := types(seen); !slices.Equal(got, []wire.Type{wire.CopyData, wire.ReadyForQuery}) {
			t.Fatalf("size %d: got %v", test.size, got)
		}
		if got := seen[0]; got.size != int64(test.size) || got.bytes != b[:test.wantKept] {
			t.Errorf("size %d: %d of %d bytes are kept, want %d", test.size, len(got.bytes), got.size, test.wantKept)
		}
	}
}

// A large message passes in pieces even where all of it is there already.
func TestLargeMessageBehindSmallOne(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	p.tracker.Kept = 100
	for _, s := range loginSteps {
		p.feed(s.direction, s.bytes, whole)
	}
	before := len(p.seen)
	p.feed(toClient, ready+typed('d', strings.Repeat("x", MaxHeld))+ready, whole)
	seen := p.seen[before:]
	if got := types(seen); !slices.Equal(got, []wire.Type{wire.ReadyForQuery, wire.CopyData, wire.ReadyForQuery}) {
		t.Fatalf("got %v", got)
	}
	if len(seen[1].bytes) != 100 {
		t.Errorf("%d bytes are kept, want 100", len(seen[1].bytes))
	}
}

// Even the largest length that is believed is not waited for, nor allocated.
func TestLargestMessage(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	p.feed(toServer, startup, whole)
	p.feed(toServer, "Q\x3f\xff\xff\xffSELECT 1", whole)
	if n := len(p.pending[place(toServer)]); n != 0 {
		t.Errorf("%d bytes are held back", n)
	}
	if want := p.end(toServer); want != wire.MaxLength+1 {
		t.Errorf("the message should have %d bytes, want %d", want, wire.MaxLength+1)
	}
	last := p.seen[len(p.seen)-1]
	if last.typ != wire.Query || last.size != 13 {
		t.Errorf("got %s of %d bytes", last.typ, last.size)
	}
}

// A stream may end anywhere.
func TestEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		before    []step
		direction event.Direction
		bytes     string
		want      int64 // size that the last message should have
		seen      []wire.Type
	}{
		{"nothing", nil, toServer, "", 0, nil},
		{"at a boundary", loginSteps, toClient, ready, 0, []wire.Type{wire.ReadyForQuery}},
		{"in a length", loginSteps, toServer, "Q\x00\x00\x00", 0, []wire.Type{wire.Query}},
		{"behind a header", loginSteps, toServer, "Q\x00\x00\x00\x0a", 11, []wire.Type{wire.Query}},
		{"in a body", loginSteps, toServer, typed('S', "") + "Q\x00\x00\x00\x0aSEL", 11, []wire.Type{wire.Sync, wire.Query}},
		{"in an unknown message", loginSteps, toServer, "j\x00\x00\x00\x0a", 11, []wire.Type{wire.UnknownMessage}},
		{"in a startup length", nil, toServer, "\x00\x00", 0, []wire.Type{wire.StartupMessage}},
		{"in a startup packet", nil, toServer, startup[:12], int64(len(startup)), []wire.Type{wire.StartupMessage}},
		{"in a CancelRequest", nil, toServer, packet(wire.CancelRequestCode, "\x00\x00\x00\x01abcd")[:14], 16, []wire.Type{wire.CancelRequest}},
		{"in an old error", nil, toClient, "Eno serv", 0, []wire.Type{wire.OldErrorResponse}},
		{"in an Authentication", []step{startupStep}, toClient, ok[:8], 9, []wire.Type{wire.Authentication}},
		{"in a large message", loginSteps, toClient, typed('d', strings.Repeat("x", 2*MaxHeld))[:MaxHeld+7], 2*MaxHeld + 5, []wire.Type{wire.CopyData}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPump(t)
			for _, s := range test.before {
				p.feed(s.direction, s.bytes, whole)
			}
			before := len(p.seen)
			p.feed(test.direction, test.bytes, everySoMany(1000))
			if want := p.end(test.direction); want != test.want {
				t.Errorf("the last message should have %d bytes, want %d", want, test.want)
			}
			if got := types(p.seen[before:]); !slices.Equal(got, test.seen) {
				t.Errorf("got %v, want %v", got, test.seen)
			}
			var all strings.Builder
			for _, s := range p.seen[before:] {
				all.WriteString(s.bytes)
			}
			if all.String() != test.bytes {
				t.Errorf("%d of %d bytes are in messages", all.Len(), len(test.bytes))
			}
			if want := p.end(test.direction); want != 0 || len(p.seen)-before != len(test.seen) {
				t.Error("the end has a message again")
			}
		})
	}
}

// Half a message changes nothing: it was never said.
func TestHalfMessageIsNotRemembered(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	for _, s := range afterStartup(step{direction: toClient, bytes: ok + ready[:3]}) {
		p.feed(s.direction, s.bytes, whole)
	}
	p.end(toClient)
	if p.tracker.framer.client.ready {
		t.Error("half a ReadyForQuery makes the connection ready")
	}
}
