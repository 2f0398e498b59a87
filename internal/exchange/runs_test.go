package exchange

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/session"
)

// TestRuns plays the same random traffic to two lines of stages. One gets each row by itself, the
// other gets one message for a run of rows. Exchanges, sentences and all other messages must be the
// same. Each round trip of which something is told has made the client wait.
func TestRuns(t *testing.T) {
	t.Parallel()
	runs := 0
	for seed := range uint64(1000) {
		c := newConversation(seed)
		c.speak()
		for i := range min(len(c.single.out), len(c.counted.out)) {
			if !reflect.DeepEqual(c.single.out[i], c.counted.out[i]) {
				t.Fatalf("seed %d: with each row\n %v\nwith runs of them\n %v", seed, c.single.out[i], c.counted.out[i])
			}
		}
		if a, b := len(c.single.out), len(c.counted.out); a != b {
			t.Fatalf("seed %d: %d with each row, %d with runs of them", seed, a, b)
		}
		if a, b := c.single.decoding.Seen(), c.counted.decoding.Seen(); a != b {
			t.Fatalf("seed %d: %v with each row, %v with runs of them", seed, a, b)
		}
		if c.single.runs > 0 {
			t.Fatalf("seed %d: %d runs where each row is by itself", seed, c.single.runs)
		}
		if len(c.single.unwaited) > 0 {
			t.Fatalf("seed %d: no exchange of a round trip has made the client wait: %q", seed, c.single.unwaited)
		}
		runs += c.counted.runs
	}
	if runs < 1000 {
		t.Errorf("%d runs of rows are too few to prove anything", runs)
	}
}

// line is the stages, with what has come out of them and must be the same.
type line struct {
	decoding *decode.Stage
	adding   *Stage
	out      []any
	runs     int
	trip     uint32 // of the last exchange
	unwaited []string
}

func newLine(countRows bool) *line {
	l := &line{decoding: decode.New(nil), adding: New()}
	l.decoding.CountRows = countRows
	return l
}

// told is a message, or a run of rows that belong together.
type told struct {
	direction      event.Direction
	code           byte
	count, size    int64
	exchange, done uint32
	bytes          string
}

func (l *line) take(e event.Event) {
	e.Data = bytes.Clone(e.Data)
	l.decoding.Take(&e, func(e *event.Event) { l.adding.Take(e, l.see) })
}

// wait checks that the first exchange of a round trip that is told has made the client wait.
func (l *line) wait(x *event.Exchange) {
	if x.RoundTrip != l.trip && x.RoundTrips == 0 {
		l.unwaited = append(l.unwaited, describe(x))
	}
	l.trip = x.RoundTrip
}

func (l *line) see(e *event.Event) {
	switch e.Kind {
	case event.Exchanged:
		l.out = append(l.out, *e.Exchange)
		l.wait(e.Exchange)
	case event.Said:
		l.out = append(l.out, event.Sentence(e.Fact))
	default:
		l.out = append(l.out, fmt.Sprint(e.Kind, e.Direction, e.Elapsed, e.Count, len(e.Data)))
	}
	first := len(l.out)
	for i := range e.Messages {
		m := &e.Messages[i]
		next := told{e.Direction, m.Type.Code(), 1 + int64(m.More), m.Size, m.Exchange, m.Done, string(m.Bytes)}
		if m.More > 0 {
			l.runs++
		}
		if last, ok := l.out[len(l.out)-1].(told); ok && len(l.out) > first && last.isRow() && last.code == next.code && last.exchange == next.exchange && last.done == next.done {
			next.count, next.size, next.bytes = next.count+last.count, next.size+last.size, last.bytes+next.bytes
			l.out = l.out[:len(l.out)-1]
		}
		l.out = append(l.out, next)
	}
}

func (m told) isRow() bool {
	return m.code == 'd' || m.code == 'D' && m.direction == event.ServerToClient
}

// conversation is random traffic. A watch finds the frames, as the watch of a source does.
type conversation struct {
	r               *rand.Rand
	watch           session.Watch
	pending         [2][]byte
	at              time.Duration
	single, counted *line
}

func newConversation(seed uint64) *conversation {
	return &conversation{r: rand.New(rand.NewPCG(seed, 9)), single: newLine(false), counted: newLine(true)}
}

func (c *conversation) record(e event.Event) {
	e.Conn, e.Elapsed = 1, c.at
	c.single.take(e)
	c.counted.take(e)
}

// send sends bytes of one party, cut anywhere.
func (c *conversation) send(d event.Direction, b string) {
	for len(b) > 0 {
		n := len(b)
		if c.r.IntN(3) == 0 {
			n = 1 + c.r.IntN(n)
		}
		c.pending[d] = append(c.pending[d], b[:n]...)
		b = b[n:]
		c.at += time.Duration(c.r.IntN(1000)) * time.Microsecond
		for len(c.pending[d]) > 0 {
			f := c.watch.Scan(d, c.pending[d])
			if f.Size == 0 {
				break
			}
			e := event.Event{Kind: event.Bytes, Direction: d, Data: c.pending[d][:f.Size], Count: f.Count, Relayed: true}
			e.Waited, e.Held = min(c.at, time.Duration(c.r.IntN(900))*time.Microsecond), time.Duration(c.r.IntN(2))
			e.Stalled = time.Duration(c.r.IntN(3)) * time.Millisecond
			c.record(e)
			c.pending[d] = c.pending[d][f.Size:]
		}
	}
}

func (c *conversation) client(messages ...string) {
	c.send(event.ClientToServer, strings.Join(messages, ""))
}

