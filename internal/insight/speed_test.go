package insight_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// BenchmarkSmallExchanges is an exchange of pgbench -S, for the stage alone: with no rule, with those
// that look at rows, and with all. After a list, a result is remembered in which its value can be.
func BenchmarkSmallExchanges(b *testing.B) {
	for _, rules := range []string{"none", "n+1,repeated,duplicate", "all"} {
		for _, lists := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/list=%t", rules, lists), func(b *testing.B) {
				selection, err := insight.ParseSelection(rules)
				if err != nil {
					b.Fatal(err)
				}
				stage := insight.New(insight.Options{Rules: selection})
				f := newFlow(stage)
				if lists {
					f.exchange("select id from t", 100)
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					f.exchange(f.texts[i%len(f.texts)], 1)
				}
			})
		}
	}
}

// flow is what a client says, and the replies.
type flow struct {
	stage    *insight.Stage
	events   [3]event.Event
	texts    []string
	request  event.Message
	reply    [2]event.Message
	x        event.Exchange
	context  event.Context
	shape    *sqltext.Shape // of the texts
	list     *sqltext.Shape // of what has more than one row
	conn     uint32
	ready    [6]byte
	identity *event.Identity
	number   uint32
	at       time.Time
}

func newFlow(stage *insight.Stage) *flow {
	f := &flow{stage: stage, conn: 1, ready: [6]byte{'Z', 0, 0, 0, 5, 'I'}, identity: &who, at: began}
	for i := range 1000 {
		f.texts = append(f.texts, fmt.Sprintf("SELECT abalance FROM pgbench_accounts WHERE aid = %d;", 123456+i))
	}
	var shaper sqltext.Shaper
	f.shape = shaper.Shape([]byte(f.texts[0]), sqltext.Settings{})
	f.list = shaper.Shape([]byte("select id from t"), sqltext.Settings{})
	return f
}

func ignore(*event.Event) {}

// exchange passes a statement and its reply to the stage.
func (f *flow) exchange(sql string, rows int) {
	f.number++
	f.request = event.Message{Message: wire.Message{Type: wire.Query}, Exchange: f.number}
	f.events[0] = event.Event{At: f.at, Conn: f.conn, Kind: event.Traffic, Messages: []event.Message{f.request}[:1], Identity: f.identity}
	f.stage.Take(&f.events[0], ignore)
	f.at = f.at.Add(100 * time.Microsecond)
	messages := append(f.reply[:0], event.Message{Message: wire.Message{Type: wire.DataRow, Bytes: manyRows[:rows*rowSize], Size: int64(rows * rowSize)}, More: uint32(rows - 1), Context: &accounts, Exchange: f.number},
		event.Message{Message: wire.Message{Type: wire.ReadyForQuery, Bytes: f.ready[:]}, Exchange: f.number, Done: f.number})
	f.events[1] = event.Event{At: f.at, Conn: f.conn, Kind: event.Traffic, Direction: event.ServerToClient, Messages: messages, Identity: f.identity}
	f.stage.Take(&f.events[1], ignore)
	f.context = event.Context{SQL: sql}
	elapsed := f.at.Sub(began)
	f.x = event.Exchange{Number: f.number, RoundTrip: f.number, RoundTrips: 1, Context: &f.context, Shape: f.shape, Rows: int64(rows), Transaction: f.ready[5], Counted: -1}
	f.x.Times = event.Times{Idle: event.NotSeen, Asked: elapsed, Sent: elapsed, Turn: event.NotSeen, Answered: elapsed, FirstRow: elapsed, Done: elapsed, Ready: elapsed}
	if rows > 1 {
		f.x.Shape = f.list
	}
	f.events[2] = event.Event{At: f.at, Elapsed: elapsed, Conn: f.conn, Kind: event.Exchanged, Exchange: &f.x, Identity: f.identity}
	f.stage.Take(&f.events[2], ignore)
}

var (
	who      = event.Identity{Known: true, User: "joe", Database: "shop"}
	accounts = event.Context{Columns: []event.Column{{Name: "abalance", TypeOID: integer}}}
	// manyRows are rows of one number, of the same size.
	manyRows = makeRows(5000)
	rowSize  = len(makeRows(1))
)

func makeRows(n int) (b []byte) {
	for i := range n {
		row := []byte(fmt.Sprintf("D....\x00\x01\x00\x00\x00\x06%06d", 123456+i*3))
		binary.BigEndian.PutUint32(row[1:], uint32(len(row)-1))
		b = append(b, row...)
	}
	return b
}

// BenchmarkRows is a row of a large result.
func BenchmarkRows(b *testing.B) {
	f := newFlow(insight.New(insight.Options{}))
	const rows = 5000
	for i := 0; i < b.N; i += rows {
		f.exchange("select id from t", rows)
	}
}
