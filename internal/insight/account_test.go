package insight_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/wire"
)

// crowdOfClients is traffic that tries to make the stage remember too much.
type crowdOfClients struct {
	*player
	random *rand.Rand
	names  [connectionsOfCrowd + 1]*event.Identity
	sql    int // texts that were made
}

const connectionsOfCrowd = 40

func newCrowd(t *testing.T, seed uint64) *crowdOfClients {
	c := &crowdOfClients{player: newPlayer(t, insight.Options{}), random: rand.New(rand.NewPCG(seed, 0))}
	c.quiet = true
	for conn := range c.names {
		c.rename(uint32(conn))
	}
	return c
}

// rename makes the client of a connection another.
func (c *crowdOfClients) rename(conn uint32) {
	some := func() string { return fmt.Sprint("name", c.random.IntN(3)) }
	c.names[conn] = &event.Identity{Known: true, User: some(), Database: some(), Application: fmt.Sprint("app", c.random.Uint32()>>c.random.IntN(32)), Address: "127.0.0.1"}
}

// step does one thing of many.
func (c *crowdOfClients) step() {
	conn := 1 + uint32(c.random.IntN(connectionsOfCrowd))
	c.identity = c.names[conn]
	switch c.random.IntN(26) {
	case 0:
		c.rename(conn)
	case 1:
		c.run(conn, "begin", in('T'))
	case 2:
		c.run(conn, []string{"commit", "rollback"}[c.random.IntN(2)], in('I'))
	case 3:
		c.run(conn, fmt.Sprintf("savepoint s%d", c.random.IntN(10)))
	case 4, 5:
		c.answers(c.result())
		c.run(conn, c.text())
	case 6, 7, 8, 9:
		sql := c.text()
		for range c.random.IntN(30) {
			c.answers(numbers("id", 1, 2, 3))
			c.run(conn, strings.ReplaceAll(sql, "= 1", fmt.Sprint("= ", c.random.IntN(1000))))
		}
	case 10, 11, 12:
		c.preparesMuch(conn)
	case 13:
		c.run(conn, c.text(), failed([]string{"42P01", "40001", "40P01", "25P02", fmt.Sprint(c.random.IntN(99999))}[c.random.IntN(5)]), in("TEI"[c.random.IntN(3)]))
	case 14, 15, 16:
		c.beginsResults(conn)
	case 17:
		c.logout(conn)
		c.numbers[conn], c.status[conn] = 0, 0
		c.login(conn)
	case 18, 19:
		c.answers(shuffled)
		c.run(conn, listOrders)
		children := c.text()
		for _, id := range []int{701, 33, 1902, 58, 440}[c.random.IntN(2):] {
			c.run(conn, strings.ReplaceAll(children, "= 1", fmt.Sprint("= ", id)))
		}
	case 20:
		if c.random.IntN(5) == 0 {
			c.take(event.Event{Conn: conn, Kind: event.Said, Fact: event.Missing{}})
		}
	case 21:
		c.pass(time.Duration(c.random.IntN(1200)) * time.Millisecond)
	default:
		for range c.random.IntN(40) {
			c.run(conn, fmt.Sprintf("update t%d set a = 1", c.random.IntN(1000)))
		}
	}
}

// text returns SQL of one of unlimited shapes, maybe with a comment.
func (c *crowdOfClients) text() string {
	c.sql++
	sql := fmt.Sprintf("select a%d from t where id = 1", c.random.IntN(c.sql))
	switch c.random.IntN(6) {
	case 0:
		sql = fmt.Sprintf("select %s from t where id = 1", strings.Repeat("a", c.random.IntN(20_000)))
	case 1, 2:
		sql += fmt.Sprintf(" /*request_id='%d',route='%s'*/", c.random.IntN(1000), strings.Repeat("r", c.random.IntN(200)))
	}
	return sql
}

