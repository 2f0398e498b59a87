package session

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// exchangesOf plays a dialogue, a word a message, and returns the exchange of each.
// Words of the client are in capitals, and those of the server in small letters.
func exchangesOf(t *testing.T, dialogue string) string {
	t.Helper()
	tracker := New(nil)
	feed := func(d event.Direction, b []byte) uint32 {
		p := tracker.Scan(d, b)
		if p.Size != len(b) || len(p.Messages) != 1 {
			t.Fatalf("%q is not one message", b)
		}
		return p.Messages[0].Exchange
	}
	feed(event.ClientToServer, []byte("\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")[:16])
	feed(event.ServerToClient, []byte("R\x00\x00\x00\x08\x00\x00\x00\x00"))
	feed(event.ServerToClient, []byte("Z\x00\x00\x00\x05I"))
	var out []string
	for _, word := range strings.Fields(dialogue) {
		m, known := words[word]
		if !known {
			t.Fatalf("no message %q", word)
		}
		n := feed(m.direction, m.bytes)
		out = append(out, word+string(rune('0'+n)))
	}
	return strings.Join(out, " ")
}

var words = map[string]struct {
	direction event.Direction
	bytes     []byte
}{
	"QUERY":    {event.ClientToServer, framed('Q', "select\x00")},
	"PARSE":    {event.ClientToServer, framed('P', "\x00select\x00\x00\x00")},
	"BIND":     {event.ClientToServer, framed('B', "\x00\x00\x00\x00\x00\x00\x00\x00")},
	"EXECUTE":  {event.ClientToServer, framed('E', "\x00\x00\x00\x00\x00")},
	"SYNC":     {event.ClientToServer, framed('S', "")},
	"DATA":     {event.ClientToServer, framed('d', "1\n")},
	"DONE":     {event.ClientToServer, framed('c', "")},
	"parsed":   {event.ServerToClient, framed('1', "")},
	"bound":    {event.ServerToClient, framed('2', "")},
	"row":      {event.ServerToClient, framed('D', "\x00\x00")},
	"complete": {event.ServerToClient, framed('C', "SELECT 1\x00")},
	"error":    {event.ServerToClient, framed('E', "SERROR\x00\x00")},
	"notice":   {event.ServerToClient, framed('N', "SNOTICE\x00\x00")},
	"notify":   {event.ServerToClient, framed('A', "\x00\x00\x00\x01a\x00b\x00")},
	"copyin":   {event.ServerToClient, framed('G', "\x00\x00\x00")},
	"ready":    {event.ServerToClient, framed('Z', "I")},
}

func framed(code byte, body string) []byte {
	return append([]byte{code, 0, 0, 0, byte(len(body) + 4)}, body...)
}

// TestExchanges has what trips state machines, PROTOCOL's "Message Flow".
func TestExchanges(t *testing.T) {
	for name, want := range map[string]string{
		"simple":                   "QUERY1 row1 complete1 ready1 QUERY2 error2 ready2",
		"several statements":       "QUERY1 row1 complete1 row1 complete1 ready1",
		"extended":                 "PARSE1 BIND1 EXECUTE1 SYNC1 parsed1 bound1 row1 complete1 ready1",
		"pipeline":                 "PARSE1 BIND1 EXECUTE1 BIND2 EXECUTE2 SYNC2 parsed1 bound1 complete1 bound2 row2 complete2 ready2",
		"error discards":           "PARSE1 BIND1 EXECUTE1 BIND2 EXECUTE2 SYNC2 BIND3 EXECUTE3 SYNC3 error1 ready2 bound3 complete3 ready3",
		"error before the Sync":    "PARSE1 error1 BIND1 EXECUTE1 SYNC1 ready1 QUERY2 complete2 ready2",
		"error at the Sync":        "PARSE1 BIND1 EXECUTE1 SYNC1 parsed1 bound1 complete1 error1 ready1 QUERY2 complete2 ready2",
		"query among the extended": "PARSE1 BIND1 EXECUTE1 QUERY2 SYNC3 error1 ready3 QUERY4 complete4 ready4",
		"asynchronous":             "QUERY1 notify0 notice1 complete1 ready1 notify0",
		"copy in":                  "QUERY1 copyin1 DATA1 DONE1 complete1 ready1 QUERY2 complete2 ready2",
		"copy in, extended":        "PARSE1 BIND1 EXECUTE1 SYNC1 parsed1 bound1 copyin1 DATA1 DONE1 SYNC1 complete1 ready1 QUERY2 complete2 ready2",
		"copy in, sent ahead":      "PARSE1 BIND1 EXECUTE1 SYNC1 DATA1 DONE1 SYNC1 parsed1 bound1 copyin1 complete1 ready1 QUERY2 complete2 ready2",
	} {
		t.Run(name, func(t *testing.T) {
			var dialogue []string
			for _, word := range strings.Fields(want) {
				dialogue = append(dialogue, strings.TrimRight(word, "0123456789"))
			}
			if got := exchangesOf(t, strings.Join(dialogue, " ")); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestOver checks which exchange is over with each reply: "1/0" belongs to exchange 1, and none is
// over yet.
func TestOver(t *testing.T) {
	for name, test := range map[string]struct{ dialogue, want string }{
		"simple":                  {"QUERY row complete ready", "1/0 1/0 1/0 1/1"},
		"extended":                {"PARSE BIND EXECUTE SYNC parsed bound complete ready", "1/0 1/0 1/0 1/0 1/0 1/0 1/0 1/1"},
		"pipeline":                {"BIND EXECUTE BIND EXECUTE SYNC bound complete bound complete ready", "1/0 1/0 2/0 2/0 2/0 1/0 1/0 2/0 2/0 2/2"},
		"the Sync comes later":    {"BIND EXECUTE bound complete SYNC ready", "1/0 1/0 1/0 1/1 1/1 1/1"},
		"one by one, then a Sync": {"BIND EXECUTE bound complete BIND EXECUTE SYNC bound complete ready", "1/0 1/0 1/0 1/1 2/1 2/1 2/1 2/1 2/1 2/2"},
		"an incomplete request":   {"PARSE parsed BIND EXECUTE SYNC bound complete ready", "1/0 1/0 1/0 1/0 1/0 1/0 1/0 1/1"},
		"an error":                {"PARSE BIND EXECUTE BIND EXECUTE SYNC error ready", "1/0 1/0 1/0 2/0 2/0 2/0 1/0 2/2"},
		"an error before a Sync":  {"PARSE BIND EXECUTE BIND EXECUTE error SYNC ready", "1/0 1/0 1/0 2/0 2/0 1/1 2/1 2/2"},
		"a Sync alone":            {"QUERY complete ready SYNC ready", "1/0 1/0 1/1 2/1 2/2"},
		"copy in, extended":       {"PARSE BIND EXECUTE SYNC parsed bound copyin DATA DONE SYNC complete ready", "1/0 1/0 1/0 1/0 1/0 1/0 1/0 1/0 1/0 1/0 1/0 1/1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlayer(t)
			var got []string
			for word := range strings.FieldsSeq(test.dialogue) {
				m := words[word]
				last := p.tracker.Scan(m.direction, m.bytes).Messages[0]
				got = append(got, fmt.Sprintf("%d/%d", last.Exchange, last.Done))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("%s\ngot  %s\nwant %s", test.dialogue, got, test.want)
			}
		})
	}
}
