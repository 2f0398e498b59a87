package exchange

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/wire"
)

// shapesOf returns the shapes of the exchanges of one connection. The client sends messages that
// are each answered at once.
func shapesOf(t *testing.T, asked bool, budget int64, messages ...string) (shapes []string) {
	t.Helper()
	decoding, stage := decode.New(session.NewBudget(budget)), New()
	stage.Shapes = asked
	feed := func(d event.Direction, b string) {
		decoding.Take(&event.Event{Conn: 1, Kind: event.Bytes, Direction: d, Data: []byte(b), Relayed: true}, func(e *event.Event) {
			stage.Take(e, func(e *event.Event) {
				if e.Kind != event.Exchanged || e.Exchange.Kind == event.SyncAlone {
					return
				}
				text := "none"
				if e.Exchange.Shape != nil {
					text = e.Exchange.Shape.Text
				}
				for _, a := range e.Exchange.Attributes {
					text += " " + a.Key + "=" + a.Value
				}
				shapes = append(shapes, text)
			})
		})
	}
	feed(event.ClientToServer, "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")
	feed(event.ServerToClient, message('R', "\x00\x00\x00\x00")+message('Z', "I"))
	for _, m := range messages {
		feed(event.ClientToServer, m)
		reply := ""
		for rest := m; rest != ""; rest = rest[wire.Size([]byte(rest)):] {
			switch rest[0] {
			case 'P':
				reply += message('1', "")
			case 'B':
				reply += message('2', "")
			case 'E':
				reply += message('C', "SELECT 0\x00")
			case 'Q':
				reply += message('C', "SELECT 0\x00") + message('Z', "I")
			case 'S':
				reply += message('Z', "I")
			}
		}
		feed(event.ServerToClient, reply)
	}
	return shapes
}

func query(sql string) string { return message('Q', sql+"\x00") }

func parse(name, sql string) string { return message('P', name+"\x00"+sql+"\x00\x00\x00") }

func execute(name string) string {
	return message('B', "\x00"+name+"\x00\x00\x00\x00\x00\x00\x00") + message('E', "\x00\x00\x00\x00\x00") + message('S', "")
}

// TestShapes finds the shape of what exchanges run, once for each text.
func TestShapes(t *testing.T) {
	const budget = 1 << 20
	for _, test := range []struct {
		name     string
		budget   int64
		messages []string
		want     string
	}{
		{"queries", budget, []string{query("select 1 /*a='b'*/"), query("SELECT 2"), query("select 1 /*a='b'*/")}, "select $1 a=b, select $1, select $1 a=b"},
		{"prepared", budget, []string{parse("p", "select $1 /*a:b*/") + message('S', ""), execute("p"), execute("p")}, "select $1 a=b, select $1 a=b, select $1 a=b"},
		{"two of one name", budget, []string{parse("", "select a") + execute(""), parse("", "select b") + execute(""), parse("", "select a") + execute("")}, "select a, select b, select a"},
		{"not seen", budget, []string{execute("q")}, "none"},
		{"text not kept", 0, []string{parse("p", "select 1") + execute("p"), execute("p")}, "select $1, select $1"},
		{"longer than what is kept of it", budget, []string{query("select " + strings.Repeat(" ", 70_000) + "a"), query("select " + strings.Repeat(" ", 70_000) + "b")}, "select a, select b"},
	} {
		if got := strings.Join(shapesOf(t, true, test.budget, test.messages...), ", "); got != test.want {
			t.Errorf("%s: got  %s\nwant %s", test.name, got, test.want)
		}
	}
	if got := fmt.Sprint(shapesOf(t, false, budget, query("select 1"))); got != "[none]" {
		t.Errorf("when not wanted: %s", got)
	}
}

// TestEncodings has one statement from clients with different encodings: it has one shape.
func TestEncodings(t *testing.T) {
	stage := New()
	for encoding, sql := range map[string]string{"UTF8": "select größe", "LATIN1": "select gr\xf6\xdfe", "WIN1252": "select gr\xf6\xdfe"} {
		b := []byte(query(sql))
		m := event.Message{Message: wire.Message{Type: wire.Query, Bytes: b, Size: int64(len(b))}}
		m.About = &event.Context{Shaped: &event.Shaped{}, Settings: &event.Settings{ClientEncoding: encoding}}
		stage.shapes.find(&m)
		if got := m.About.Shaped.Shape.Text; got != "select größe" {
			t.Errorf("%s: %q", encoding, got)
		}
	}
}

// TestCutSQL has SQL with a part missing. It has no shape, because that part may be anything.
func TestCutSQL(t *testing.T) {
	stage := New()
	stage.Shapes = true
	whole := query("select 1, 2")
	for size := range len(whole) {
		m := event.Message{Message: wire.Message{Type: wire.Query, Bytes: []byte(whole[:size]), Size: int64(len(whole))}}
		m.About = &event.Context{Shaped: &event.Shaped{}}
		stage.shapes.find(&m)
		if s := m.About.Shaped; s.Shape != nil || !s.Found {
			t.Errorf("%q has the shape %v", m.Bytes, s.Shape)
		}
	}
}