func (c *conversation) server(messages ...string) {
	c.send(event.ServerToClient, strings.Join(messages, ""))
}

// speak sends a login, some requests with their replies, and an end.
func (c *conversation) speak() {
	parameters := "user\x00u\x00"
	if c.r.IntN(4) == 0 {
		parameters += "replication\x00database\x00"
	}
	c.client(message(0, "\x00\x03\x00\x00"+parameters+"\x00")[1:])
	c.server(message('R', "\x00\x00\x00\x00"), message('S', "server_version\x0015.4\x00"), message('Z', "I"))
	for range 1 + c.r.IntN(8) {
		c.request()
		if c.r.IntN(6) == 0 {
			c.disturb()
		}
	}
	for d := range c.pending {
		c.record(event.Event{Kind: event.End, Direction: event.Direction(d), Data: c.pending[d]})
	}
	c.record(event.Event{Kind: event.Said, Fact: event.Ended{}})
}

// disturb does what happens besides requests.
func (c *conversation) disturb() {
	d := event.Direction(c.r.IntN(2))
	switch c.r.IntN(6) {
	case 0:
		c.record(event.Event{Kind: event.Said, Fact: event.CancelForwarded{Connection: 1}})
	case 1:
		missing := int64(1 + c.r.IntN(100))
		c.watch.Gap(d, missing)
		c.pending[d] = nil
		c.record(event.Event{Kind: event.Said, Fact: event.Missing{Direction: d, Bytes: missing}})
	case 2:
		c.server(c.rows('D')...)
	case 3:
		c.server(message('Z', "I"))
	case 4:
		c.client(c.rows('d')...)
	case 5:
		if c.r.IntN(4) == 0 {
			c.send(d, "\xff nonsense")
		}
	}
}

// rows returns some messages of rows, a few of them large, perhaps with something else between
// them.
func (c *conversation) rows(code byte) (rows []string) {
	for range c.r.IntN(12) {
		value := strings.Repeat("x", c.r.IntN(30))
		if c.r.IntN(60) == 0 {
			value = strings.Repeat("y", 70000)
		}
		switch {
		case code == 'D':
			value = string([]byte{0, 1, 0, byte(len(value) >> 16), byte(len(value) >> 8), byte(len(value))}) + value
		case c.r.IntN(4) > 0:
			value += "\n"
		}
		rows = append(rows, message(code, value))
	}
	if c.r.IntN(8) == 0 {
		between := []string{message('N', "SNOTICE\x00Mhi\x00\x00"), message('A', "\x00\x00\x00\x01a\x00b\x00"), message('S', "TimeZone\x00UTC\x00")}
		rows = slices.Insert(rows, c.r.IntN(len(rows)+1), between[c.r.IntN(len(between))])
	}
	return rows
}

// request sends one request or a pipeline of them, with replies that are mostly right.
func (c *conversation) request() {
	failed := message('E', "SERROR\x00C57014\x00Mno\x00\x00")
	end := message('C', "SELECT 1\x00")
	if c.r.IntN(5) == 0 {
		end = failed
	}
	ready := message('Z', string("ITE"[c.r.IntN(3)]))
	columns := message('T', "\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00")
	query := func(sql string) string { return message('Q', sql+"\x00") }
	switch c.r.IntN(7) {
	case 0:
		c.client(query("select a from t"))
		c.server(columns, strings.Join(c.rows('D'), ""))
		c.server(append(c.rows('D'), end, ready)...)
	case 1:
		c.client(query("copy t to stdout"))
		c.server(message('H', "\x00\x00\x01\x00\x00"), strings.Join(c.rows('d'), ""))
		c.server(append(c.rows('d'), message('c', ""), end, ready)...)
	case 2:
		c.client(query("copy t from stdin"))
		c.server(message('G', "\x00\x00\x01\x00\x00"))
		c.client(append(c.rows('d'), message('c', ""))...)
		c.server(end, ready)
	case 3:
		c.client(query("START_REPLICATION SLOT s LOGICAL 0/0 (proto_version '1', publication_names 'p')"))
		c.server(append([]string{message('W', "\x00\x00\x00")}, c.rows('d')...)...)
		c.client(append(c.rows('d'), message('c', ""))...)
		c.server(append(c.rows('d'), message('c', ""), end, ready)...)
	case 4:
		var asked, replies []string
		for range 1 + c.r.IntN(3) {
			asked = append(asked, message('P', "\x00select a from t where b = $1\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"), message('E', "\x00\x00\x00\x00\x09"))
			replies = append(replies, message('1', ""), message('2', ""))
			replies = append(replies, c.rows('D')...)
			if c.r.IntN(3) == 0 {
				replies = append(replies, message('s', ""))
			} else {
				replies = append(replies, end)
			}
		}
		c.client(append(asked, message('S', ""))...)
		c.server(append(replies, ready)...)
	case 5: // rows when none are due
		c.client(message('P', "a\x00insert into t values (1)\x00\x00\x00"), message('D', "Sa\x00"), message('S', ""))
		c.server(message('1', ""), message('t', "\x00\x00"), message('n', ""), strings.Join(c.rows('D'), ""), ready)
	case 6: // two results in one, and rows after the end
		c.client(query("select a from t; select a from t"), query("select 2"))
		c.server(columns, strings.Join(c.rows('D'), ""), message('C', "SELECT 2\x00"), columns, strings.Join(c.rows('D'), ""), end, strings.Join(c.rows('D'), ""), ready)
		c.server(columns, strings.Join(c.rows('D'), ""), end, ready)
	}
}
