package filter

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgpi/internal/event"
	sums "pgpi/internal/exchange"
)

// shown is a sink that lists exchanges by their numbers, and messages of exchanges by their codes.
type shown struct{ exchanges, messages string }

func (s *shown) Write(events []event.Event) error {
	for i := range events {
		if x := events[i].Exchange; x != nil {
			s.exchanges += fmt.Sprint(x.Number)
		}
		for _, m := range events[i].Messages {
			if m.Exchange != 0 {
				s.messages += string(m.Bytes[:1])
			}
		}
	}
	return nil
}

func (*shown) Close() error { return nil }

// playSums has an exchange of each kind that filters ask for: 1 and 2 in one pipeline, 3 with three
// statements, 4 that fails, and 5 that takes 200 ms.
func playSums(p *player) {
	p.login("joe")
	p.pass(event.ClientToServer, message('P', "\x00one\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"), message('E', "\x00\x00\x00\x00\x00"))
	p.pass(event.ClientToServer, message('P', "\x00two\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"), message('E', "\x00\x00\x00\x00\x00"), message('S', ""))
	row := message('D', "\x00\x00")
	p.pass(event.ServerToClient, message('1', ""), message('2', ""), row, message('C', "SELECT 1\x00"),
		message('1', ""), message('2', ""), row, row, message('C', "SELECT 2\x00"), message('Z', "I"))
	p.pass(event.ClientToServer, message('Q', "three\x00"))
	p.pass(event.ServerToClient, message('C', "INSERT 0 7\x00"), message('C', "UPDATE 5\x00"), row, message('C', "SELECT 1\x00"), message('Z', "I"))
	p.pass(event.ClientToServer, message('Q', "four\x00"))
	p.pass(event.ServerToClient, message('E', "SERROR\x00C42601\x00\x00"), message('Z', "I"))
	p.write(event.Event{Kind: event.Bytes, Direction: event.ClientToServer, Data: message('Q', "five\x00"), Relayed: true, Elapsed: time.Second})
	p.write(event.Event{
		Kind: event.Bytes, Direction: event.ServerToClient, Data: slices.Concat(message('C', "COMMIT\x00"), message('Z', "I")), Relayed: true,
		Elapsed: time.Second + 200*time.Millisecond,
	})
	p.say(event.Ended{})
}

// TestSums asks what is known of exchanges when they have been added up, of them and of their
// messages.
func TestSums(t *testing.T) {
	t.Parallel()
	const one, two, three, four, five = "PBE12DC", "PBES12DDCZ", "QCCDCZ", "QEZ", "QCZ"
	for _, test := range []struct{ expression, exchanges, messages string }{
		{`duration >= ms(200)`, "5", five}, {`duration > ms(200.5)`, "", ""}, {`server_time > ms(100)`, "5", five},
		{`rows == 2`, "2", two}, {`rows == 5`, "3", three}, {`rows == 7 and tag startsWith "UPDATE"`, "", ""}, {`rows == 5 and tag startsWith "UPDATE"`, "3", three},
		{`outcome == "failed"`, "4", four}, {`sqlstate == "42601"`, "4", four}, {`outcome == "done" and rows == 1`, "13", one + three},
		{`type == "Query"`, "345", "QQQ"}, {`type == "simple"`, "345", ""}, {`sql == "one"`, "1", one}, {`type == "DataRow" and rows == 2`, "2", "DD"},
		{`sent == 10`, "45", four + five}, {`received > 0 and sent > 30`, "12", "PBEPBES12DC12DDCZ"}, {`user == "joe" and rows == 1`, "13", one + three},
	} {
		f, err := Compile(test.expression)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			var out shown
			p := newPlayer(t, f.New(&out, i%2 == 0, func(err error) { t.Error(err) }))
			p.sums, p.inBatches = sums.New(), i < 2
			playSums(p)
			p.close()
			if i%2 == 1 {
				out.exchanges = test.exchanges // nobody shows them
			}
			if (out != shown{test.exchanges, test.messages}) {
				t.Errorf("%s (%d): got %+v, want %+v", test.expression, i, out, test)
			}
		}
	}
}
