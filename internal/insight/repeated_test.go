package insight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
)

// values are different, and in no order.
func values(n int) (all []int) {
	for i := range n {
		all = append(all, 100+i*i*7%1009)
	}
	return all
}

func TestRepeated(t *testing.T) {
	const ask = "select * from items where id = %d"
	inside := func(play func(p *player)) func(*player) {
		return func(p *player) {
			p.run(1, "begin", in('T'))
			play(p)
			p.run(1, "commit", in('I'))
		}
	}
	for _, c := range []struct {
		name string
		play func(p *player)
		want string
	}{
		{"ten in a transaction", inside(func(p *player) { p.each(1, ask, values(10)...) }), `10 × "select * from items where id = $1" with 10 different values of $1 in one transaction; what was seen does not prove where they are from`},
		{"lists of one", inside(func(p *player) { p.each(1, "select * from items where id in (%d)", values(10)...) }), `10 × "select * from items where id in ($1 /*, ... */)" with 10 different values of $1 in one transaction; what`},
		{"lists of two", inside(func(p *player) { p.each(1, "select * from items where id in (7, %d)", values(12)...) }), ""},
		{"nine lists of one, and some of several", inside(func(p *player) {
			p.run(1, "select * from items where id in (1, 2, 3)")
			p.each(1, "select * from items where id in (%d)", values(9)...)
			p.run(1, "select * from items where id in (4, 5)")
		}), ""},
		{"nine", inside(func(p *player) { p.each(1, ask, values(9)...) }), ""},
		{"nine and one again", inside(func(p *player) { p.each(1, ask, append(values(9), 100)...) }), ""},
		{"outside", func(p *player) { p.each(1, ask, values(10)...) }, ""},
		{"in one request", func(p *player) { p.each(1, ask+" /*request_id='r1'*/", values(10)...) }, `10 × "select * from items where id = $1" with 10 different values of $1 in one request, trace or test; what`},
		{"in one trace", func(p *player) {
			for i, v := range values(10) {
				p.run(1, fmt.Sprintf("select * from items where id = %d /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902%02x-01'*/", v, i))
			}
		}, `10 × "select * from items where id = $1" with 10 different values of $1 in one request, trace or test; what`},
		{"in one route", func(p *player) { p.each(1, ask+" /*route='/items'*/", values(10)...) }, ""},
		{"in two requests", func(p *player) {
			p.each(1, ask+" /*request_id='r1'*/", values(10)[:5]...)
			p.each(1, ask+" /*request_id='r2'*/", values(10)[5:]...)
		}, ""},
		{"a savepoint between", inside(func(p *player) {
			p.each(1, ask, values(10)[:5]...)
			p.run(1, "savepoint s1", in('T'))
			p.each(1, ask, values(10)[5:]...)
		}), ""},
		{"pages by offset", inside(func(p *player) {
			p.each(1, "select * from items where n = 4 limit 10 offset %d", values(12)...)
		}), ""},
		{"pages by key", inside(func(p *player) { p.each(1, "select * from items where id > %d limit 10", values(12)...) }), ""},
		{"a chain", inside(func(p *player) {
			all := values(12)
			for i, v := range all[:11] {
				p.list(fmt.Sprintf("select next from items where id = %d", v), numbers("next", all[i+1]))
			}
		}), ""},
		{"the parent is seen", inside(func(p *player) {
			p.list("select id from lists", numbers("id", values(10)...))
			p.each(1, ask, values(10)...)
		}), ""},
		{"a result has them in order, which proves nothing", inside(func(p *player) {
			p.list("select id from lists", numbers("id", upTo(12)...))
			p.each(1, ask, upTo(12)...)
		}), `12 × "select * from items where id = $1" with 12 different values of $1 in one transaction; what was seen does not prove where they are from`},
		{"the parent is not remembered", inside(func(p *player) {
			p.list("select id from lists", numbers("id", values(10)...))
			for i := range 16 {
				p.list(fmt.Sprintf("select c%d from other", i), numbers("c", 8001, 7003, 9002, 8500, 7999))
			}
			p.each(1, ask, values(10)...)
		}), `10 × "select * from items where id = $1" with 10 different values of $1 in one transaction; what was seen does not prove where they are from (1 result forgotten in the meantime)`},
		{"on two connections", func(p *player) {
			for i, v := range values(10) {
				p.run(uint32(i%2+1), fmt.Sprintf(ask+" /*test='t1'*/", v))
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "repeated"))
			c.play(p)
			p.expectOne("repeated", c.want, "")
		})
	}
}

