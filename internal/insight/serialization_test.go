package insight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
)

const update = "update accounts set balance = 1 where id = 7"

// transact runs a transaction of one UPDATE. It fails with a code, if there is one.
func (p *player) transact(conn uint32, code string, sql ...string) {
	p.run(conn, "begin", in('T'))
	for _, s := range sql {
		p.run(conn, s)
	}
	if code == "" {
		p.run(conn, update)
		p.run(conn, "commit", in('I'))
		return
	}
	p.run(conn, update, failed(code), in('E'))
	p.run(conn, "rollback", in('I'))
}

func TestSerialization(t *testing.T) {
	const read = "select balance from accounts where id = 1"
	for _, c := range []struct {
		name     string
		do       func(p *player)
		want     string // the beginning of the sentence, or "" if nothing is found
		end      string
		severity event.Severity
	}{
		{"followed by the same", func(p *player) {
			p.transact(1, "40001")
			p.transact(1, "")
		}, "in 1 of 2 transactions a statement failed with 40001", "it was followed", event.Warning},
		{"followed by another", func(p *player) {
			p.transact(1, "40001")
			p.transact(1, "", read)
		}, "in 1 of 2 transactions", "it was not followed", event.Warning},
		{"followed on another connection", func(p *player) {
			p.transact(1, "40P01")
			p.transact(2, "")
		}, "in 1 of 2 transactions a statement failed with 40P01", "it was not followed", event.Warning},
		{"fails twice", func(p *player) {
			p.transact(1, "40001", read)
			p.transact(1, "40001", read)
			p.transact(1, "", read)
		}, "in 2 of 3 transactions", "all of them were followed", event.Warning},
		{"the second fails earlier", func(p *player) {
			p.transact(1, "40001", read, read)
			p.run(1, read, failed("40001"))
			p.transact(1, "", update, read)
		}, "in 2 of 3 transactions", "1 of them was followed", event.Warning},
		{"1 of 11", func(p *player) {
			p.transact(1, "40001")
			for range 10 {
				p.run(1, read)
			}
		}, "in 1 of 11 transactions", "it was not followed", event.Note},
		{"a pipeline is one transaction", func(p *player) {
			p.transact(1, "40001")
			p.pipeline(1, []string{read, read, read, read, read, read, read, read, read, read, read})
		}, "in 1 of 2 transactions", "it was not followed", event.Warning},
		{"COMMIT fails", func(p *player) {
			p.run(1, "begin", in('T'))
			p.run(1, read)
			p.run(1, "commit", failed("40001"), in('I'))
			p.run(1, "set work_mem = 1000")
			p.run(1, "begin", in('T'))
			p.run(1, read)
			p.run(1, "commit", in('I'))
		}, "in 1 of 2 transactions", "it was followed", event.Warning},
		{"the comments of statements differ", func(p *player) {
			p.transact(1, "40001", read+" /*request_id='1'*/")
			p.transact(1, "", read+" /*request_id='2'*/")
		}, "in 1 of 2 transactions", "it was followed", event.Warning},
		{"other errors", func(p *player) {
			for range 4 {
				p.transact(1, "23505")
			}
		}, "", "", 0},
		{"not over", func(p *player) {
			p.run(1, "begin", in('T'))
			p.run(1, update, failed("40001"), in('E'))
		}, "", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, insight.Options{})
			c.do(p)
			p.expectOne("serialization", c.want, c.end)
			for _, f := range p.findings {
				if f.Severity != c.severity {
					t.Errorf("it is a %s", f.Severity)
				}
			}
		})
	}
}

// TestSyncFails: the error of a Sync belongs to the transaction that it should have ended.
func TestSyncFails(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	p.run(1, update, func(x *event.Exchange) { x.Outcome = event.RolledBack })
	p.take(event.Event{Conn: 1, Kind: event.Exchanged, Exchange: &event.Exchange{
		Number: 1, Kind: event.SyncAlone, Outcome: event.Failed, SQLState: "40001", Transaction: 'I', Times: event.Times{Asked: time.Millisecond},
	}})
	p.run(1, update)
	p.expect("serialization")
	if want := "in 1 of 2 transactions a statement failed with 40001"; !strings.HasPrefix(fmt.Sprint(p.findings[0].Text), want) || !strings.Contains(p.findings[0].Text, "it was followed") {
		t.Error(p.findings[0].Text)
	}
}
