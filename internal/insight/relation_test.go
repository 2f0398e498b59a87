package insight_test

import (
	"fmt"
	"testing"
	"time"
)

// Integers that count are the same in each table, so what they belong to is decided by the table of
// the column that they are from, and of the column that they are compared with.
func TestTablesOfNames(t *testing.T) {
	for _, c := range []struct {
		column, parent, child string
		want                  bool
	}{
		{"id", "select id from orders", "select * from items where order_id = %d", true},
		{"id", "select o.id, o.total from orders o", "select i.* from items i where i.order_id = %d", true},
		{"id", "select o.id from orders o join users u on u.id = o.user_id", "select * from items where order_id = %d", true},
		{"id", "select id from orders", "select o.* from orders o where o.id = %d", true},
		{"id", "select users.* from users", "select r.* from reviews r join users u on u.id = r.user_id where u.id = %d", true},
		{"id", "select public.users.id from public.users", "select * from reviews where user_id = %d", true},
		{"order_id", "select order_id from items", "select * from orders where id = %d", true},
		{"order_id", "select o.id as order_id from orders o", "select * from items i where i.order_id = %d", true},
		{"t0_r0", `select "orders"."id" as t0_r0, "orders"."total" as t0_r1 from "orders" left outer join "users" on "users"."id" = "orders"."user_id"`, "select * from orders where id = %d", true},
		{"key", "select u.order_id as key from uses u", "select * from orders where id = %d", true},
		{"order_id", "select u.what as order_id from uses u", "select * from orders where id = %d", true},
		{"id", `select "Author"."id" from "author" "Author"`, `select "Book"."title" from "book" "Book" where "Book"."authorId" = %d`, true},

		// Of another table than the one that both read.
		{"id", "select talks.id from talks", "select talks.id from talks join mails_talks on talks.id = mails_talks.talk_id where mails_talks.mail_id = %d", false},
		{"id", "select id from orders", "select * from orders where customer_id = %d", false},
		{"id", "select o.id from orders o join users u on u.id = o.user_id", "select * from reviews where user_id = %d", false},
		{"id", "select users.* from users", "select r.* from reviews r join users u on u.id = r.user_id where r.id = %d", false},
		{"t0_r0", "select users.id as t0_r0, orders.id as t1_r0 from users join orders on users.id = orders.user_id", "select * from orders where id = %d", false},
		{"author_id", "select author_id from books", "select * from books where id = %d", false},
		{"author_id", "select author_id from books", "select b.* from books b join authors a on a.id = b.author_id where b.id = %d", false},
	} {
		t.Run(c.parent+"; "+c.child, func(t *testing.T) {
			p := newPlayer(t, only(t, "n+1"))
			p.run(1, "begin", in('T'))
			p.list(c.parent, numbers(c.column, upTo(20)...), in('T'))
			for i := range 20 {
				p.run(1, "select now() from clock")
				p.run(1, fmt.Sprintf(c.child, i+1))
			}
			p.run(1, "commit", in('I'))
			p.pass(3 * time.Second)
			if c.want {
				p.expect("n+1")
			} else {
				p.expect()
			}
		})
	}
}
