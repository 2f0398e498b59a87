package insight_test

import (
	"fmt"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/insight"
)

func TestBatchable(t *testing.T) {
	const insert, update, remove = "insert into items values (%d)", "update items set price = 1 where id = %d", "delete from items where id = %d"
	for _, c := range []struct {
		name    string
		sql     string
		times   int
		pipe    int // how many come without waiting for the one before, of each 20
		changes func(*event.Exchange)
		want    []string
	}{
		{"20 INSERTs", insert, 20, 0, counted(1), []string{"batchable"}},
		{"19 INSERTs", insert, 19, 0, counted(1), nil},
		{"20 UPDATEs", update, 20, 0, counted(3), []string{"batchable"}},
		{"20 DELETEs", remove, 20, 0, counted(0), []string{"batchable"}},
		{"a pipeline", insert, 200, 19, counted(1), nil},
		{"the first two in a pipeline", insert, 20, 1, counted(1), nil},
		{"with RETURNING", insert + " returning id", 30, 0, counted(1), nil},
		{"of several rows", "insert into items values (%d), (2)", 30, 0, counted(2), nil},
		{"of a list", "delete from items where id = any(array[%d, 2])", 30, 0, counted(2), nil},
		{"that fail", update, 30, 0, failed("23514"), []string{"errors"}},
		{"SELECTs", "select * from items where id = %d", 30, 0, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, insight.Options{Rules: without("repeated", "n+1")})
			p.run(1, "begin", in('T'))
			for i := range c.times {
				p.run(1, fmt.Sprintf(c.sql, i), func(x *event.Exchange) {
					if c.changes != nil {
						c.changes(x)
					}
					if n := i % 20; n > 0 && n <= c.pipe {
						x.RoundTrips = 0
					}
				})
			}
			p.run(1, "commit", in('I'))
			p.expect(c.want...)
		})
	}
}

// TestNotTogether: what no transaction holds together is not a batch.
func TestNotTogether(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	for i := range 50 {
		p.run(1, fmt.Sprint("insert into items values (", i, ")"), counted(1))
	}
	p.run(1, "begin", in('T'))
	p.run(2, "begin", in('T'))
	for i := range 38 {
		p.run(uint32(1+i%2), fmt.Sprint("insert into items values (", i, ")"), counted(1))
	}
	p.expect()
}

// TestBatchBetweenSavepoints: what savepoints separate, as in the tests of one transaction, is not a
// batch.
func TestBatchBetweenSavepoints(t *testing.T) {
	for _, bound := range []string{"savepoint s", "rollback to s"} {
		p := newPlayer(t, insight.Options{})
		p.run(1, "begin", in('T'))
		for i, n := range []int{19, 20, 19} {
			p.run(1, bound)
			for range n {
				p.run(1, fmt.Sprint("insert into items values (", i, ")"), counted(1))
			}
		}
		p.run(1, "commit", in('I'))
		p.expect("batchable")
		for _, f := range p.findings {
			if f.Count != 20 {
				t.Errorf("%d writes instead of 20: %s", f.Count, f.Text)
			}
		}
	}
}

// TestBatchPrepared: preparing a statement does not write.
func TestBatchPrepared(t *testing.T) {
	for n, want := range map[int][]string{19: nil, 20: {"batchable"}} {
		p := newPlayer(t, insight.Options{})
		p.run(1, "begin", in('T'))
		for i := range n + 1 {
			p.run(1, "insert into items values ($1)", counted(1), func(x *event.Exchange) {
				if i == 5 {
					x.Kind, x.Counted = event.Prepare, -1
				}
			})
		}
		p.run(1, "commit", in('I'))
		p.expect(want...)
		for _, f := range p.findings {
			if f.Count != 20 {
				t.Errorf("%d writes instead of 20: %s", f.Count, f.Text)
			}
		}
	}
}

// TestBatchWithCommit: the last write comes with COMMIT, without waiting.
func TestBatchWithCommit(t *testing.T) {
	for n, want := range map[int][]string{20: nil, 21: {"batchable"}} {
		p := newPlayer(t, insight.Options{})
		p.run(1, "begin", in('T'))
		for i := range n {
			p.run(1, fmt.Sprint("delete from items where items.id = ", i), counted(1))
		}
		p.run(1, "commit", in('I'), func(x *event.Exchange) { x.RoundTrips = 0 })
		p.expect(want...)
		for _, f := range p.findings {
			if f.Count != 20 || f.Remedy != "One DELETE would do: where items.id = any($1)." {
				t.Errorf("%d writes: %s. %s", f.Count, f.Text, f.Remedy)
			}
		}
	}
}