// TestOneFindingForOneLoop: what rule n+1 finds, the others do not find again.
func TestOneFindingForOneLoop(t *testing.T) {
	p := newPlayer(t, only(t, "n+1,repeated,duplicate"))
	p.run(1, "begin", in('T'))
	p.list("select id from lists", numbers("id", values(10)...))
	for _, v := range values(10) {
		for range 3 {
			p.list(fmt.Sprintf("select * from items where id = %d", v), numbers("id", v))
		}
	}
	p.run(1, "commit", in('I'))
	p.pass(3 * time.Second)
	p.expect("n+1")
}

func TestDuplicate(t *testing.T) {
	const ask = "select * from settings where id = 7"
	row := numbers("id", 7)
	for _, c := range []struct {
		name string
		play func(p *player)
		want string
	}{
		{"three times in a burst that rests", func(p *player) {
			for range 3 {
				p.list(ask, row)
				p.run(1, "select * from other")
			}
		}, `"select * from settings where id = $1" was asked 3 times in one burst, with the same 1 row each time`},
		{"three times in a transaction", func(p *player) {
			p.run(1, "begin", in('T'))
			for range 3 {
				p.list(ask, row)
				p.list("select * from settings where id = 8", row)
				p.run(1, "select * from other")
			}
			p.run(1, "commit", in('I'))
		}, `"select * from settings where id = $1" was asked 3 times in one transaction, with the same 1 row each time; and 3 times with other values`},
		{"three times for one request", func(p *player) {
			for range 3 {
				p.list(ask+" /*request_id='a'*/", row)
				p.run(1, "select * from other /*request_id='a'*/")
			}
		}, `"select * from settings where id = $1" was asked 3 times in one request, trace or test, with the same 1 row each time`},
		{"for each of some transactions", func(p *player) {
			for range 9 {
				p.run(1, "begin", in('T'))
				p.list(ask, row)
				p.run(1, "select * from other")
				p.run(1, "commit", in('I'))
			}
		}, ""},
		{"twice", func(p *player) {
			for range 2 {
				p.list(ask, row)
				p.run(1, "select * from other")
			}
		}, ""},
		{"of the system's catalogs", func(p *player) {
			for range 3 {
				p.list("select oid from pg_type where typname = 'hstore'", row)
				p.run(1, "select * from other")
			}
		}, ""},
		{"by itself", func(p *player) {
			for range 3 {
				p.list(ask, row)
			}
		}, ""},
		{"with BEGIN and COMMIT only", func(p *player) {
			p.run(1, "begin", in('T'))
			for range 3 {
				p.list(ask, row)
			}
			p.run(1, "commit", in('I'))
		}, ""},
		{"in a burst that goes on", func(p *player) {
			for range 60 {
				p.list(ask, row)
				p.run(1, "select * from other")
				p.pass(500 * time.Millisecond)
			}
		}, ""},
		{"without rows", func(p *player) {
			for range 3 {
				p.run(1, ask)
				p.run(1, "select * from other")
			}
		}, ""},
		{"with another row", func(p *player) {
			p.run(1, "select * from other")
			p.list(ask, row)
			p.list(ask, numbers("id", 8))
			p.list(ask, row)
		}, ""},
		{"with another row later", func(p *player) {
			p.run(1, "select * from other")
			for _, answer := range []table{row, row, row, numbers("id", 8), row} {
				p.list(ask, answer)
			}
		}, `"select * from settings where id = $1" was asked 3 times`},
		{"a write between", func(p *player) {
			p.list(ask, row)
			p.list(ask, row)
			p.run(2, "update settings set a = 1")
			p.list(ask, row)
			p.list(ask, row)
		}, ""},
		{"CALL between", func(p *player) {
			p.list(ask, row)
			p.list(ask, row)
			p.run(1, "call refresh()")
			p.list(ask, row)
		}, ""},
		{"with other values", func(p *player) {
			p.run(1, "select * from other")
			for i := range 3 {
				p.list(fmt.Sprint("select * from settings where id = ", i), row)
			}
		}, ""},
		{"for update", func(p *player) {
			p.run(1, "select * from other")
			for range 3 {
				p.list(ask+" for update", row)
			}
		}, ""},
		{"3 of 31", func(p *player) {
			p.run(1, "select * from other")
			for i := range 28 {
				p.list(fmt.Sprint("select * from settings where id = ", i+10), numbers("id", i+10))
			}
			for range 3 {
				p.list(ask, row)
			}
		}, ""},
		{"comments that differ", func(p *player) {
			p.run(1, "select * from other")
			for i := range 3 {
				p.list(fmt.Sprintf("%s /* %d */", ask, i), row)
			}
		}, `"select * from settings where id = $1" was asked 3 times`},
		{"with parameters", func(p *player) {
			p.run(1, "select * from other")
			for range 3 {
				p.list("select * from settings where id = $1", row, bound(integer, true, "7"))
			}
		}, `"select * from settings where id = $1" was asked 3 times`},
		{"other parameters", func(p *player) {
			p.run(1, "select * from other")
			for i := range 3 {
				p.list("select * from settings where id = $1", row, bound(integer, true, fmt.Sprint(i)))
			}
		}, ""},
		{"savepoints between, as of tests", func(p *player) {
			p.run(1, "begin", in('T'))
			for range 3 {
				p.run(1, "savepoint a", in('T'))
				p.list(ask, row)
				p.run(1, "select * from other")
				p.run(1, "rollback to a", in('T'))
			}
			p.run(1, "rollback", in('I'))
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "duplicate"))
			c.play(p)
			p.pass(3 * time.Second)
			p.expectOne("duplicate", c.want, "")
		})
	}
}

