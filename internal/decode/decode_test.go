package decode

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// line is a stage with what has come out of it, one event per line.
type line struct {
	*Stage
	out  []string
	last event.Event
}

func newLine() *line { return &line{Stage: New(nil)} }

func (l *line) take(e event.Event) {
	if e.Conn == 0 {
		e.Conn = 1
	}
	l.Take(&e, func(e *event.Event) {
		l.last = *e
		l.last.Messages = slices.Clone(e.Messages)
		l.out = append(l.out, describe(e))
	})
}

// describe returns the names of an event's messages, or its sentence.
func describe(e *event.Event) string {
	switch e.Kind {
	case event.Said:
		return event.Sentence(e.Fact)
	case event.End:
		return "end of " + e.Direction.String()
	case event.Undecoded:
		return fmt.Sprintf("%d undecoded", len(e.Data))
	}
	var names []string
	for _, m := range e.Messages {
		names = append(names, m.Type.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("%d of a fragment", len(e.Data))
	}
	return strings.Join(names, " ")
}

func (l *line) bytes(d event.Direction, data ...string) {
	l.take(event.Event{Kind: event.Bytes, Direction: d, Data: []byte(strings.Join(data, "")), Relayed: d <= event.ServerToClient})
}

func (l *line) say(f event.Fact) { l.take(event.Event{Kind: event.Said, Fact: f}) }

// want compares what has come out since the last time.
func (l *line) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(l.out, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(l.out, "\n  "), strings.Join(want, "\n  "))
	}
	l.out = nil
}

func message(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}

func startup(parameters string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(parameters)+9))) + "\x00\x03\x00\x00" + parameters + "\x00"
}

// logIn begins a connection.
func (l *line) logIn(t *testing.T) {
	t.Helper()
	l.bytes(event.ClientToServer, startup("user\x00joe\x00"))
	l.bytes(event.ServerToClient, message('R', "\x00\x00\x00\x00"), message('Z', "I"))
	l.want(t, "StartupMessage", "AuthenticationOk ReadyForQuery")
}

// Bytes of several frames become as many events, and the end sums up what was not understood.
func TestFrames(t *testing.T) {
	l := newLine()
	l.logIn(t)
	big := message('Q', strings.Repeat("x", 70_000))
	l.bytes(event.ClientToServer, message('Q', "select 1\x00"), message('Q', "select 2\x00"))
	l.bytes(event.ClientToServer, big[:65_000])
	l.bytes(event.ClientToServer, big[65_000:], message('S', ""))
	l.want(t, "Query Query", "65000 of a fragment", "Query", "Sync")
	l.bytes(event.ClientToServer, "\xff\xff")
	l.bytes(event.ClientToServer, "more")
	l.take(event.Event{Kind: event.End, Direction: event.ClientToServer, Data: []byte("rest")})
	l.want(t, "2 undecoded", "client -> server out of sync at byte 70056: no message begins with this byte; relaying the rest undecoded",
		"4 undecoded", "4 undecoded", "client -> server: 10 bytes relayed undecoded", "end of client -> server")
	l.take(event.Event{Kind: event.End, Direction: event.ServerToClient, Data: []byte("Z\x00")})
	l.want(t, "ReadyForQuery", "server -> client: the last message was cut off after 2 of an unknown number of bytes", "end of server -> client")
}

// A recording also has the facts that follow from bytes. They say where they are to be reported,
// and are derived again.
func TestDerivedAgain(t *testing.T) {
	l := newLine()
	l.logIn(t)
	l.bytes(event.ClientToServer, "Q\x00\x00\x00\x0asel")
	l.say(event.CutOff{Direction: event.ClientToServer, Bytes: 77, Size: 78})
	l.say(event.Undecodable{Direction: event.ClientToServer, Bytes: 79})
	l.bytes(event.ServerToClient, "\xff")
	l.say(event.OutOfSync{Direction: event.ServerToClient, Offset: 80, Why: "an older version thought so"})
	l.say(event.Undecodable{Direction: event.ServerToClient, Bytes: 81})
	l.want(t, "Query", "client -> server: the last message was cut off after 8 of 11 bytes",
		"1 undecoded", "server -> client out of sync at byte 15: no message begins with this byte; relaying the rest undecoded",
		"server -> client: 1 bytes relayed undecoded")
	for _, d := range []event.Direction{event.ClientToServer, event.ServerToClient} {
		l.take(event.Event{Kind: event.End, Direction: d})
	}
	l.want(t, "end of client -> server", "end of server -> client")
}

