package filter_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/filter"
)

// discard is a sink that wants nothing.
type discard struct{}

func (discard) Write([]event.Event) error { return nil }
func (discard) Close() error              { return nil }

// source makes batches as the bus does.
type source struct {
	stage   *decode.Stage
	batches [][]event.Event
	batch   []event.Event
	size    int
	seq     uint64
}

func (s *source) take(e event.Event) {
	s.seq++
	e.Seq = s.seq
	s.stage.Take(&e, func(e *event.Event) {
		s.batch = append(s.batch, e.Clone())
		s.size += len(e.Data) + 200 + 200*len(e.Messages)
	})
	if s.size > 64<<10 {
		s.flush()
	}
}

func (s *source) flush() { s.batches, s.batch, s.size = append(s.batches, s.batch), nil, 0 }

func (s *source) say(conn uint32, f event.Fact) {
	s.take(event.Event{Conn: conn, Kind: event.Said, Fact: f})
}

func (s *source) pass(conn uint32, d event.Direction, all ...string) {
	data := []byte(strings.Join(all, ""))
	s.take(event.Event{Conn: conn, Kind: event.Bytes, Direction: d, Data: data, Relayed: true})
}

func packet(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}

func (s *source) login(conn uint32) {
	s.say(conn, event.Opened{Client: "10.0.0.1:4711"})
	startup := "\x00\x03\x00\x00user\x00" + []string{"bob", "eve"}[conn%2] + "\x00database\x00shop\x00\x00"
	s.pass(conn, event.ClientToServer, string(binary.BigEndian.AppendUint32(nil, uint32(len(startup)+4)))+startup)
	s.pass(conn, event.ServerToClient, packet('R', "\x00\x00\x00\x00"), packet('Z', "I"))
}

const column = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00"

func row(n int) string {
	value := fmt.Sprintf("\x00\x00\x00\x08%08d", n)
	return packet('D', "\x00\x04"+strings.Repeat(value, 4))
}

var columns = packet('T', "\x00\x04id\x00"+column+"name\x00"+column+"price\x00"+column+"stock\x00"+column)

// rows returns a result of count rows, inWrite of them in each write.
func rows(count, inWrite int) [][]event.Event {
	s := source{stage: decode.New(nil)}
	s.login(1)
	s.pass(1, event.ClientToServer, packet('Q', "select id, name, price, stock from orders where id > 100\x00"))
	s.pass(1, event.ServerToClient, columns)
	for at := 0; at < count; at += inWrite {
		var all []string
		for i := range inWrite {
			all = append(all, row(at+i))
		}
		s.pass(1, event.ServerToClient, all...)
	}
	s.pass(1, event.ServerToClient, packet('C', fmt.Sprintf("SELECT %d\x00", count)), packet('Z', "I"))
	s.say(1, event.Ended{})
	s.flush()
	return s.batches
}

// transactions are small ones of eight clients at once.
func transactions(count int) [][]event.Event {
	const clients = 8
	s := source{stage: decode.New(nil)}
	for conn := range uint32(clients) {
		s.login(conn + 1)
	}
	for n := range count / clients {
		for conn := range uint32(clients) {
			s.pass(conn+1, event.ClientToServer, packet('Q', fmt.Sprintf("select abalance from pgbench_accounts where aid = %d\x00", n)))
		}
		for conn := range uint32(clients) {
			s.pass(conn+1, event.ServerToClient, columns, row(n), packet('C', "SELECT 1\x00"), packet('Z', "I"))
		}
	}
	for conn := range uint32(clients) {
		s.say(conn+1, event.Ended{})
	}
	s.flush()
	return s.batches
}

var expressions = []string{
	`type == "Query"`, `sql contains "orders"`, `sqlstate != ""`, `user == "bob"`, `type == "DataRow" and "id" in columns and bytes > 40`,
}

// BenchmarkRows is what a row of a large result costs. An operation is a row.
func BenchmarkRows(b *testing.B) {
	const count = 10_000
	for _, inWrite := range []int{1, 100} {
		batches := rows(count, inWrite)
		for _, expression := range expressions {
			b.Run(fmt.Sprintf("%d in a write/%s", inWrite, expression), func(b *testing.B) { filterAll(b, expression, batches, count) })
		}
	}
}

// BenchmarkTransactions is what a small transaction costs.
func BenchmarkTransactions(b *testing.B) {
	const count = 4000
	batches := transactions(count)
	for _, expression := range expressions {
		b.Run(expression, func(b *testing.B) { filterAll(b, expression, batches, count) })
	}
	b.Run("of chosen connections", func(b *testing.B) {
		f, err := filter.CompileConnections(`user == "bob" and client != "127.0.0.1"`)
		if err != nil {
			b.Fatal(err)
		}
		writeAll(b, func() filter.Next { return f.New(discard{}, func(err error) { b.Error(err) }) }, batches, count)
	})
}

func filterAll(b *testing.B, expression string, batches [][]event.Event, count int) {
	f, err := filter.Compile(expression)
	if err != nil {
		b.Fatal(err)
	}
	writeAll(b, func() filter.Next { return f.New(discard{}, false, func(err error) { b.Error(err) }) }, batches, count)
}

// writeAll writes batches of so many operations.
func writeAll(b *testing.B, newSink func() filter.Next, batches [][]event.Event, count int) {
	b.ReportAllocs()
	for n := 0; n < b.N; n += count {
		sink := newSink()
		for _, batch := range batches {
			if err := sink.Write(batch); err != nil {
				b.Fatal(err)
			}
		}
	}
}
