package insight_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/insight"
)

// only looks for some rules.
func only(t *testing.T, rules string) insight.Options {
	t.Helper()
	selection, err := insight.ParseSelection(rules)
	if err != nil {
		t.Fatal(err)
	}
	return insight.Options{Rules: selection}
}

// Results of five rows: with ids as a sequence counts them, and with others.
var (
	orders   = numbers("id", 1, 2, 3, 4, 5)
	shuffled = numbers("id", 701, 33, 1902, 58, 440)
)

// typeOIDs are close together, and far from the next ones.
var typeOIDs = slices.Concat(upTo(80)[15:], []int{114, 142, 194, 210, 269, 325}, []int{600, 601, 602, 603, 604, 628, 700, 701, 718}, []int{1000, 1001, 1002, 1003, 1005, 1006, 1007, 1560, 1700}, []int{2950, 2951, 3220, 3614, 13000})

const (
	listOrders = "select id from orders"
	askItems   = "select * from items where order_id = %d"
)

func TestNPlusOne(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(p *player)
		want string // the beginning of the sentence, "" for none
	}{
		{"one connection", func(p *player) {
			p.list(listOrders, orders)
			p.each(1, askItems, 1, 2, 3, 4, 5)
		}, `5 × "select * from items where order_id = $1": $1 took, in order, the values of column id of the 5 rows of "select id from orders"; about 4.0 ms in 4 round trips (the median round trip × 4, an estimate)`},
		{"four", func(p *player) {
			p.list(listOrders, orders)
			p.each(1, askItems, 1, 2, 3, 4)
		}, ""},
		{"in another order", func(p *player) {
			p.list(listOrders, orders)
			p.each(1, askItems, 1, 2, 3, 5, 4)
		}, ""},
		{"rows are skipped and values repeated", func(p *player) {
			p.run(1, "begin", in('T'))
			p.list(listOrders, numbers("id", 9, 701, 33, 8, 1902, 58, 440))
			p.each(1, askItems, 701, 701, 33, 1902, 1902, 58, 440)
		}, `7 × "select * from items where order_id = $1": $1 took, in order, the values of column id of 5 of the 7 rows of`},
		{"the result came too late", func(p *player) {
			p.each(1, askItems, 701, 33, 1902, 58)
			p.list(listOrders, shuffled)
			p.each(1, askItems, 440)
		}, ""},
		{"another table's rows 1 to 5", func(p *player) {
			p.list("select id from authors", orders)
			p.run(1, "select now()")
			p.each(1, "select * from books where id = %d", 1, 2, 3, 4, 5)
		}, ""},
		{"another table's rows 1 to 5, at once", func(p *player) {
			p.list("select id from authors", orders)
			p.each(1, "select * from books where id = %d", 1, 2, 3, 4, 5)
		}, ""},
		{"some of another table's rows", func(p *player) {
			p.list("select id from authors", numbers("id", upTo(100)...))
			p.each(1, "select * from books where id = %d", 3, 17, 22, 48, 90)
		}, ""},
		{"another table's rows, as a list with gaps has them close together", func(p *player) {
			p.list("select oid from pg_type", numbers("oid", typeOIDs...))
			p.each(1, "select * from books where author_id = %d", 16, 17, 18, 19, 20, 21, 22, 23, 24, 25)
			p.each(1, "select * from authors where id = %d", 1000, 1001, 1002, 1003, 1005, 1007)
			p.each(1, "select * from poems where id = %d", 601, 602, 603, 604, 718, 1003)
		}, ""},
		{"a list with gaps, over them", func(p *player) {
			p.list("select id from orders", numbers("id", typeOIDs...))
			p.each(1, "select * from books where page = %d", 17, 114, 194, 325, 601, 1003, 1700, 2950, 13000)
		}, `9 × "select * from books where page = $1"`},
		{"rows of the same table", func(p *player) {
			p.list("select id from books", orders)
			p.each(1, "select * from books where id = %d", 1, 2, 3, 4, 5)
		}, `5 × "select * from books where id = $1"`},
		{"a reference, at once", func(p *player) {
			p.list("select id from users", orders)
			p.each(1, "select * from books where author_id = %d", 1, 2, 3, 4, 5)
		}, `5 × "select * from books where author_id = $1"`},
		{"a reference, later", func(p *player) {
			p.list("select id from users", orders)
			p.run(1, "select now()")
			p.each(1, "select * from books where author_id = %d", 1, 2, 3, 4, 5)
		}, ""},
		{"a reference, some of the rows", func(p *player) {
			p.list("select id from users", numbers("id", upTo(6)...))
			p.each(1, "select * from books where author_id = %d", 1, 2, 3, 4, 5)
		}, ""},
		{"an order that is not counting", func(p *player) {
			p.list("select id from authors", numbers("id", 4, 2, 5, 1, 3))
			p.run(1, "select now()")
			p.each(1, "select * from books where id = %d", 4, 2, 5, 1, 3)
		}, `5 × "select * from books where id = $1"`},
		{"one gap", func(p *player) {
			p.list("select id from authors", numbers("id", 1, 2, 3, 5, 6))
			p.run(1, "select now()")
			p.each(1, "select * from books where id = %d", 1, 2, 3, 5, 6)
		}, ""},
		{"UUIDs of another table", func(p *player) {
			t := table{columns: []event.Column{{Name: "id", TypeOID: uuid, Binary: true}}}
			for i := range 5 {
				t.rows = append(t.rows, []string{fmt.Sprintf("%08x-7e3a-4c1b-9a51-0242ac120002", i*7+1)})
			}
			p.list("select id from authors", t)
			for _, row := range t.rows {
				p.run(1, "select * from books where id = '"+strings.ToUpper(row[0])+"'")
			}
		}, `5 × "select * from books where id = $1"`},
		{"two references of each row", func(p *player) {
			lines := numbers("order_id", 7, 7, 8, 8, 9, 9).with(event.Column{Name: "line", TypeOID: integer}, "1", "2", "1", "2", "1", "5")
			p.list("select order_id, line from lines", lines)
			for _, row := range lines.rows {
				p.run(1, fmt.Sprintf("select * from notes where order_id = %s and line = %s", row[0], row[1]))
			}
		}, ""}, // only three values are different
		{"two values of each row", func(p *player) {
			lines := numbers("order_id", 71, 71, 85, 85, 9, 9).with(event.Column{Name: "product", TypeOID: integer}, "1000", "720", "31", "5", "46", "8123")
			p.list("select order_id, product from lines", lines)
			for _, row := range lines.rows {
				p.run(1, fmt.Sprintf("select * from notes where order_id = %s and product = %s", row[0], row[1]))
			}
		}, `6 × "select * from notes where order_id = $1 and product = $2": $1 took, in order, the values of column order_id, and $2 those of column product of the 6 rows of`},
		{"two values of different rows", func(p *player) {
			lines := numbers("order_id", 71, 71, 85, 85, 9, 9).with(event.Column{Name: "product", TypeOID: integer}, "1000", "720", "31", "5", "46", "8123")
			p.list("select order_id, product from lines", lines)
			for i, row := range lines.rows {
				p.run(1, fmt.Sprintf("select * from notes where order_id = %s and product = %s", lines.rows[(i+1)%6][0], row[1]))
			}
		}, ""},
		{"a value that varies and is from elsewhere", func(p *player) {
			p.list(listOrders, shuffled)
			for i, id := range []int{701, 33, 1902, 58, 440} {
				p.run(1, fmt.Sprintf("select * from items where order_id = %d and seen < %d", id, 90_000+i))
			}
		}, ""},
		{"a constant limit", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select * from items where order_id = %d limit 3", 701, 33, 1902, 58, 440)
		}, `5 × "select * from items where order_id = $1 limit $2"`},
		{"the same rows in another order, that of names", func(p *player) {
			p.run(1, "begin", in('T'))
			p.list(listOrders, numbers("id", 701, 33, 1902, 58, 440, 9, 77, 1204, 15, 603, 2, 8000))
			p.each(1, askItems, 77, 1204, 15, 603, 2, 8000, 701, 33, 1902, 58, 440)
		}, `11 × "select * from items where order_id = $1": $1 took, in order in each of 2 runs, the values of column id of some of the 12 rows of "select id from orders"; about`},
		{"the same rows twice", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, askItems, 701, 33, 1902, 58, 440, 701, 33, 1902, 58, 440)
		}, `10 × "select * from items where order_id = $1": $1 took, in order in each of 2 runs, the values of column id of the 5 rows of "select id from orders"; about`},
		{"two results", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, askItems, 701, 33, 1902, 58, 440)
			p.list(listOrders, numbers("id", 7010, 330, 19020, 580, 4400))
			p.each(1, askItems, 7010, 330, 19020, 580, 4400)
		}, `10 × "select * from items where order_id = $1": $1 took, in order, the values of column id of the rows of 2 results of "select id from orders"; about`},
		{"NULL between", func(p *player) {
			t := numbers("n", 1, 1, 1, 1, 1, 1, 1).with(event.Column{Name: "author_id", TypeOID: integer}, "4", "null", "2", "5", "null", "1", "3")
			p.list("select n, author_id from books", t)
			p.each(1, "select * from authors where id = %d", 4, 2, 5, 1, 3)
		}, `5 × "select * from authors where id = $1"`},
		{"values again, without a cache", func(p *player) {
			p.list("select author_id from books", numbers("author_id", 41, 27, 41, 56, 18, 30))
			p.each(1, "select * from authors where id = %d", 41, 27, 41, 56, 18, 30)
		}, `6 × "select * from authors where id = $1"`},
		{"several columns", func(p *player) {
			p.list(listOrders, shuffled.with(event.Column{Name: "number", TypeOID: text}, "701", "33", "1902", "58", "440"))
			p.each(1, askItems, 701, 33, 1902, 58, 440)
		}, `5 × "select * from items where order_id = $1": $1 took, in order, the values of columns id and number of the 5 rows of`},
		{"the latest result", func(p *player) {
			p.list("select id from carts", shuffled)
			p.list(listOrders, shuffled)
			p.each(1, askItems, 701, 33, 1902, 58, 440)
		}, `5 × "select * from items where order_id = $1": $1 took, in order, the values of column id of the 5 rows of "select id from orders"`},
		{"few, after much else", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select * from other where n = %d", upTo(11)...)
			p.each(1, askItems, 701, 33, 1902, 58, 440)
		}, ""},
		{"few, after much else in the same transaction", func(p *player) {
			p.run(1, "begin", in('T'))
			p.list(listOrders, shuffled)
			p.each(1, "select * from other where n = %d", upTo(11)...)
			p.each(1, askItems, 701, 33, 1902, 58, 440)
			p.run(1, "commit", in('I'))
		}, `5 × "select * from items where order_id = $1"`},
		{"many, after much else", func(p *player) {
			p.list(listOrders, numbers("id", values(12)...))
			p.each(1, "select * from other where n = %d", upTo(11)...)
			p.each(1, askItems, values(12)...)
		}, `12 × "select * from items where order_id = $1"`},
		{"some rows", func(p *player) {
			p.list(listOrders, numbers("id", 9, 701, 33, 8, 1902, 58, 440))
			p.each(1, askItems, 701, 33, 1902, 58, 440)
		}, ""},
		{"some of many rows", func(p *player) {
			p.list(listOrders, numbers("id", values(60)...))
			p.each(1, askItems, values(60)[7:14]...)
		}, `7 × "select * from items where order_id = $1": $1 took, in order, the values of column id of 7 of the 60 rows`},
		{"some rows that count, at once", func(p *player) {
			p.run(1, "begin", in('T'))
			p.list(listOrders, numbers("id", upTo(100)...))
			p.each(1, askItems, 3, 17, 22, 48, 90)
		}, `5 × "select * from items where order_id = $1": $1 took, in order, the values of column id of 5 of the 100 rows`},
		{"some rows that count, later", func(p *player) {
			p.run(1, "begin", in('T'))
			p.list(listOrders, numbers("id", upTo(100)...))
			p.run(1, "select now()")
			p.each(1, askItems, 3, 17, 22, 48, 90)
		}, ""},
		{"all rows that count, later", func(p *player) {
			p.list(listOrders, numbers("id", upTo(12)...))
			p.run(1, "select now()")
			p.each(1, askItems, upTo(12)...)
		}, `12 × "select * from items where order_id = $1"`},
		{"some words", func(p *player) {
			p.run(1, "begin", in('T'))
			p.list("select code from countries", words("code", "at", "be", "de", "dk", "fr", "it", "nl", "us"))
			p.eachText("select * from rates where kind = '%s'", "at", "de", "fr", "it", "us")
		}, ""},
		{"some words, and names that agree", func(p *player) {
			p.run(1, "begin", in('T'))
			p.list("select code from countries", words("code", "at", "be", "de", "dk", "fr", "it", "nl", "us"))
			p.eachText("select * from rates where country_code = '%s'", "at", "de", "fr", "it", "us")
		}, `5 × "select * from rates where country_code = $1"`},
		{"all words", func(p *player) {
			p.list("select code from countries", words("code", "at", "de", "fr", "it", "us"))
			p.eachText("select * from rates where kind = '%s'", "at", "de", "fr", "it", "us")
		}, `5 × "select * from rates where kind = $1"`},
		{"chance in many lookups", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, askItems, 440, 33, 1902, 701, 58, 440, 33, 701, 701, 33, 1902, 58, 440, 58, 33, 1902, 701, 440, 58, 33)
		}, ""},
		{"pages by key", func(p *player) {
			all := upTo(100)
			for i := range all {
				all[i] *= 37
			}
			p.list("select id from orders order by id", numbers("id", all...))
			last := 0
			for page := range 8 {
				p.list(fmt.Sprintf("select id from orders where id > %d order by id limit 10", last), numbers("id", all[page*10:page*10+10]...))
				last = all[page*10+9]
			}
		}, ""},
		{"the system's catalogs", func(p *player) {
			p.list("select oid from pg_class", shuffled)
			p.each(1, "select attname from pg_catalog.pg_attribute a join pg_type t on t.oid = a.atttypid where attrelid = %d", 701, 33, 1902, 58, 440)
		}, ""},
		{"the system's catalogs, and a table", func(p *player) {
			p.list("select oid from pg_class", shuffled)
			p.each(1, "select attname from pg_attribute join notes on notes.about = attrelid where attrelid = %d", 701, 33, 1902, 58, 440)
		}, `5 × "select attname from pg_attribute join notes on notes.about = attrelid where attrelid = $1"`},
		{"a list", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select * from items where order_id in (%d, 3)", 701, 33, 1902, 58, 440)
		}, ""},
		{"a list of one", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select * from items where order_id in (%d)", 701, 33, 1902, 58, 440)
		}, `5 × "select * from items where order_id in ($1 /*, ... */)": $1 took, in order, the values of column id of the 5 rows of`},
		{"a list of one, with a cast", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select * from items where order_id in (%d::int4)", 701, 33, 1902, 58, 440)
		}, `5 × "select * from items where order_id in ($1::int4 /*, ... */)": $1 took`},
		{"lists of two", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select * from items where order_id in (%d, 701)", 701, 33, 1902, 58, 440)
		}, ""},
		{"lists, some of one", func(p *player) {
			p.list(listOrders, shuffled)
			for i, id := range []int{701, 33, 1902, 58, 440} {
				p.run(1, fmt.Sprintf("select * from items where order_id in (%d%s)", id, strings.Repeat(", 58", i%2)))
			}
		}, ""},
		{"a list of one, and any", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select * from items where order_id in (%d) and n = any('{1,2}')", 701, 33, 1902, 58, 440)
		}, ""},
		{"writes", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "update items set n = 1 where order_id = %d", 701, 33, 1902, 58, 440)
			p.each(1, "insert into log select order_id from items where order_id = %d", 701, 33, 1902, 58, 440)
		}, ""},
		{"functions", func(p *player) {
			p.list(listOrders, shuffled)
			p.each(1, "select pg_advisory_lock(%d)", 701, 33, 1902, 58, 440)
		}, ""},
		{"a tree", func(p *player) {
			p.list("select id from nodes where parent = 0", shuffled)
			for _, id := range []int{701, 33, 1902, 58, 440} {
				p.list(fmt.Sprintf("select id from nodes where parent = %d", id), numbers("id", id+10_000, id+20_000, id+30_000, id+40_000, id+50_000))
			}
			for _, id := range []int{701, 33, 1902, 58, 440} {
				p.each(1, "select id from nodes where parent = %d", id+10_000, id+20_000, id+30_000, id+40_000, id+50_000)
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "n+1"))
			c.play(p)
			p.expectOne("n+1", c.want, "")
		})
	}
}

