package insight_test

import (
	"fmt"
	"testing"
	"time"

	"pgpi/internal/event"
)

func TestNeverReused(t *testing.T) {
	sql := func(i int) string { return fmt.Sprint("select ", i) }
	for _, c := range []struct {
		name string
		each func(p *player, i int)
		want string // the beginning of the sentence, or "" if nothing is found
	}{
		{"executed once", func(p *player, i int) { p.parseAndRun(fmt.Sprint("s", i), sql(i)) },
			`100 named statements were prepared on one connection, and 100 of them were executed exactly once, the first "select $1"`},
		{"prepared before", func(p *player, i int) {
			p.prepare(fmt.Sprint("s", i), sql(i))
			p.execute(fmt.Sprint("s", i), sql(i))
		}, "100 named statements were prepared on one connection, and 100 of them"},
		{"closed", func(p *player, i int) {
			p.parseAndRun("s", sql(i))
			p.closes("s")
		}, "100 named statements were prepared on one connection, and 100 of them"},
		{"the same name", func(p *player, i int) { p.parseAndRun("s", sql(i)) }, "100 named"},
		{"10 of 100 executed twice", func(p *player, i int) {
			p.parseAndRun(fmt.Sprint("s", i), sql(i))
			if i%10 == 0 {
				p.execute(fmt.Sprint("s", i), sql(i))
			}
		}, "100 named statements were prepared on one connection, and 90 of them"},
		{"11 of 100 executed twice", func(p *player, i int) {
			p.parseAndRun(fmt.Sprint("s", i), sql(i))
			if i%10 == 0 || i == 1 {
				p.execute(fmt.Sprint("s", i), sql(i))
			}
		}, ""},
		{"unnamed", func(p *player, i int) { p.parseAndRun("", sql(i)) }, ""},
		{"never executed", func(p *player, i int) { p.prepare(fmt.Sprint("s", i), sql(i)) }, ""},
		{"99 of them", func(p *player, i int) {
			if i > 0 {
				p.parseAndRun(fmt.Sprint("s", i), sql(i))
			}
		}, ""},
		{"once was not parsed", func(p *player, i int) {
			if i == 0 {
				p.parseAndRun("s0", sql(i), failed("42601"))
				return
			}
			p.parseAndRun(fmt.Sprint("s", i), sql(i))
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "never-reused"))
			for i := range 100 {
				c.each(p, i)
			}
			p.expectOne("never-reused", c.want, "")
			for _, f := range p.findings {
				if len(f.Evidence) != 10 {
					t.Errorf("%d exchanges show it", len(f.Evidence))
				}
			}
		})
	}
}

// closes sends the Close of a statement.
func (p *player) closes(name string) {
	p.send(1, []event.Message{p.close(name)}, []string{""}, prepares)
}

// TestManyNames: more statements than are followed are still counted, and one that is executed
// again after it was not followed any more is not taken for one that was not.
func TestManyNames(t *testing.T) {
	for _, again := range []bool{false, true} {
		p := newPlayer(t, only(t, "never-reused"))
		for i := range 3000 {
			p.parseAndRun(fmt.Sprint("s", i), fmt.Sprint("select ", i))
			p.at = p.at.Add(-time.Millisecond)
		}
		for i := range 3000 {
			if again && i%9 == 0 {
				p.execute(fmt.Sprint("s", i), fmt.Sprint("select ", i))
			}
		}
		if again {
			p.expect()
			continue
		}
		p.expect("never-reused")
		if f := p.findings[0]; f.Count != 3000 {
			t.Error(f.Text)
		}
	}
}

// TestNeverReusedGoesOn: while a connection goes on, a statement that is open is not judged.
func TestNeverReusedGoesOn(t *testing.T) {
	p := newPlayer(t, only(t, "never-reused"))
	for i := range 150 {
		p.parseAndRun(fmt.Sprint("s", i), fmt.Sprint("select ", i))
	}
	p.pass(2 * time.Minute)
	p.execute("s0", "select 0")
	if len(p.findings) > 0 {
		t.Error("it was said too early")
	}
	for i := range 120 {
		p.closes(fmt.Sprint("s", i))
	}
	if len(p.findings) != 1 || p.findings[0].Count != 99 {
		t.Error("it was not said in time")
	}
	p.expect("never-reused")
}

// TestNeverReusedGap: while something was missed, a statement may have been executed.
func TestNeverReusedGap(t *testing.T) {
	p := newPlayer(t, only(t, "never-reused"))
	for i := range 150 {
		p.parseAndRun(fmt.Sprint("s", i), fmt.Sprint("select ", i))
	}
	p.take(event.Event{Conn: 1, Kind: event.Said, Fact: event.Missing{Direction: event.ClientToServer, Bytes: 100}})
	p.run(1, "select 1")
	p.logout(1)
	p.expect()
}

// TestNeverReusedPipeline: an execution that is not followed is not taken for none.
func TestNeverReusedPipeline(t *testing.T) {
	p := newPlayer(t, only(t, "never-reused"))
	for i := range 150 {
		p.parseAndRun(fmt.Sprint("s", i), fmt.Sprint("select ", i))
	}
	var binds []event.Message
	for i := range 1500 {
		binds = append(binds, p.bind(fmt.Sprint("s", max(0, i-1400))))
	}
	p.send(1, binds, []string{"select 0"}, extended)
	p.expect()
}