// result returns a result of up to 1200 rows, in which other statements find their values.
func (c *crowdOfClients) result() (t table) {
	rows := c.random.IntN(5 << c.random.IntN(9))
	for i := range 1 + c.random.IntN(9) {
		t.columns = append(t.columns, event.Column{Name: fmt.Sprint("c", i), TypeOID: integer})
	}
	for range rows {
		row := make([]string, len(t.columns))
		for i := range row {
			row[i] = fmt.Sprint(c.random.IntN(2000))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// beginsResults has rows of exchanges that are not over.
func (c *crowdOfClients) beginsResults(conn uint32) {
	c.answers(c.result())
	c.inRuns(100)
	rows := c.reply
	c.reply = nil
	for range c.random.IntN(20) {
		c.numbers[conn]++
		for i := range rows {
			rows[i].Exchange = c.numbers[conn]
		}
		c.take(event.Event{Conn: conn, Kind: event.Traffic, Messages: []event.Message{{Exchange: c.numbers[conn]}}})
		c.take(event.Event{Conn: conn, Kind: event.Traffic, Direction: event.ServerToClient, Messages: rows})
	}
}

// preparesMuch sends a pipeline of Parse, Bind and Close.
func (c *crowdOfClients) preparesMuch(conn uint32) {
	var request []event.Message
	var sqls []string
	for i := range 1 + c.random.IntN(60)<<c.random.IntN(4) {
		name, sql := fmt.Sprint("s", c.random.Uint32()>>c.random.IntN(32)), c.text()
		for _, m := range []event.Message{c.parse(name, sql), c.bind(name), c.close(name)}[:1+c.random.IntN(3)] {
			m.Exchange = c.numbers[conn] + uint32(i) + 1
			request = append(request, m)
		}
		sqls = append(sqls, sql)
	}
	if c.random.IntN(4) == 0 { // and waits for nothing
		c.take(event.Event{Conn: conn, Kind: event.Traffic, Messages: request})
		return
	}
	c.send(conn, request, sqls, extended, func(x *event.Exchange) { x.Parsed = true })
}

// TestAccount: whatever clients do, what is kept is bounded, and it is what is accounted for.
func TestAccount(t *testing.T) {
	const most, steps = 1 << 20, 1000
	for seed := range uint64(2) {
		c := newCrowd(t, seed)
		c.stage.SetMost(most)
		full := 0
		for i := range steps {
			c.step()
			if kept := c.stage.Kept(); kept > most {
				t.Fatalf("step %d of seed %d: %d bytes are kept", i, seed, kept)
			} else if kept > most*3/4 {
				full++
			}
			if i%10 > 0 {
				continue
			}
			if err := c.stage.CheckAccount(); err != nil {
				t.Fatalf("step %d of seed %d: %v", i, seed, err)
			}
		}
		if full < steps/4 {
			t.Errorf("seed %d: it was nearly full after %d steps only", seed, full)
		}
		c.stage.End(c.collect)
		if kept, err := c.stage.Kept(), c.stage.CheckAccount(); kept != 0 || err != nil {
			t.Errorf("seed %d: at the end %d bytes are kept (%v)", seed, kept, err)
		}
	}
}

// TestAccountIsTrue: the heap has not much more than what is accounted for.
func TestAccountIsTrue(t *testing.T) {
	const most, steps, factor, fixed = 8 << 20, 2000, 2, 24 << 20
	before := heap()
	c := newCrowd(t, 1)
	c.stage.SetMost(most)
	for i := range steps {
		if c.step(); i%500 > 0 {
			continue
		}
		c.findings = nil
		if grown := heap() - before; grown > factor*most+fixed {
			t.Fatalf("after %d steps the heap has grown by %d bytes, with %d accounted for", i, grown, c.stage.Kept())
		}
	}
	runtime.KeepAlive(c)
}

// TestForgottenIsSaid: where it matters, a finding says that something was forgotten.
func TestForgottenIsSaid(t *testing.T) {
	p := newPlayer(t, only(t, "n+1,repeated"))
	p.run(1, "begin", in('T'))
	p.each(1, "select a from items where order_id = %d", 1000)
	p.list(listOrders, shuffled)
	p.each(1, "select a from items where order_id = %d", 440)
	for range 2 {
		p.stage.SetMost(p.stage.Kept() - 1)
		p.pass(time.Millisecond)
	}
	p.stage.SetMost(1 << 20)
	p.each(1, "select a from items where order_id = %d", 33, 58, 701, 1902, 11, 12, 13, 14, 15, 16, 17)
	p.run(1, "commit", in('I'))
	p.expect("repeated")
	if text, lacks := p.findings[0].Text, "(1 result and 1 comparison with results forgotten in the meantime)"; !strings.HasSuffix(text, lacks) {
		t.Errorf("it says %q, without %q", text, lacks)
	}
}

// TestEndedClientsLeaveNothing: what is known of clients goes a minute after their last connection.
func TestEndedClientsLeaveNothing(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	play := func(clients int) {
		for i := range clients {
			p.identity = &event.Identity{Known: true, User: fmt.Sprint("user", i), Database: "shop", Address: "127.0.0.1"}
			conn := uint32(i + 1)
			p.login(conn)
			p.answers(shuffled)
			p.run(conn, listOrders)
			for j := range 20 {
				p.run(conn, fmt.Sprintf("select a%d from t where id = %d", j, i))
			}
		}
		p.pass(3 * time.Second)
		for i := range clients {
			p.logout(uint32(i + 1))
			delete(p.numbers, uint32(i+1))
		}
		p.pass(62 * time.Second)
	}
	play(10)
	before := heap()
	play(500)
	if kept, err := p.stage.Kept(), p.stage.CheckAccount(); kept != 0 || err != nil {
		t.Errorf("%d bytes are kept (%v)", kept, err)
	}
	const fixed = 4 << 20
	if grown := heap() - before; grown > fixed {
		t.Errorf("%d bytes more are on the heap", grown)
	}
	runtime.KeepAlive(p)
}

// TestIdleConnections: a connection that rests takes little.
func TestIdleConnections(t *testing.T) {
	const connections, most = 2000, 4 << 10
	p := newPlayer(t, insight.Options{})
	before := heap()
	for conn := range uint32(connections) {
		p.login(conn + 1)
		p.run(conn+1, "select * from orders where id = 7")
	}
	p.pass(12 * time.Second)
	if each := (heap() - before) / connections; each > most {
		t.Errorf("a connection takes %d bytes", each)
	}
	runtime.KeepAlive(p)
}

// TestManyLargeResults has a result of each of many clients under way, then complete.
func TestManyLargeResults(t *testing.T) {
	const clients, most, factor = 200, 8 << 20, 2
	p := newPlayer(t, insight.Options{})
	p.stage.SetMost(most)
	p.answers(wide(0))
	p.inRuns(100)
	rows := p.reply
	p.reply = nil
	before := heap()
	check := func() {
		t.Helper()
		kept, grown := p.stage.Kept(), heap()-before
		if kept > most || kept < most/2 || grown > factor*most {
			t.Errorf("%d bytes are kept, and the heap has %d more", kept, grown)
		}
	}
	who := func(i int) uint32 {
		p.identity = &event.Identity{Known: true, User: fmt.Sprint("user", i), Database: "shop", Address: "127.0.0.1"}
		return uint32(i + 1)
	}
	for i := range rows {
		rows[i].Exchange = 1
	}
	for i := range clients {
		conn := who(i)
		p.take(event.Event{Conn: conn, Kind: event.Traffic, Messages: []event.Message{{Exchange: 1}}})
		p.take(event.Event{Conn: conn, Kind: event.Traffic, Direction: event.ServerToClient, Messages: rows})
	}
	check()
	start := p.at.Sub(began)
	p.at = p.at.Add(time.Millisecond)
	for i := range clients {
		conn := who(i)
		p.take(event.Event{Conn: conn, Kind: event.Traffic, Direction: event.ServerToClient, Messages: []event.Message{{Message: wire.Message{Type: wire.ReadyForQuery}, Done: 1}}})
		p.take(event.Event{Conn: conn, Kind: event.Exchanged, Exchange: p.exchange(conn, 1, listOrders, start)})
	}
	check()
	runtime.KeepAlive(p)
}
