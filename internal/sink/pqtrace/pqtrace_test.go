package pqtrace_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sink/pqtrace"
	"pgpi/internal/wire"
)

// message returns a message with what follows the type byte and the length word. Packets without a
// type byte are passed whole.
func message(t wire.Type, body string) event.Message {
	b := []byte(body)
	if t.Code() != 0 {
		b = []byte(typed(t.Code(), body))
	}
	return event.Message{Message: wire.Message{Type: t, Bytes: b, Size: int64(len(b))}}
}

// packet returns a message without a type byte and with a length word.
func packet(t wire.Type, code uint32, body string) event.Message {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))
	return message(t, string(binary.BigEndian.AppendUint32(b, code))+body)
}

// kept returns a message of which only the first n bytes were kept.
func kept(n int, m event.Message) event.Message {
	m.Bytes = m.Bytes[:n]
	return m
}

// cutOff returns a message of which only the first n bytes came.
func cutOff(n int, m event.Message) event.Message {
	m = kept(n, m)
	m.Size = int64(n)
	return m
}

// redacted returns a message with a blanked secret in it.
func redacted(secret string, m event.Message) event.Message {
	at := bytes.Index(m.Bytes, []byte(secret))
	copy(m.Bytes[at:], strings.Repeat("*", len(secret)))
	m.Redacted = []event.Span{{Start: at, End: at + len(secret)}}
	return m
}

// traffic returns messages in one write, at a time that is the same in all tests.
func traffic(d event.Direction, messages ...event.Message) event.Event {
	at := time.Date(2025, 7, 4, 14, 28, 59, 7000, time.FixedZone("", 3600))
	return event.Event{Conn: 12, At: at, Kind: event.Traffic, Direction: d, Messages: messages}
}

// render returns what the sink writes for events.
func render(t testing.TB, o pqtrace.Options, events ...event.Event) string {
	t.Helper()
	var log strings.Builder
	sink := pqtrace.New(&log, o)
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return log.String()
}

