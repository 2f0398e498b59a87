package filter

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// numbered is a sink that remembers what it was given, with numbers and connections.
type numbered struct {
	t     *testing.T
	words []string
	last  map[uint32]uint64 // by connection
}

func (n *numbered) Write(events []event.Event) error {
	for i := range events {
		e := &events[i]
		if e.Seq < n.last[e.Conn] {
			n.t.Errorf("event %d of connection %d comes after event %d", e.Seq, e.Conn, n.last[e.Conn])
		}
		n.last[e.Conn] = e.Seq
		if e.Kind == event.Said {
			n.words = append(n.words, fmt.Sprintf("%d #%d %s", e.Seq, e.Conn, event.Key(e.Fact)))
		}
		for j := range e.Messages {
			n.words = append(n.words, fmt.Sprintf("%d #%d %v %q", e.Seq, e.Conn, e.Messages[j].Type, e.Messages[j].Bytes))
		}
	}
	return nil
}

func (*numbered) Close() error { return nil }

// random plays a random session of several connections into a filter, in random batches, and
// returns what came through. It is the same session for the same seed.
func random(t *testing.T, expression string, session, batches uint64) []string {
	t.Helper()
	f, err := Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	out := &numbered{t: t, last: map[uint32]uint64{}}
	sink := f.New(out, false, func(error) {})
	p := newPlayer(t, sink)
	p.inBatches = true
	r, cut := rand.New(rand.NewPCG(session, 1)), rand.New(rand.NewPCG(batches, 2))
	requests := [...]func(){
		func() {
			p.pass(event.ClientToServer, message('Q', fmt.Sprintf("select %d from orders\x00", r.IntN(3))))
		},
		func() {
			p.pass(event.ClientToServer, message('B', "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02"+fmt.Sprint(40+r.IntN(3))+"\x00\x00"), message('E', "\x00\x00\x00\x00\x00"))
		},
		func() { p.pass(event.ClientToServer, message('S', "")) },
		func() { p.pass(event.ClientToServer, message('P', "\x00select $1 from stock\x00\x00\x00")) },
	}
	replies := [...]func(){
		func() {
			p.pass(event.ServerToClient, result("id"))
		},
		func() {
			p.pass(event.ServerToClient, message('D', "\x00\x01\x00\x00\x00\x011"), message('D', "\x00\x01\x00\x00\x00\x03421"))
		},
		func() { p.pass(event.ServerToClient, message('C', fmt.Sprintf("SELECT %d\x00", r.IntN(3)))) },
		func() { p.pass(event.ServerToClient, message('2', ""), message('C', "UPDATE 1\x00")) },
		func() { p.pass(event.ServerToClient, failure([]string{"40001", "57P05"}[r.IntN(2)])) },
		func() { p.pass(event.ServerToClient, message('Z', []string{"I", "T", "E"}[r.IntN(3)])) },
		func() { p.pass(event.ServerToClient, message('N', "SNOTICE\x00\x00")) },
		func() { p.pass(event.ServerToClient, message('S', "application_name\x00cron\x00")) },
	}
	accidents := [...]func(){
		func() { p.say(event.Missing{Direction: event.ServerToClient, Bytes: 5}) },
		func() { p.pass(event.ServerToClient, []byte("\xff\xff")) },
		func() { p.say(event.Ended{}) },
		func() { p.login([]string{"bob", "eve"}[r.IntN(2)]) },
		func() { p.say(event.Opened{Client: "10.0.0.2:1"}) },
	}
	for conn := range uint32(3) {
		p.conn = conn + 1
		p.login("bob")
	}
	for range 200 {
		p.conn = 1 + r.Uint32N(3)
		switch n := r.IntN(100); {
		case n < 30:
			requests[r.IntN(len(requests))]()
		case n < 95:
			replies[r.IntN(len(replies))]()
		default:
			accidents[r.IntN(len(accidents))]()
		}
		if cut.IntN(4) == 0 {
			p.flush()
		}
	}
	for conn := range uint32(3) {
		p.conn = conn + 1
		p.say(event.Ended{})
	}
	p.flush()
	if len(sink.connections) > 0 {
		t.Errorf("%d connections are remembered", len(sink.connections))
	}
	p.close()
	return out.words
}