// TestDuplicateInRuns has the same rows as single ones, and in runs.
func TestDuplicateInRuns(t *testing.T) {
	p := newPlayer(t, only(t, "duplicate"))
	p.run(1, "select * from other")
	for size := 1; size <= 5; size += 2 {
		p.answers(orders)
		p.inRuns(size)
		p.run(1, "select id from orders")
	}
	p.pass(3 * time.Second)
	p.expect("duplicate")
}

// TestDuplicateSeverity: what only came at about the same time may be of several requests.
func TestDuplicateSeverity(t *testing.T) {
	for _, c := range []struct {
		within, comment string
		want            event.Severity
	}{
		{"burst", "", event.Note},
		{"transaction", "", event.Warning},
		{"request", " /*request_id='a'*/", event.Warning},
	} {
		p := newPlayer(t, only(t, "duplicate"))
		if c.within == "transaction" {
			p.run(1, "begin", in('T'))
		}
		for range 3 {
			p.list("select * from settings where id = 7"+c.comment, numbers("id", 7))
			p.run(1, "select * from other"+c.comment)
		}
		if c.within == "transaction" {
			p.run(1, "commit", in('I'))
		}
		p.expect("duplicate")
		for _, f := range p.findings {
			if f.Severity != c.want || strings.HasPrefix(f.Remedy, "If ") != (c.want == event.Note) {
				t.Errorf("%s: %v: %s", c.within, f.Severity, f.Remedy)
			}
		}
	}
}