// What the tests with libpq can't show: that libpq is built without GSSAPI, does not redact, and
// waits for whole messages.
func TestLines(t *testing.T) {
	const client, server = event.ClientToServer, event.ServerToClient
	const code = "\x00\x00\x00\x08"
	tests := []struct {
		name          string
		from          event.Direction
		message       event.Message
		want, regress string // if regress is empty, it is the same
	}{
		{"GSSENCRequest", event.ClientToScript, packet(wire.GSSENCRequest, wire.GSSENCRequestCode, ""), "F\t8\tGSSENCRequest\t 1234 5680\n", ""},
		{"GSSENCResponse", event.ScriptToClient, message(wire.GSSENCResponse, "N"), "B\t1\tGSSENCResponse\t N\n", ""},
		{"odd reply", event.ScriptToClient, message(wire.SSLResponse, "\x00"), "B\t1\tSSLResponse\t \\x00\n", ""},
		{"GSS", server, message(wire.AuthenticationGSS, "\x00\x00\x00\x07"), "B\t8\tAuthenticationGSS\n", ""},
		{"SSPI", server, message(wire.AuthenticationSSPI, "\x00\x00\x00\x09"), "B\t8\tAuthenticationSSPI\n", ""},
		{
			"GSSContinue", server, message(wire.AuthenticationGSSContinue, code+"to\xffken"),
			"B\t14\tAuthenticationGSSContinue\t 'to\\xffken'\n", "B\t14\tAuthenticationGSSContinue\t 'BBBB'\n",
		},
		{"GSSResponse", client, message(wire.GSSResponse, "token\x00"), "F\t10\tGSSResponse\t 'token\\x00'\n", "F\t10\tGSSResponse\t 'BBBB'\n"},
		{
			"unknown authentication", server, message(wire.Authentication, "\xff\xff\xff\xffmore"),
			"B\t12\tUnknown authentication message -1\nmismatched message length: consumed 8, expected 12\n", "",
		},
		{
			"answer to nothing", client, message(wire.PasswordOrToken, "secret\x00"),
			"F\t11\tUnknownAuthenticationResponse\nmismatched message length: consumed 4, expected 11\n", "",
		},
		{
			"short CancelRequest", event.ClientToScript, packet(wire.CancelRequest, wire.CancelRequestCode, "\x00"),
			"F\t9\tStartupMessage\t 1234 5678\n", "",
		},
		{"short packet", event.ClientToScript, message(wire.StartupMessage, "\x00\x00\x00\x07abc"), "F\t7\tUnknown message\n", ""},
		{"client's H", client, message(wire.Flush, ""), "F\t4\tFlush\n", ""},

		{"kept in part", client, kept(8, message(wire.Query, "select 1\x00")), "F\t13\tQuery\t \"sel\" [omitted: 6 bytes]\n", ""},
		{
			"kept in part, suppressed", server, kept(8, message(wire.CopyData, "abcdef")),
			"B\t10\tCopyData\t 'abc' [omitted: 3 bytes]\n", "B\t10\tCopyData\t 'BBBB' [omitted: 3 bytes]\n",
		},
		{"kept up to a value", server, kept(11, message(wire.DataRow, "\x00\x01\x00\x00\x00\x021\n")), "B\t12\tDataRow\t 1 2 [omitted: 2 bytes]\n", ""},
		{"kept up to a number", server, kept(8, message(wire.DataRow, "\x00\x01\x00\x00\x00\x021\n")), "B\t12\tDataRow\t 1 '\\x00' [omitted: 5 bytes]\n", ""},
		{"kept without a list's end", server, kept(10, message(wire.ErrorResponse, "SFATAL\x00Mno\x00\x00")), "B\t16\tErrorResponse\t S \"FATA\" [omitted: 7 bytes]\n", "B\tNN\tErrorResponse\t S \"FATA\" [omitted: 7 bytes]\n"},
		{"cut off", client, cutOff(8, message(wire.Query, "select 1\x00")), "F\t13\tQuery\t \"sel\" [cut off]\n", ""},
		{"cut off in the header", client, cutOff(3, message(wire.Query, "select 1\x00")), "F\t3\t 'Q\\x00\\x00' [cut off]\n", ""},
		{"startup cut off", client, cutOff(10, packet(wire.StartupMessage, 3<<16, "user\x00me\x00\x00")), "F\t17\tStartupMessage\t 3 0 \"us\" [cut off]\n", ""},
		{"startup cut off early", client, cutOff(6, packet(wire.StartupMessage, 3<<16, "user\x00me\x00\x00")), "F\t17\t '\\x00\\x00\\x00\\x11\\x00\\x03' [cut off]\n", ""},
		{"no NUL", client, message(wire.Query, "select"), "F\t10\tQuery\t \"select\" [malformed]\n", ""},
		{"no end of a list", client, packet(wire.StartupMessage, 3<<16, "user\x00me\x00"), "F\t16\tStartupMessage\t 3 0 \"user\" \"me\" [malformed]\n", ""},
		{"negative length", server, message(wire.DataRow, "\x00\x01\xff\xff\xff\xfemore"), "B\t14\tDataRow\t 1 -2 'more' [malformed]\n", ""},
		{"too many", server, message(wire.ParameterDescription, "\xff\xff\x00\x00\x00\x01"), "B\t10\tParameterDescription\t 65535 1 [malformed]\n", "B\t10\tParameterDescription\t 65535 NNNN [malformed]\n"},

		{"password", client, redacted("secret", message(wire.PasswordMessage, "secret\x00")), "F\t11\tPasswordMessage\t \"[redacted]\"\n", ""},
		{"password with its NUL", client, redacted("secret\x00", message(wire.PasswordMessage, "secret\x00")), "F\t11\tPasswordMessage\t \"[redacted]\"\n", ""},
		{"key", server, redacted("abcd", message(wire.BackendKeyData, "\x00\x00\x00\x01abcd")), "B\t12\tBackendKeyData\t 1 '[redacted]'\n", "B\t12\tBackendKeyData\t NNNN 'BBBB'\n"},
		{"SQL", client, redacted("secret", message(wire.Query, "alter role a password 'secret';\x00")), "F\t36\tQuery\t \"alter role a password '[redacted]';\"\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := render(t, pqtrace.Options{NoTimes: true}, traffic(test.from, test.message)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if test.regress == "" {
				test.regress = test.want
			}
			if got := render(t, pqtrace.Options{NoTimes: true, Regress: true}, traffic(test.from, test.message)); got != test.regress {
				t.Errorf("in regress mode\ngot  %q\nwant %q", got, test.regress)
			}
		})
	}
}

// The sink writes what the client sent and received, and nothing else.
func TestDirections(t *testing.T) {
	want := map[event.Direction]string{
		event.ClientToServer: "F\t4\tSync\n", event.ClientToScript: "F\t4\tSync\n", event.ScriptToServer: "", event.ServerToScript: "",
		event.ServerToClient: "B\t4\tNoData\n", event.ScriptToClient: "B\t4\tNoData\n",
	}
	for d, want := range want {
		m := message(wire.Sync, "")
		if d.Sender() == wire.Server {
			m = message(wire.NoData, "")
		}
		if got := render(t, pqtrace.Options{NoTimes: true}, traffic(d, m)); got != want {
			t.Errorf("%s: %q instead of %q", d, got, want)
		}
	}
	if got := render(t, pqtrace.Options{}, event.Event{Kind: event.Said, Fact: event.Ended{}}); got != "" {
		t.Errorf("a sentence of pgpi is traced: %q", got)
	}
}