// TestNPlusOneFormats has the values of parents and children in all formats.
func TestNPlusOneFormats(t *testing.T) {
	types := []uint32{smallint, integer, bigint, text}
	for _, parent := range types {
		for _, child := range types {
			for i := range 4 {
				p := newPlayer(t, only(t, "n+1"))
				list := shuffled
				list.columns = []event.Column{{Name: "id", TypeOID: parent, Binary: i&1 != 0}}
				p.list(listOrders, list)
				for _, row := range list.rows {
					p.run(1, "select * from items where order_id = $1", bound(child, i&2 != 0, row[0]))
				}
				p.expect("n+1")
			}
		}
	}
}

// TestNPlusOneProvesNothing has what can't be compared.
func TestNPlusOneProvesNothing(t *testing.T) {
	const ask = "select * from items where order_id = $1"
	for _, c := range []struct {
		name   string
		change func(list *table)
		row    func(m *event.Message)
		bind   func(x *event.Exchange)
		oid    uint32
		want   []string
	}{
		{name: "nothing is wrong", oid: integer, want: []string{"n+1"}},
		{name: "binary of unknown type", oid: 0},
		{name: "another type of column", oid: integer, change: func(list *table) { list.columns = []event.Column{{Name: "id", TypeOID: 1700}} }},
		{name: "rows are redacted", oid: integer, row: func(m *event.Message) { m.Redacted = []event.Span{{Start: 11, End: 12}} }},
		{name: "rows are cut", oid: integer, row: func(m *event.Message) { m.Size++ }},
		{name: "parameters are redacted", oid: integer, bind: func(x *event.Exchange) { x.Bind.Redacted = []event.Span{{Start: 15, End: 16}} }},
		{name: "SQL is redacted", oid: integer, bind: func(x *event.Exchange) { x.Context.Redacted = true }},
		{name: "the portal goes on", oid: integer, bind: func(x *event.Exchange) { x.Bind = nil }},
		{name: "they failed", oid: integer, bind: failed("57014")},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "n+1"))
			list := shuffled
			if c.change != nil {
				c.change(&list)
			}
			p.answers(list)
			if c.row != nil {
				for i := range p.reply {
					c.row(&p.reply[i])
				}
			}
			p.run(1, listOrders)
			for _, row := range shuffled.rows {
				changes := []func(*event.Exchange){bound(integer, true, row[0])}
				if c.oid == 0 {
					changes = append(changes, func(x *event.Exchange) { x.Context.ParameterTypes = nil })
				}
				if c.bind != nil {
					changes = append(changes, c.bind)
				}
				p.run(1, ask, changes...)
			}
			p.expect(c.want...)
		})
	}
}