// expressions are parts to make others of. Some can't always be computed.
var expressions = []string{
	`type == "Query"`, `type in ["DataRow", "opened", "missing"]`, `from == "server"`, `conn == 2`, `bytes > 20`, `tx == "active"`, `tx == ""`,
	`user == "bob"`, `app != "till"`, `database == "shop"`, `sql contains "orders"`, `params[0] == "42"`, `params[0] != "42"`, `int(params[0]) > 41`,
	`"id" in columns`, `columns[0] == "id"`, `any(params, int(#) > 41)`, `sqlstate != ""`, `sqlstate[0:2] == "40"`, `tag startsWith "SELECT"`,
	`int(split(tag, " ")[1]) > 0`, `tag == "UPDATE 1" ? params[1] == "" : sqlstate == ""`, `7 % bytes == 7`,
}

func randomExpression(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf("(%s and %s)", randomExpression(r), randomExpression(r))
	case 1:
		return fmt.Sprintf("(%s or %s)", randomExpression(r), randomExpression(r))
	case 2:
		return fmt.Sprintf("not (%s)", randomExpression(r))
	}
	return expressions[r.IntN(len(expressions))]
}

// Of a filter and its negation, one lets through what the other does not. A message of several
// statements may come through both.
func TestNegation(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 200 {
		expression := randomExpression(r)
		session := uint64(i % 10)
		left := map[string]int{}
		for _, word := range random(t, "true", session, 1) {
			left[word]++
		}
		for _, e := range []string{expression, "not (" + expression + ")"} {
			for _, word := range random(t, e, session, 1) {
				left[word]--
			}
		}
		maps.DeleteFunc(left, func(_ string, n int) bool { return n <= 0 })
		if len(left) > 0 {
			t.Fatalf("session %d: neither %s nor its negation lets through %v", session, expression, left)
		}
	}
}

// What comes through does not depend on what is written at once.
func TestBatches(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for i := range 200 {
		expression, session := randomExpression(r), uint64(i%10)
		one, other := random(t, expression, session, 1), random(t, expression, session, 2)
		if !slices.Equal(one, other) {
			t.Fatalf("session %d, %s:\n%s\nin other batches:\n%s", session, expression, strings.Join(one, "\n"), strings.Join(other, "\n"))
		}
	}
}

// Of a large result that fails, as much as may be held comes through: the last rows, whole,
// whatever memory they were held in.
func TestLargeResults(t *testing.T) {
	t.Parallel()
	f, err := Compile(`sqlstate == "40001" and (type == "ErrorResponse" or type == "DataRow" and bytes != 13)`)
	if err != nil {
		t.Fatal(err)
	}
	out := &numbered{t: t, last: map[uint32]uint64{}}
	p := newPlayer(t, f.New(out, false, func(err error) { t.Error(err) }))
	p.inBatches = true
	for range 2 {
		p.login("bob")
		p.conn++
	}
	for range 4 {
		out.words = nil
		all := [2][]string{} // that match, by connection
		send := func(conn int, messages ...[]byte) {
			p.conn = uint32(conn + 1)
			p.pass(event.ServerToClient, messages...)
			for _, m := range messages {
				switch {
				case m[0] == 'E':
					all[conn] = append(all[conn], fmt.Sprintf("#%d ErrorResponse %q", conn+1, m))
				case m[0] == 'D' && len(m) != 13:
					all[conn] = append(all[conn], fmt.Sprintf("#%d DataRow %q", conn+1, m))
				}
			}
		}
		for conn := range all {
			p.conn = uint32(conn + 1)
			p.pass(event.ClientToServer, message('Q', "select\x00"))
		}
		for n := range 6000 {
			send(n%2, message('D', fmt.Sprintf("%08d", n)), message('D', fmt.Sprintf("%08d", n)+strings.Repeat(".", n%5)))
			if n%400 == 0 {
				p.flush()
			}
		}
		for conn := range all {
			send(conn, failure("40001"), message('Z', "I"))
		}
		p.flush()
		for conn, want := range all {
			var got []string
			for _, word := range out.words {
				if _, rest, _ := strings.Cut(word, " "); strings.HasPrefix(rest, fmt.Sprintf("#%d ", conn+1)) {
					got = append(got, rest)
				}
			}
			if len(got) < 1000 || len(got) == len(want) || !slices.Equal(got, want[len(want)-len(got):]) {
				t.Errorf("connection %d: %d messages came through, which are not the last of %d", conn+1, len(got), len(want))
			}
		}
	}
}