func TestTimesAndTags(t *testing.T) {
	events := []event.Event{
		traffic(event.ClientToServer, message(wire.Query, "select\n1\x00"), message(wire.Sync, "")),
		traffic(event.ServerToClient, message(wire.AuthenticationOk, "\x00\x00\x00\x00"), message(wire.NoData, "!")),
	}
	undecoded := traffic(event.ServerToClient)
	undecoded.Kind, undecoded.Data = event.Undecoded, []byte("what\x00?")
	events = append(events, undecoded)
	const want = `#12	2025-07-04 14:28:59.000007	F	13	Query	 "select
#12	1"
#12	2025-07-04 14:28:59.000007	F	4	Sync
#12	2025-07-04 14:28:59.000007	B	5	NoData
#12	mismatched message length: consumed 4, expected 5
#12	2025-07-04 14:28:59.000007	B	6	Undecoded	 'what\x00?'
`
	for o, want := range map[pqtrace.Options]string{
		{Tags: true}:                want,
		{}:                          strings.ReplaceAll(want, "#12\t", ""),
		{Tags: true, NoTimes: true}: strings.ReplaceAll(want, "2025-07-04 14:28:59.000007\t", ""),
	} {
		if got := render(t, o, events...); got != want {
			t.Errorf("%+v\ngot\n%s\nwant\n%s", o, got, want)
		}
	}
}

// writes records each write, and fails.
type writes struct {
	all []string
	err error
}

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), w.err
}

func TestWrites(t *testing.T) {
	w := new(writes)
	sink := pqtrace.New(w, pqtrace.Options{})
	large := traffic(event.ServerToClient, message(wire.CopyData, strings.Repeat("x", 60000)))
	for _, batch := range [][]event.Event{{large, large, large}, nil} {
		if err := sink.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.all) != 2 || strings.Join(w.all, "") != render(t, pqtrace.Options{}, large, large, large) {
		t.Errorf("three events took %d writes", len(w.all))
	}
	w.err = errors.New("disk full")
	if err := sink.Write([]event.Event{large}); !errors.Is(err, w.err) || !strings.HasPrefix(err.Error(), "write trace: ") {
		t.Errorf("the error is %v", err)
	}
	if w.err = nil; sink.Close() != nil {
		t.Error("a sink can't be closed after an error")
	}
}

// Valid messages of all types, whoever sends them, have one line and no mark.
func TestAllTypes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, kind := range wire.Types() {
		for range 20 {
			m := wire.Random(r, kind, wire.State{})
			if kind == wire.CancelRequest && m.Size < 16 {
				continue // PQtrace reads none with less than four bytes of key
			}
			from := event.ClientToServer
			if kind.From() == wire.Server {
				from = event.ServerToClient
			}
			log := render(t, pqtrace.Options{NoTimes: true, Regress: true}, traffic(from, event.Message{Message: m}))
			if kind != wire.AuthenticationOk && (log == "" || strings.HasSuffix(log, "[malformed]\n") || strings.HasSuffix(log, "[cut off]\n")) {
				t.Fatalf("%s %q is traced as %q", kind, m.Bytes, log)
			}
		}
	}
}

func FuzzMessage(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, kind := range wire.Types() {
		f.Add(uint8(kind), uint8(kind.From()), wire.Random(r, kind, wire.State{}).Bytes, uint16(0), uint16(6), uint16(3))
	}
	f.Fuzz(func(t *testing.T, kind, direction uint8, b []byte, omitted, start, length uint16) {
		types := wire.Types()
		m := event.Message{Message: wire.Message{Type: types[int(kind)%len(types)], Bytes: b, Size: int64(len(b)) + int64(omitted)}}
		log := render(t, pqtrace.Options{NoTimes: true}, traffic(event.Direction(direction%6), m))
		if log != "" && !strings.HasSuffix(log, "\n") {
			t.Errorf("the line %q does not end", log)
		}
		if len(log) > 6*len(b)+200 {
			t.Errorf("%d bytes have a line of %d", len(b), len(log))
		}
		if tagged := render(t, pqtrace.Options{NoTimes: true, Tags: true}, traffic(event.Direction(direction%6), m)); strings.ReplaceAll("\n"+tagged, "\n#12\t", "\n") != "\n"+log {
			t.Errorf("%q is %q with tags", log, tagged)
		}
		if end := int(start) + int(length); end <= len(b) {
			checkRedacted(t, m, event.Direction(direction%6), event.Span{Start: int(start), End: end})
		}
	})
}

// checkRedacted checks that nothing in a span is written, even if its bytes were not blanked.
func checkRedacted(t *testing.T, m event.Message, d event.Direction, span event.Span) {
	m.Bytes = bytes.ReplaceAll(m.Bytes, []byte{0xfe}, []byte{1})
	copy(m.Bytes[span.Start:span.End], bytes.Repeat([]byte{0xfe}, span.End-span.Start))
	m.Redacted = []event.Span{span}
	log := render(t, pqtrace.Options{NoTimes: true}, traffic(d, m))
	if strings.Contains(log, "\xfe") || strings.Contains(log, `\xfe`) {
		t.Errorf("%q is traced as %q, which has of what is redacted, %v", m.Bytes, log, span)
	}
}
