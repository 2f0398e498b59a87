// Package bench measures what observing costs. The comparison with real peers is
// in the commands below this folder; here is the part of it that is pgpi's own.
//
// It guarantees figures that can be compared between commits: the same bytes, the
// same path from the session to the text of the log. It must not know sockets or
// servers. Start reading at BenchmarkObserve.
package bench

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgpi/internal/bus"
	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/exchange"
	"pgpi/internal/insight"
	"pgpi/internal/session"
	"pgpi/internal/sink/text"
)

const flushLimit = 10 * time.Second

// message frames a body.
func message(code byte, body string) []byte {
	b := append([]byte{code, 0, 0, 0, 0}, body...)
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return b
}

func join(messages ...[]byte) []byte {
	var all []byte
	for _, m := range messages {
		all = append(all, m...)
	}
	return all
}

// What pgbench -S says, simple and prepared, and what a server answers.
var (
	describe = message('T', "\x00\x01abalance\x00\x00\x00\x40\x00\x00\x03\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00")
	row      = message('D', "\x00\x01\x00\x00\x00\x01"+"0")
	complete = message('C', "SELECT 1\x00")
	ready    = message('Z', "I")

	parse = message('P', "P0_1\x00SELECT abalance FROM pgbench_accounts WHERE aid = $1;\x00\x00\x00")
	bind  = message('B', "\x00P0_1\x00\x00\x00\x00\x01\x00\x00\x00\x06123456\x00\x01\x00\x00")
	ask   = message('D', "P\x00")
	run   = message('E', "\x00\x00\x00\x00\x00")
	sync  = message('S', "")
	bound = message('2', "")
)

// queries are more than pgpi remembers, as those of pgbench are.
var queries = func() (all [1000][]byte) {
	for i := range all {
		all[i] = message('Q', fmt.Sprintf("SELECT abalance FROM pgbench_accounts WHERE aid = %d;\x00", 123456+i))
	}
	return all
}()

// connection observes what two parties say to each other, as the relay does.
type connection struct {
	framer session.Framer
	bus    *bus.Bus
	event  event.Event
}

func newConnection(to *bus.Bus, number int) *connection {
	return &connection{bus: to, event: event.Event{Conn: uint32(number)}}
}

func (c *connection) pass(d event.Direction, b []byte) {
	for len(b) > 0 {
		c.bus.Wait(nil)
		f := c.framer.Scan(d, b)
		c.event = event.Event{Conn: c.event.Conn, Kind: event.Bytes, Direction: d, Data: b[:f.Size], Count: f.Count, Relayed: true}
		c.bus.Record(&c.event)
		b = b[f.Size:]
	}
}

func (c *connection) logIn() {
	c.pass(event.ClientToServer, message(0, "\x00\x03\x00\x00user\x00u\x00\x00")[1:])
	c.pass(event.ServerToClient, join(message('R', "\x00\x00\x00\x00"), ready))
}

// BenchmarkObserve is one transaction of pgbench -S: session, bus and annotated text, of one
// connection, and of 64 that take turns.
func BenchmarkObserve(b *testing.B) {
	for _, kind := range []struct {
		name            string
		prepare         []byte
		client          [][]byte
		server          []byte
		prepareResponse []byte
	}{
		{name: "simple", client: queries[:], server: join(describe, row, complete, ready)},
		{
			name: "prepared", prepare: join(parse, sync), prepareResponse: join(message('1', ""), ready),
			client: [][]byte{join(bind, ask, run, sync)}, server: join(bound, describe, row, complete, ready),
		},
	} {
		for _, connections := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", kind.name, connections), func(b *testing.B) {
				out := bus.New([]bus.Outlet{{Name: "nowhere", Sink: text.New(io.Discard, text.Options{MaxValue: 1024})}}, bus.Options{
					Stages: []bus.Stage{{Stage: decode.New(nil), Name: "decoding"}},
				})
				all := make([]*connection, connections)
				for i := range all {
					all[i] = newConnection(out, i+1)
					all[i].logIn()
					all[i].pass(event.ClientToServer, kind.prepare)
					all[i].pass(event.ServerToClient, kind.prepareResponse)
				}
				b.ReportAllocs()
				b.SetBytes(int64(len(kind.client[0]) + len(kind.server)))
				for i := 0; b.Loop(); i++ {
					c := all[i%connections]
					c.pass(event.ClientToServer, kind.client[i%len(kind.client)])
					c.pass(event.ServerToClient, kind.server)
				}
				out.Close(flushLimit)
			})
		}
	}
}

// BenchmarkRows is a row of a large result, and of COPY both ways, in reads of the size that the
// relay has, with the log of exchanges and of messages.
func BenchmarkRows(b *testing.B) {
	const rowsAtOnce = 300
	value := strings.Repeat("x", 84)
	for _, kind := range []struct {
		name, sql string
		direction event.Direction
		begin     []byte
		rows      []byte
	}{
		{"SELECT", "SELECT a, b FROM t", event.ServerToClient, describe, bytes.Repeat(message('D', "\x00\x02\x00\x00\x00\x06123456\x00\x00\x00\x54"+value), rowsAtOnce)},
		{"COPY out", "COPY t TO STDOUT", event.ServerToClient, message('H', "\x00\x00\x02\x00\x00\x00\x00"), bytes.Repeat(message('d', "123456\t"+value+"\n"), rowsAtOnce)},
		{"COPY in", "COPY t FROM STDIN", event.ClientToServer, message('G', "\x00\x00\x02\x00\x00\x00\x00"), bytes.Repeat(message('d', "123456\t"+value+"\n"), rowsAtOnce)},
	} {
		for _, name := range []string{"queries", "findings", "annotated"} {
			mode := text.Queries
			if name == "annotated" {
				mode = text.Annotated
			}
			b.Run(kind.name+"/"+name, func(b *testing.B) {
				decoding := decode.New(nil)
				decoding.CountRows = mode == text.Queries
				stages := []bus.Stage{{Stage: decoding, Name: "decoding"}}
				if mode == text.Queries {
					sums := exchange.New()
					sums.Shapes = name == "findings"
					stages = append(stages, bus.Stage{Stage: sums, Name: "adding up exchanges"})
				}
				if name == "findings" {
					stages = append(stages, bus.Stage{Stage: insight.New(insight.Options{}), Name: "looking for findings"})
				}
				sink := text.New(io.Discard, text.Options{Mode: mode, MaxValue: 1024})
				out := bus.New([]bus.Outlet{{Name: "nowhere", Sink: sink}}, bus.Options{Stages: stages})
				c := newConnection(out, 1)
				c.logIn()
				c.pass(event.ClientToServer, message('Q', kind.sql+"\x00"))
				c.pass(event.ServerToClient, kind.begin)
				b.ReportAllocs()
				b.SetBytes(int64(len(kind.rows) / rowsAtOnce))
				for n := b.N; n > 0; n -= rowsAtOnce {
					c.pass(kind.direction, kind.rows[:len(kind.rows)/rowsAtOnce*min(n, rowsAtOnce)])
				}
				out.Close(flushLimit)
			})
		}
	}
}
