package findings

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// scenario is what a client does, and the rules that find something in it.
type scenario struct {
	name   string
	simple bool // without parameters
	run    func(c *client)
	want   []string
}

var scenarios = []scenario{
	// What rules are for.
	{"n+1 on one connection", false, (*client).each, []string{"n+1"}},
	{"n+1 without parameters", true, (*client).each, []string{"n+1"}},
	{"n+1 over a pool", false, (*client).eachAtOnce, []string{"n+1"}},
	{"n+1 in a transaction", false, (*client).eachInTransaction, []string{"n+1"}},
	{"the same again", false, (*client).sameAgain, []string{"duplicate"}},
	{"the same again in a transaction", false, (*client).sameAgainInTransaction, []string{"duplicate"}},

	// Near misses.
	{"IN lists of 500", false, (*client).lists, nil},
	{"pages by key", false, (*client).pages, nil},
	{"an INSERT loop", false, (*client).factory, []string{"batchable"}},
	{"an INSERT loop without transaction", false, (*client).visits, nil},
	{"tests with the same ids", false, (*client).tests, nil},
	{"a queue that is polled", false, (*client).queue, nil},
	{"a short wait for a state", false, (*client).await, nil},
	{"a web server that reads its settings", false, (*client).webServer, nil},
	{"pgbench -S simple", false, func(c *client) { c.pgbench("simple") }, nil},
	{"pgbench -S prepared", false, func(c *client) { c.pgbench("prepared") }, nil},
}

const (
	ordersOf = "select id from orders where customer_id = $1"
	itemsOf  = "select id, product from items where order_id = $1"
)

// each reads the items of each order in turn.
func (c *client) each() {
	c.alone(func(conn *pgxpool.Conn) {
		for _, id := range c.ids(conn, "select id, total from orders order by id limit 30") {
			c.ids(conn, itemsOf, id)
		}
	})
}

func (c *client) eachInTransaction() {
	c.inTransaction(func(tx pgx.Tx) {
		for _, id := range c.ids(tx, "select id, total from orders order by id limit 30") {
			c.ids(tx, itemsOf, id)
		}
	})
}

// eachAtOnce reads the items of all orders on several connections.
func (c *client) eachAtOnce() {
	var all sync.WaitGroup
	for _, id := range c.ids(c.pool, "select id, total from orders order by id limit 30") {
		all.Go(func() { c.ids(c.pool, itemsOf, id) })
	}
	all.Wait()
}

// sameAgain reads one customer again and again, among other things.
func (c *client) sameAgain() {
	c.alone(func(conn *pgxpool.Conn) {
		for i := range 4 {
			c.ids(conn, "select id, name from customers where id = $1", 7)
			c.ids(conn, ordersOf, 7+i)
		}
	})
}

func (c *client) sameAgainInTransaction() {
	c.inTransaction(func(tx pgx.Tx) {
		for i := range 4 {
			c.ids(tx, "select id, name from customers where id = $1", 7)
			c.ids(tx, ordersOf, 7+i)
		}
	})
}

// lists reads what belongs to 1000 rows in lists of 500.
func (c *client) lists() {
	c.alone(func(conn *pgxpool.Conn) {
		all := c.ids(conn, "select id from items order by id")
		for part := range slices.Chunk(all, 500) {
			c.ids(conn, "select id from items where id = any($1)", part)
		}
		for part := range slices.Chunk(all, 100) {
			list := fmt.Sprint(part[0])
			for _, id := range part[1:] {
				list += fmt.Sprint(", ", id)
			}
			c.ids(conn, "select id from items where id in ("+list+")")
		}
	})
}

// pages reads all items, each page after the last row of the one before.
func (c *client) pages() {
	c.alone(func(conn *pgxpool.Conn) {
		for last := 0; ; {
			page := c.ids(conn, "select id, product from items where id > $1 order by id limit 50", last)
			if len(page) == 0 {
				return
			}
			last = page[len(page)-1]
		}
	})
}

// factory makes rows one by one in a transaction.
func (c *client) factory() {
	c.inTransaction(func(tx pgx.Tx) {
		for i := range 30 {
			if _, err := tx.Exec(c.ctx, "insert into visits (page) values ($1)", fmt.Sprint("page ", i)); err != nil {
				c.t.Error(err)
			}
		}
	})
}

func (c *client) visits() {
	c.alone(func(conn *pgxpool.Conn) {
		for i := range 30 {
			if _, err := conn.Exec(c.ctx, "insert into visits (page) values ($1)", fmt.Sprint("page ", i)); err != nil {
				c.t.Error(err)
			}
		}
	})
}

// tests are tests that use the first rows of several tables.
func (c *client) tests() {
	c.alone(func(conn *pgxpool.Conn) {
		for _, table := range []string{"customers", "products", "jobs", "items", "settings"} {
			c.ids(conn, "select id from "+table+" order by id limit 10")
			for id := 1; id <= 3; id++ {
				c.ids(conn, "select id from "+table+" where id = $1", id)
			}
		}
	})
}

// queue looks for work again and again, and rarely finds any.
func (c *client) queue() {
	c.steadily(1, 200*time.Millisecond, func(int) {
		c.ids(c.pool, "select id from jobs where state = $1 order by id for update skip locked limit 1", "new")
		c.ids(c.pool, "select id from jobs where state = $1 order by id limit 10", "done")
	})
}

// await waits for a state, and then does something else.
func (c *client) await() {
	c.alone(func(conn *pgxpool.Conn) {
		for range 5 {
			c.ids(conn, "select id from jobs where state = $1", "new")
			time.Sleep(100 * time.Millisecond)
		}
		c.ids(conn, "select id from settings")
	})
}

// webServer reads the same row for each request, and what the request is about.
func (c *client) webServer() {
	c.steadily(4, 20*time.Millisecond, func(n int) {
		c.alone(func(conn *pgxpool.Conn) {
			c.ids(conn, "select id, value from settings where id = $1", 1)
			c.ids(conn, ordersOf, 1+n%50)
		})
	})
}
