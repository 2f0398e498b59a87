package insight_test

import (
	"fmt"
	"testing"
)

// TestWhereTransactionsEnd: two transactions with ten writes each are not one with twenty, however
// the second begins.
func TestWhereTransactionsEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		middle func(p *player)
		want   []string
	}{
		{"nothing", func(*player) {}, []string{"batchable"}},
		{"COMMIT, BEGIN", func(p *player) {
			p.run(1, "commit", in('I'))
			p.run(1, "begin", in('T'))
		}, nil},
		{"COMMIT and BEGIN together", func(p *player) { p.pipeline(1, []string{"commit", "begin"}, in('T')) }, nil},
		{"COMMIT AND CHAIN", func(p *player) { p.run(1, "commit and chain") }, nil},
		{"ROLLBACK AND CHAIN", func(p *player) { p.run(1, "rollback and chain") }, nil},
		{"COMMIT; BEGIN in one Query", func(p *player) { p.run(1, "commit; begin") }, nil},
		{"a COMMIT that fails", func(p *player) {
			p.run(1, "commit", failed("23503"), in('I'))
			p.run(1, "begin", in('T'))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "batchable"))
			p.run(1, "begin", in('T'))
			for i := range 20 {
				if i == 10 {
					c.middle(p)
				}
				p.run(1, fmt.Sprint("insert into items values (", i, ")"))
			}
			p.run(1, "commit", in('I'))
			p.expect(c.want...)
		})
	}
}

// TestSyncAfterCommit: exchanges with one Sync all have the status after it.
func TestSyncAfterCommit(t *testing.T) {
	for n, want := range map[int][]string{20: nil, 21: {"batchable"}} {
		p := newPlayer(t, only(t, "batchable"))
		p.run(1, "begin", in('T'))
		for i := range n - 1 {
			p.run(1, fmt.Sprint("insert into items values (", i, ")"))
		}
		p.pipeline(1, []string{"insert into items values (0)", "commit"}, in('I'))
		p.expect(want...)
	}
}
