package insight_test

import (
	"slices"
	"testing"
)

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
		{"all, in any order, at once", func(p *player) {
			p.list(listOrders, shuffled)
			for i, id := range []int{58, 701, 33, 440, 1902} {
				p.each(uint32(i+1), askItems, id)
			}
		}, []string{"n+1"}},
		{"not all", func(p *player) {
			p.list(listOrders, numbers("id", 701, 33, 1902, 58, 440, 9))
			for i, id := range []int{58, 701, 33, 440, 1902} {
				p.each(uint32(i+1), askItems, id)
			}
		}, nil},
		{"after much else", func(p *player) {
			p.list(listOrders, shuffled)
			for range 11 {
				p.run(1, "select now()")
			}
			for i, id := range []int{58, 701, 33, 440, 1902} {
				p.each(uint32(i+1), askItems, id)
			}
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
			for i, id := range []int{58, 701, 58, 33, 440, 1902} {
				p.each(uint32(i+1), askItems, id)
			}
		}, nil},
		{"1 to 5 of another table", func(p *player) {
			p.list("select id from authors", orders)
			for i, id := range []int{1, 2, 3, 4, 5} {
				p.each(uint32(i+1), "select * from books where id = %d", id)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "n+1"))
			c.play(p)
			p.expect(c.want...)
		})
	}
}