// What redaction has overwritten puts nothing out of sync, or back in sync: the recording says so.
func TestRedactedAgain(t *testing.T) {
	l := newLine()
	l.logIn(t)
	l.take(event.Event{Kind: event.Undecoded, Opaque: true, Redacted: true, Relayed: true, Direction: event.ServerToClient, Data: []byte("****")})
	l.take(event.Event{Kind: event.Said, Redacted: true, Fact: event.OutOfSync{Direction: event.ServerToClient, Offset: 80, Why: "so it was"}})
	l.take(event.Event{Kind: event.Bytes, Redacted: true, Relayed: true, Direction: event.ClientToServer, Data: []byte(message('S', ""))})
	l.want(t, "4 undecoded", "server -> client out of sync at byte 80: so it was; relaying the rest undecoded", "Sync")
}

// The SQL that a cancel request ends is that of the other connection at that time.
func TestCancel(t *testing.T) {
	l := newLine()
	l.logIn(t)
	l.bytes(event.ClientToServer, message('Q', "select pg_sleep(7)\x00"))
	l.out = nil
	for _, f := range []event.Fact{event.CancelForwarded{Connection: 1}, event.CancelFor{Connection: 1}, event.CancelForwarded{Connection: 8}, event.CancelForwarded{Connection: 1, SQL: "[redacted]"}} {
		l.take(event.Event{Conn: 2, Kind: event.Said, Fact: f})
	}
	l.want(t, "forwarding cancel request for connection #1 to server, which runs: select pg_sleep(7)",
		"cancel request for connection #1, whose server runs: select pg_sleep(7)",
		"forwarding cancel request for connection #8 to server, which runs: nothing that is known",
		"forwarding cancel request for connection #1 to server, which runs: [redacted]")
	if i := l.last.Identity; i == nil || i.Cancels == nil || i.Cancels.User != "joe" {
		t.Errorf("who cancels is %+v", i)
	}
}

// Who is connected is part of the events, as it was at that time.
func TestIdentity(t *testing.T) {
	l := newLine()
	l.say(event.Opened{Client: "[::ffff:10.0.0.1]:50000"})
	opened := l.last.Identity
	l.bytes(event.ClientToServer, startup("user\x00joe\x00application_name\x00psql\x00"))
	started := l.last.Identity
	l.bytes(event.ServerToClient, message('R', "\x00\x00\x00\x00"), message('S', "application_name\x00psql\x00"))
	if l.last.Identity != started {
		t.Error("what is told again makes another snapshot")
	}
	l.bytes(event.ServerToClient, message('S', "application_name\x00cron\x00"))
	for _, test := range []struct {
		got  *event.Identity
		want event.Identity
	}{
		{opened, event.Identity{Address: "10.0.0.1"}},
		{started, event.Identity{Known: true, User: "joe", Database: "joe", Application: "psql", Startup: "psql", Address: "10.0.0.1", LoggingIn: true}},
		{l.last.Identity, event.Identity{Known: true, User: "joe", Database: "joe", Application: "cron", Startup: "psql", Address: "10.0.0.1", LoggingIn: true}},
	} {
		if test.got == nil || *test.got != test.want {
			t.Errorf("%+v, want %+v", test.got, test.want)
		}
	}
}

