package insight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
)

// parseAndRun sends a Parse, and executes what it parses, in one exchange.
func (p *player) parseAndRun(name, sql string, changes ...func(*event.Exchange)) {
	changes = append([]func(*event.Exchange){extended}, changes...)
	p.send(1, []event.Message{p.parse(name, sql), p.bind(name)}, []string{sql}, changes...)
}

// prepare parses a statement, and waits for that.
func (p *player) prepare(name, sql string) {
	p.send(1, []event.Message{p.parse(name, sql)}, []string{sql}, prepares)
}

// execute executes a prepared statement.
func (p *player) execute(name, sql string, changes ...func(*event.Exchange)) {
	changes = append([]func(*event.Exchange){extended}, changes...)
	p.send(1, []event.Message{p.bind(name)}, []string{sql}, changes...)
}

func TestReparse(t *testing.T) {
	const sql = "select name from customers where id = $1"
	for _, c := range []struct {
		name string
		each func(p *player, i int)
		want string // the end of the sentence, or "" if nothing is found
	}{
		{"unnamed", func(p *player, _ int) { p.parseAndRun("", sql) }, "was parsed 100 times on one connection, unnamed: 4,653 bytes were sent again"},
		{"named", func(p *player, i int) { p.parseAndRun(fmt.Sprint("s", i%10), sql) }, "was parsed 100 times on one connection, each time under a name: 4,851 bytes were sent again"},
		{"awaited alone", func(p *player, _ int) {
			p.prepare("s1", sql)
			p.execute("s1", sql)
		}, "each time under a name: 4,851 bytes were sent again, and the client waited 99.0 ms in 99 round trips for that alone"},
		{"with something behind it", func(p *player, _ int) {
			p.prepare("s1", sql)
			p.execute("s1", sql, func(x *event.Exchange) { x.RoundTrips = 0 })
		}, "each time under a name: 4,851 bytes were sent again"},
		{"99 times", func(p *player, i int) {
			if i > 0 {
				p.parseAndRun("", sql)
			}
		}, ""},
		{"once did not work", func(p *player, i int) {
			if i == 0 {
				p.parseAndRun("", sql, failed("42P01"))
				return
			}
			p.parseAndRun("", sql)
		}, ""},
		{"another text", func(p *player, i int) { p.parseAndRun("", fmt.Sprint("select ", i)) }, ""},
		{"other types", func(p *player, i int) {
			p.send(1, []event.Message{p.parse("", sql, byte(i)), p.bind("")}, []string{sql}, extended)
		}, ""},
		{"bound again", func(p *player, _ int) { p.execute("s1", sql) }, ""},
		{"BEGIN", func(p *player, _ int) { p.parseAndRun("", "begin") }, ""},
		{"simple", func(p *player, _ int) { p.run(1, sql) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "reparse"))
			for i := range 100 {
				c.each(p, i)
			}
			if c.want == "" {
				p.expect()
				return
			}
			p.expect("reparse")
			if f := p.findings[0]; !strings.HasSuffix(f.Text, c.want) || f.Shape == nil {
				t.Error(f.Text)
			}
		})
	}
}

// TestReparseGoesOn: a connection that does not end is not waited for. What is said is counted once.
func TestReparseGoesOn(t *testing.T) {
	const sql = "select name from customers where id = $1"
	p := newPlayer(t, only(t, "reparse"))
	for range 150 {
		p.parseAndRun("", sql)
		p.pass(time.Second)
	}
	for range 150 {
		p.parseAndRun("", sql)
	}
	p.expect("reparse", "reparse")
	if a, b := p.findings[0], p.findings[1]; a.Count != 100 || b.Count != 200 || a.Again || !b.Again {
		t.Error(a.Text, b.Text)
	}
}
