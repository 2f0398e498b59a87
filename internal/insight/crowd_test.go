package insight_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgpi/internal/event"
)

// sideBySide runs a statement for each of some values, on connections of their own.
func (p *player) sideBySide(sql string, values ...int) {
	start := p.at.Sub(began)
	for i := range values {
		conn := uint32(i + 1)
		p.numbers[conn]++
		p.take(event.Event{Conn: conn, Kind: event.Traffic, Messages: []event.Message{{Exchange: p.numbers[conn]}}})
	}
	p.at = p.at.Add(time.Millisecond)
	for i, v := range values {
		conn := uint32(i + 1)
		p.take(event.Event{Conn: conn, Kind: event.Traffic, Direction: event.ServerToClient, Messages: []event.Message{{Done: p.numbers[conn]}}})
		p.take(event.Event{Conn: conn, Kind: event.Exchanged, Exchange: p.exchange(conn, p.numbers[conn], fmt.Sprintf(sql, v), start)})
	}
}

// TestNPlusOneOnSeveralConnections has the children of a pool.
func TestNPlusOneOnSeveralConnections(t *testing.T) {
	many := []int{}
	for i := range 20 {
		many = append(many, (i*i*37+11*i)%1009+5000*(i%3))
	}
	for _, c := range []struct {
		name string
		play func(p *player)
		want []string
	}{
		{"all, in any order, side by side", func(p *player) {
			p.list(listOrders, shuffled)
			p.sideBySide(askItems, 58, 701, 33, 440, 1902)
		}, []string{"n+1"}},
		{"all, twice, side by side", func(p *player) {
			p.list(listOrders, shuffled)
			p.sideBySide(askItems, 58, 701, 33, 440, 1902)
			p.sideBySide(askItems, 701, 58, 1902, 33, 440)
		}, []string{"n+1"}},
		{"all, in any order, one after another", func(p *player) {
			p.list(listOrders, shuffled)
			for i, id := range []int{58, 701, 33, 440, 1902} {
				p.each(uint32(i+1), askItems, id)
			}
		}, nil},
		{"all, in order, one after another", func(p *player) {
			p.list(listOrders, shuffled)
			for i, id := range []int{701, 33, 1902, 58, 440} {
				p.each(uint32(i+1), askItems, id)
			}
		}, []string{"n+1"}},
		{"all, after one that is not of the result", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, askItems, 9)
			p.sideBySide(askItems, 58, 701, 33, 440, 1902)
		}, nil},
		{"not all", func(p *player) {
			p.list(listOrders, numbers("id", 701, 33, 1902, 58, 440, 9))
			p.sideBySide(askItems, 58, 701, 33, 440, 1902)
		}, nil},
		{"after much else", func(p *player) {
			p.list(listOrders, shuffled)
			for range 11 {
				p.run(1, "select now()")
			}
			p.sideBySide(askItems, 58, 701, 33, 440, 1902)
		}, nil},
		{"in order on each connection, after much else", func(p *player) {
			p.list(listOrders, numbers("id", many...))
			for range 11 {
				p.run(1, "select now()")
			}
			for i, id := range many {
				p.each(uint32(i%4+1), askItems, id)
			}
		}, []string{"n+1"}},
		{"in no order, after much else", func(p *player) {
			p.list(listOrders, numbers("id", many...))
			for range 11 {
				p.run(1, "select now()")
			}
			asked := slices.Clone(many)
			slices.Reverse(asked)
			for i, id := range asked {
				p.each(uint32(i%4+1), askItems, id)
			}
		}, []string{"n+1"}},
		{"some twice", func(p *player) {
			p.list(listOrders, shuffled)
			p.sideBySide(askItems, 58, 701, 58, 33, 440, 1902)
		}, nil},
		{"1 to 5 of another table", func(p *player) {
			p.list("select id from authors", orders)
			p.sideBySide("select * from books where id = %d", 1, 2, 3, 4, 5)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "n+1"))
			c.play(p)
			p.expect(c.want...)
		})
	}
}
