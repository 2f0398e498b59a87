package insight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/wire"
)

// lasting makes an exchange that the server has worked on for as long as that before it ended.
func lasting(d time.Duration) func(*event.Exchange) {
	return func(x *event.Exchange) {
		x.Times.Asked, x.Times.Sent = x.Times.Asked-d, x.Times.Sent-d
	}
}

// after makes an exchange that was asked so long after the one before.
func after(d time.Duration) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Times.Idle = x.Times.Asked - d }
}

// login and logout are the beginning and the end of a connection.
func (p *player) login(conn uint32) {
	p.take(event.Event{Conn: conn, Kind: event.Said, Fact: event.Opened{}})
	ready := event.Message{Message: wire.Message{Type: wire.ReadyForQuery}}
	p.take(event.Event{Conn: conn, Kind: event.Traffic, Direction: event.ServerToClient, Messages: []event.Message{ready}})
}

func (p *player) logout(conn uint32) {
	p.take(event.Event{Conn: conn, Kind: event.Said, Fact: event.Ended{}})
}

func TestChattyTransaction(t *testing.T) {
	for _, c := range []struct {
		name     string
		requests int
		think    time.Duration // of the client, before each request
		want     []string
	}{
		{"50 round trips", 49, 10 * time.Millisecond, []string{"chatty-transaction"}},
		{"49 round trips", 48, 10 * time.Millisecond, nil},
		{"the server works a fifth of the time", 60, 4 * time.Millisecond, nil},
		{"a bit less", 60, 5 * time.Millisecond, []string{"chatty-transaction"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, insight.Options{Rules: insight.Selection{"chatty-transaction": true}})
			p.run(1, "begin", in('T'))
			for i := range c.requests - 1 {
				p.at = p.at.Add(c.think)
				p.run(1, fmt.Sprint("insert into orders values (", i, ")"))
			}
			p.at = p.at.Add(c.think)
			p.run(1, "commit", in('I'))
			p.expect(c.want...)
			for _, f := range p.findings {
				if f.Count < 50 || !strings.Contains(f.Text, "insert into orders") {
					t.Errorf("%d: %s", f.Count, f.Text)
				}
			}
		})
	}
}

// TestChattyWithoutTransaction: round trips outside transactions hold nothing.
func TestChattyWithoutTransaction(t *testing.T) {
	p := newPlayer(t, insight.Options{Rules: insight.Selection{"chatty-transaction": true}})
	for i := range 100 {
		p.at = p.at.Add(20 * time.Millisecond)
		p.run(1, fmt.Sprint("select ", i))
	}
	p.expect()
}

func TestIdleInTransaction(t *testing.T) {
	idle := func(d time.Duration, inside bool) *player {
		p := newPlayer(t, insight.Options{})
		if inside {
			p.run(1, "begin", in('T'))
		}
		p.run(1, "update orders set paid = true where id = 1")
		p.pass(d)
		p.run(1, "commit", in('I'), after(d))
		return p
	}
	idle(5*time.Second, true).expect("idle-in-transaction") // the deadline, and no more than that
	idle(4*time.Second, true).expect()
	idle(time.Minute, false).expect()
	p := idle(37*time.Second, true)
	p.expect("idle-in-transaction", "idle-in-transaction")
	first, last := p.findings[0], p.findings[1]
	if first.Took != 5*time.Second || first.GoesOn || !strings.Contains(first.Text, "so far") {
		t.Errorf("first: %+v", first)
	}
	if last.Took != 37*time.Second || !last.GoesOn || !last.Again || last.Signature != first.Signature {
		t.Errorf("then: %+v", last)
	}
}

// TestIdleUntilTheEnd: the connection ends while its transaction is open.
func TestIdleUntilTheEnd(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	p.run(1, "begin", in('T'))
	p.pass(12 * time.Second)
	p.logout(1)
	if p.expect("idle-in-transaction", "idle-in-transaction"); p.findings[1].Took != 12*time.Second {
		t.Errorf("it took %v", p.findings[1].Took)
	}
}

// TestAsleepIsNotIdle: it is not known how long a transaction was idle if the time of day leaps.
func TestAsleepIsNotIdle(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	p.run(1, "begin", in('T'))
	p.pass(time.Second)
	p.at = p.at.Add(8 * time.Hour)
	p.logout(1)
	p.expect()
}