// A blind connection is passed on as it is. Its end leaves nothing behind.
func TestBlind(t *testing.T) {
	l := newLine()
	l.logIn(t)
	l.Blind(1)
	l.bytes(event.ClientToServer, message('Q', "select 1\x00"))
	l.take(event.Event{Kind: event.End, Direction: event.ClientToServer, Data: []byte("rest")})
	l.say(event.Ended{})
	l.want(t, "14 undecoded", "4 undecoded", "client -> server: 18 bytes relayed undecoded", "end of client -> server", "connection end")
	if len(l.connections) > 0 {
		t.Errorf("%d connections are remembered", len(l.connections))
	}
}

// What a rotated recording repeats is learned, and passed on for another recording. Nothing is
// known about a message that began in a file that was not read.
func TestRepeated(t *testing.T) {
	l := newLine()
	for _, e := range []event.Event{
		{Direction: event.ClientToServer, Data: []byte(startup("user\x00joe\x00"))},
		{Direction: event.ServerToClient, Data: []byte(message('R', "\x00\x00\x00\x00") + message('Z', "I"))},
		{Direction: event.ClientToServer, Data: []byte(message('P', "s\x00select 1\x00\x00\x00"))},
	} {
		e.Kind, e.Repeated = event.Bytes, true
		l.take(e)
		if !l.last.Repeated {
			t.Errorf("%+v is told again", l.last)
		}
	}
	l.want(t, "StartupMessage", "AuthenticationOk ReadyForQuery", "Parse")
	l.take(event.Event{Kind: event.Bytes, Inside: true, Relayed: true, Direction: event.ServerToClient, Data: []byte("rest of a row")})
	l.bytes(event.ClientToServer, message('B', "\x00s\x00\x00\x00\x00\x00\x00\x00"))
	l.want(t, "13 undecoded", "Bind")
	if c := l.last.Messages[0].Context; c == nil || c.SQL != "select 1" {
		t.Errorf("the Bind's context is %+v", c)
	}
	l.take(event.Event{Kind: event.End, Direction: event.ServerToClient})
	l.want(t, "end of server -> client")
}

// An end that comes after the end of its connection makes no state.
func TestEndBehindEnd(t *testing.T) {
	l := newLine()
	l.logIn(t)
	l.take(event.Event{Kind: event.Said, Fact: event.Ended{}})
	l.take(event.Event{Kind: event.End, Direction: event.ServerToClient})
	if n := len(l.connections); n > 0 {
		t.Errorf("%d connections are remembered", n)
	}
}

// Nothing that is passed on is held: bytes belong to whoever recorded them.
func TestHoldsNothing(t *testing.T) {
	l := newLine()
	l.logIn(t)
	l.bytes(event.ClientToServer, message('Q', "select 1\x00"), message('Q', "select 2\x00"))
	for _, m := range l.messages[:cap(l.messages)] {
		if m.Bytes != nil {
			t.Errorf("%s is held", m.Type)
		}
	}
}

// TestLoggingIn knows that a client logs in as long as nothing is missing that could end the login.
func TestLoggingIn(t *testing.T) {
	const startup, ready = "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00", "Z\x00\x00\x00\x05I"
	for name, test := range map[string]struct {
		play func(*line)
		want bool
	}{
		"while it does":            {func(l *line) { l.bytes(event.ClientToServer, startup) }, true},
		"when the server is ready": {func(l *line) { l.bytes(event.ClientToServer, startup); l.bytes(event.ServerToClient, ready) }, false},
		"where bytes are missing": {func(l *line) {
			l.bytes(event.ClientToServer, startup)
			l.say(event.Missing{Direction: event.ServerToClient, Bytes: 100})
		}, false},
		"where the beginning is not in view": {func(l *line) { l.say(event.Joined{}); l.bytes(event.ClientToServer, "S\x00\x00\x00\x04") }, false},
	} {
		l := newLine()
		l.say(event.Opened{Client: "127.0.0.1:1"})
		test.play(l)
		l.bytes(event.ServerToClient, "E\x00\x00\x00\x0cSFATAL\x00\x00")
		if got := l.last.Identity.LoggingIn; got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
