package filter

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// kept is a sink that remembers what it was given, as words.
type kept struct {
	words  []string
	closed bool
}

func (k *kept) Write(events []event.Event) error {
	for i := range events {
		e := &events[i]
		if e.Kind == event.Said {
			k.words = append(k.words, event.Key(e.Fact))
		}
		for j := range e.Messages {
			k.words = append(k.words, e.Messages[j].Type.String())
		}
	}
	return nil
}

func (k *kept) Close() error { k.closed = true; return nil }

func message(code byte, body string) []byte {
	b := append([]byte{code, 0, 0, 0, 0}, body...)
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return b
}

// dialogue plays a session of one connection into a filter, and gives what came
// through.
type dialogue struct {
	t       *testing.T
	sink    *Sink
	out     *kept
	tracker *session.Tracker
	seq     uint64
}

func begin(t *testing.T, expression string) *dialogue {
	t.Helper()
	f, err := Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	out := &kept{}
	return &dialogue{t: t, sink: f.New(out), out: out, tracker: session.New(nil)}
}

func (d *dialogue) pass(direction event.Direction, b ...[]byte) {
	d.t.Helper()
	all := slices.Concat(b...)
	p := d.tracker.Scan(direction, all)
	d.write(event.Event{Kind: p.Kind, Direction: direction, Data: all, Messages: p.Messages, Relayed: true, Total: p.Total})
	for i := range all {
		all[i] = '!' // the bus uses its memory again
	}
}