// TestBusyIsNotIdle: a statement that runs for long leaves nothing idle.
func TestBusyIsNotIdle(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	p.run(1, "begin", in('T'))
	p.take(event.Event{Conn: 1, Kind: event.Traffic, Direction: event.ClientToServer, Messages: []event.Message{{Exchange: 2}}})
	p.pass(time.Minute)
	p.run(1, "select pg_sleep(60)", lasting(time.Minute))
	p.run(1, "commit", in('I'))
	p.expect()
}

func TestChurn(t *testing.T) {
	visit := func(p *player, conn uint32, statements int, login bool) {
		if login {
			p.login(conn)
		}
		for i := range statements {
			p.run(conn, fmt.Sprint("select ", i))
		}
		p.logout(conn)
	}
	for _, c := range []struct {
		name       string
		visits     int
		statements int
		every      time.Duration
		login      bool
		want       int
	}{
		{"20 in a minute", 20, 2, 2 * time.Second, true, 1},
		{"19", 19, 2, time.Second, true, 0},
		{"20 in longer", 20, 2, 4 * time.Second, true, 0},
		{"of three statements", 40, 3, time.Second, true, 0},
		{"that do not log in", 40, 0, time.Second, false, 0},
		{"25 are one finding that goes on", 25, 1, time.Second, true, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, insight.Options{})
			for i := range c.visits {
				visit(p, uint32(i+1), c.statements, c.login)
				p.pass(c.every)
			}
			p.found()
			if len(p.findings) != c.want {
				t.Fatalf("found %d instead of %d", len(p.findings), c.want)
			}
			for i, f := range p.findings {
				if f.Rule != "churn" || f.GoesOn != (i > 0) || f.Count != int64(20+i) {
					t.Errorf("%d: %+v", i, f)
				}
			}
		})
	}
}

func TestSlowReader(t *testing.T) {
	stalled := func(took, stall time.Duration) func(*event.Exchange) {
		return func(x *event.Exchange) {
			lasting(took)(x)
			x.Times.ClientStalled = stall
		}
	}
	for _, c := range []struct {
		took, stall, held time.Duration
		want              []string
	}{
		{time.Second, 600 * time.Millisecond, 0, []string{"slow-reader"}},
		{time.Second, 400 * time.Millisecond, 0, nil},
		{300 * time.Millisecond, 190 * time.Millisecond, 0, nil},
		{time.Second, 900 * time.Millisecond, 800 * time.Millisecond, nil}, // pgpi itself was slow
	} {
		p := newPlayer(t, insight.Options{})
		p.at = p.at.Add(time.Minute)
		p.run(1, "select * from orders", stalled(c.took, c.stall), func(x *event.Exchange) { x.Times.Held = c.held })
		p.expect(c.want...)
	}
}

func TestSlow(t *testing.T) {
	p := newPlayer(t, insight.Options{Slow: 100 * time.Millisecond})
	p.at = p.at.Add(time.Minute)
	p.run(1, "select 1", lasting(99*time.Millisecond-time.Millisecond))
	p.run(1, "select 2", lasting(200*time.Millisecond), func(x *event.Exchange) { x.Times.ServerWay = 150 * time.Millisecond })
	p.expect("slow")
	if f := p.findings[0]; !strings.Contains(f.Text, "150 ms the way to the server") || !strings.Contains(f.Remedy, "closer") {
		t.Errorf("%s. %s", f.Text, f.Remedy)
	}
	p = newPlayer(t, insight.Options{})
	p.at = p.at.Add(2 * time.Hour)
	p.run(1, "select 2", lasting(time.Hour))
	p.expect()
}

// TestSlowRemedies: only what has a plan is to be explained.
func TestSlowRemedies(t *testing.T) {
	for sql, want := range map[string]string{
		"select 1": "with EXPLAIN (ANALYZE, BUFFERS).", "with a as (select b from t) select b from a": "with EXPLAIN (ANALYZE, BUFFERS).",
		"update t set a = 1": "rolled back.", "END": "write-ahead log", "commit": "write-ahead log", "create index on t (a)": "pg_stat_activity", "select 1; select 2": "pg_stat_activity",
	} {
		p := newPlayer(t, insight.Options{Slow: 100 * time.Millisecond})
		p.at = p.at.Add(time.Minute)
		p.run(1, sql, lasting(200*time.Millisecond))
		p.expect("slow")
		if remedy := p.findings[0].Remedy; !strings.Contains(remedy, want) {
			t.Errorf("%s: %s", sql, remedy)
		}
	}
}
