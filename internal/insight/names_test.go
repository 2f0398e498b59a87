package insight_test

import (
	"fmt"
	"testing"
	"time"
)

// Names that a program has counted prove no more than the integers at their end.
func TestNamesThatCount(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(p *player)
		want string // the beginning of the sentence, "" for none
	}{
		{"some", func(p *player) {
			p.list("select name from users", names(upTo(30)...))
			p.run(1, "update users set seen = now()")
			p.each(1, "select * from users where name = 'user%d'", upTo(20)...)
		}, ""},
		{"some that do not count", func(p *player) {
			p.list("select name from users", names(values(30)...))
			p.run(1, "update users set seen = now()")
			p.each(1, "select * from users where name = 'user%d'", values(20)...)
		}, `20 × "select * from users where name = $1"`},
		{"some, among others", func(p *player) {
			p.list("select name from users", words("name", append([]string{"root", "x9"}, names(upTo(30)...).column(0)...)...))
			p.run(1, "update users set seen = now()")
			p.each(1, "select * from users where name = 'user%d'", upTo(20)...)
		}, ""},
		{"all", func(p *player) {
			p.list("select name from users", names(upTo(6)...))
			p.each(1, "select * from users where name = 'user%d'", upTo(6)...)
		}, `6 × "select * from users where name = $1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "n+1"))
			c.play(p)
			p.pass(3 * time.Second)
			p.expectOne("n+1", c.want, "")
		})
	}
}

// names returns a result with one column of names that differ in a number.
func names(numbers ...int) table {
	var all []string
	for _, n := range numbers {
		all = append(all, fmt.Sprint("user", n))
	}
	return words("name", all...)
}

// column returns the values of a column.
func (t table) column(i int) (all []string) {
	for _, row := range t.rows {
		all = append(all, row[i])
	}
	return all
}