func (d *dialogue) write(e event.Event) {
	d.t.Helper()
	d.seq++
	e.Seq, e.Conn = d.seq, 1
	if err := d.sink.Write([]event.Event{e}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dialogue) login() {
	d.write(event.Event{Kind: event.Said, Fact: event.Opened{Client: "here"}})
	startup := append([]byte{0, 0, 0, 0, 0, 3, 0, 0}, "user\x00bob\x00database\x00shop\x00application_name\x00till\x00\x00"...)
	binary.BigEndian.PutUint32(startup, uint32(len(startup)))
	d.pass(event.ClientToScript, startup)
	d.pass(event.ServerToClient, message('R', "\x00\x00\x00\x00"), message('Z', "I"))
}

func (d *dialogue) query(sql, sqlstate string) {
	d.pass(event.ClientToServer, message('Q', sql+"\x00"))
	if sqlstate != "" {
		d.pass(event.ServerToClient, message('E', "SERROR\x00C"+sqlstate+"\x00\x00"))
		d.pass(event.ServerToClient, message('Z', "I"))
		return
	}
	d.pass(event.ServerToClient, message('T', "\x00\x01id\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00"),
		message('D', "\x00\x01\x00\x00\x00\x01"+"1"), message('C', "SELECT 1\x00"), message('Z', "I"))
}

func (d *dialogue) prepared(parameter uint32) {
	value := binary.BigEndian.AppendUint32(nil, parameter)
	d.pass(event.ClientToServer, message('P', "s\x00select $1 from stock\x00\x00\x01\x00\x00\x00\x17"),
		message('B', "\x00s\x00\x00\x01\x00\x01\x00\x01\x00\x00\x00\x04"+string(value)+"\x00\x00"), message('E', "\x00\x00\x00\x00\x00"), message('S', ""))
	d.pass(event.ServerToClient, message('1', ""), message('2', ""), message('D', "\x00\x00"), message('C', "SELECT 7\x00"), message('Z', "I"))
}

func (d *dialogue) end() []string {
	d.t.Helper()
	d.write(event.Event{Kind: event.Said, Fact: event.Ended{}})
	if err := d.sink.Close(); err != nil {
		d.t.Fatal(err)
	}
	if !d.out.closed {
		d.t.Error("the sink behind was not closed")
	}
	return d.out.words
}

func TestMatch(t *testing.T) {
	for expression, want := range map[string]string{
		`type in ["Query", "Parse"] and sql contains "orders"`: "Query",
		`type == "opened"`:                                          "opened",
		`sqlstate startsWith "40"`:                                  "Query ErrorResponse ReadyForQuery",
		`tag == "SELECT 7"`:                                         "Parse Bind Execute Sync ParseComplete BindComplete DataRow CommandComplete ReadyForQuery",
		`"99" in params and from == "client"`:                       "Bind Execute Sync",
		`"id" in columns and type == "DataRow"`:                     "DataRow DataRow",
		`user == "bob" and type == "StartupMessage"`:                "StartupMessage",
		`database == "shop" and app == "till" and type == "opened"`: "opened",
		`bytes > 50 and from == "client"`:                           "StartupMessage",
		`tx == "idle" and type == "CommandComplete"`:                "CommandComplete CommandComplete CommandComplete",
		`sqlstate == "42P01" or type == "closed"`:                   "closed",
		`conn == 2`: "",
	} {
		t.Run(expression, func(t *testing.T) {
			d := begin(t, expression)
			d.login()
			d.query("select * from orders", "")
			d.query("update stock", "40001")
			d.prepared(99)
			d.query("select 1", "")
			if got := strings.Join(d.end(), " "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestUnknownType has a parameter in binary format of which nobody has said the type: by 0, or not
// at all. Its bytes are what is known of it.
func TestUnknownType(t *testing.T) {
	for _, types := range []string{"\x00\x00", "\x00\x01\x00\x00\x00\x00"} {
		d := begin(t, `"bird" in params and type == "Bind"`)
		d.login()
		d.pass(event.ClientToServer, message('P', "s\x00select $1\x00"+types),
			message('B', "\x00s\x00\x00\x01\x00\x01\x00\x01\x00\x00\x00\x04bird\x00\x00"))
		if got := strings.Join(d.end(), " "); got != "Bind" {
			t.Errorf("with the types %q there came through: %s", types, got)
		}
	}
}

// TestPipelined has exchanges that overlap: each message is decided by its own.
func TestPipelined(t *testing.T) {
	d := begin(t, `sqlstate == "22012"`)
	d.login()
	execute := [][]byte{message('B', "\x00s\x00\x00\x00\x00\x00\x00\x00"), message('E', "\x00\x00\x00\x00\x00")}
	d.pass(event.ClientToServer, slices.Concat(execute...), slices.Concat(execute...), message('S', ""))
	d.pass(event.ServerToClient, message('2', ""), message('C', "SELECT 1\x00"), message('2', ""))
	d.pass(event.ServerToClient, message('E', "SERROR\x00C22012\x00\x00"), message('Z', "I"))
	if got, want := strings.Join(d.end(), " "), "Bind Execute Sync BindComplete ErrorResponse ReadyForQuery"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestBounded: what never ends is decided by what is known.
func TestBounded(t *testing.T) {
	d := begin(t, `sqlstate == "" and type == "DataRow"`)
	d.login()
	d.pass(event.ClientToServer, message('Q', "select\x00"))
	const rows = 300
	for range rows {
		d.pass(event.ServerToClient, message('D', "\x00\x01\x00\x00\x27\x10"+strings.Repeat("x", 10000)))
	}
	if n := len(d.out.words); n == 0 || n > rows {
		t.Errorf("%d rows came through before the end, of %d", n, rows)
	}
	if c := d.sink.connections[1]; c.heldSize > maxHeld+20000 {
		t.Errorf("%d bytes are held back", c.heldSize)
	}
	if n := len(d.end()); n != rows {
		t.Errorf("%d rows came through, of %d", n, rows)
	}
}

func TestMistakes(t *testing.T) {
	for expression, want := range map[string][]string{
		``:                    {"empty"},
		`typ == "Query"`:      {"unknown name typ", "the names are app, bytes, columns", "\n  typ == \"Query\"\n  ^"},
		`sql contains`:        {"unexpected token"},
		`bytes + 1`:           {"bool"},
		`user == 1`:           {"mismatched types", "\n  user == 1\n"},
		`type == "a" und sql`: {"^"},
	} {
		_, err := Compile(expression)
		if err == nil {
			t.Errorf("%q was accepted", expression)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %q is missing in:\n%v", expression, part, err)
			}
		}
	}
}

// FuzzCompile looks for expressions that end in a panic.
func FuzzCompile(f *testing.F) {
	f.Add(`type in ["Query"]`)
	f.Add(`len(params) / 0 > bytes`)
	f.Fuzz(func(t *testing.T, expression string) {
		if len(expression) > 200 {
			t.Skip()
		}
		compiled, err := Compile(expression)
		if err == nil {
			compiled.match(&variables{Type: wire.Query.String()})
		} else if err.Error() == "" {
			t.Errorf("%q: an error without words", expression)
		}
	})
}
