package findings

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// counted are scenarios of rules that count, and their near misses.
var counted = []scenario{
	{"parsed each time", false, func(c *client) { c.again(pgx.QueryExecModeExec) }, []string{"reparse"}},
	{"prepared once", false, func(c *client) { c.again(pgx.QueryExecModeCacheStatement) }, nil},
	{"asked simply", false, func(c *client) { c.again(pgx.QueryExecModeSimpleProtocol) }, nil},
	{"prepared with constants", false, func(c *client) { c.texts("insert into visits (page) values ($1 || %d)") }, []string{"never-reused"}},
	{"a trace in each", false, func(c *client) { c.texts(traced) }, []string{"never-reused", "unique-sql"}},
	{"a trace in each, asked simply", true, func(c *client) { c.texts(traced) }, nil},
	{"a batch of INSERTs", false, (*client).batch, nil},
	{"a result that is left", false, (*client).leave, []string{"abandoned"}},
	{"a cursor that is left", false, (*client).leaveCursor, nil},
	{"a missing table", false, func(c *client) { c.fail("select id from nothing", 5) }, []string{"errors"}},
	{"a missing table, four times", false, func(c *client) { c.fail("select id from nothing", 4) }, nil},
	{"a key that is there", false, func(c *client) { c.fail("insert into settings values (1, 'light')", 5) }, []string{"errors"}},
	{"canceled", false, (*client).cancel, nil},
	{"on after an error", false, func(c *client) { c.goOn("") }, []string{"errors"}},
	{"on after ROLLBACK TO", false, func(c *client) { c.goOn("rollback to before") }, nil},
	{"the same row", false, func(c *client) { c.update(21, 21) }, []string{"serialization"}},
	{"another row", false, func(c *client) { c.update(22, 23) }, nil},
	{"a deadlock", false, (*client).deadlock, []string{"serialization"}},
}

const traced = "insert into visits (page) values ($1) /*traceparent='00-%032[1]x-%016[1]x-01'*/"

// exec runs a statement that may fail.
func (c *client) exec(on *pgxpool.Conn, sql string, args ...any) error {
	_, err := on.Exec(c.ctx, sql, args...)
	return err //nolint:wrapcheck // the scenario looks at it
}

// must runs a statement that may not.
func (c *client) must(on *pgxpool.Conn, sql string, args ...any) {
	if err := c.exec(on, sql, args...); err != nil {
		c.t.Errorf("%s: %v", sql, err)
	}
}

// again runs one statement again and again.
func (c *client) again(mode pgx.QueryExecMode) {
	c.alone(func(conn *pgxpool.Conn) {
		for range 120 {
			c.must(conn, "insert into visits (page) values ($1)", mode, "home")
		}
	})
}

// texts runs statements that differ.
func (c *client) texts(format string) {
	c.alone(func(conn *pgxpool.Conn) {
		for i := range 120 {
			c.must(conn, fmt.Sprintf(format, i+1), "home")
		}
	})
}

// batch makes rows in a pipeline.
func (c *client) batch() {
	c.inTransaction(func(tx pgx.Tx) {
		var b pgx.Batch
		for i := range 100 {
			b.Queue("insert into visits (page) values ($1)", fmt.Sprint("page ", i))
		}
		if err := tx.SendBatch(c.ctx, &b).Close(); err != nil {
			c.t.Error(err)
		}
	})
}

// leave reads the beginning of a large result, and then closes the connection.
func (c *client) leave() {
	c.alone(func(conn *pgxpool.Conn) {
		ctx, cancel := context.WithCancel(c.ctx)
		defer cancel()
		rows, err := conn.Query(ctx, "select aid from pgbench_accounts, generate_series(1, 100)")
		if err != nil {
			c.t.Error(err)
			return
		}
		for range 2000 {
			rows.Next()
		}
		cancel()
		rows.Close()
	})
}

// leaveCursor does the same with a cursor.
func (c *client) leaveCursor() {
	c.alone(func(conn *pgxpool.Conn) {
		c.must(conn, "begin")
		c.must(conn, "declare accounts cursor for select aid from pgbench_accounts, generate_series(1, 100)")
		c.must(conn, "fetch 2000 from accounts")
		c.must(conn, "rollback")
	})
}

func (c *client) fail(sql string, times int) {
	c.alone(func(conn *pgxpool.Conn) {
		for range times {
			if c.exec(conn, sql) == nil {
				c.t.Errorf("%s does not fail", sql)
			}
		}
	})
}

// cancel cancels the same statement again and again.
func (c *client) cancel() {
	for range 6 {
		c.alone(func(conn *pgxpool.Conn) {
			over := make(chan error)
			go func() { over <- c.exec(conn, "select pg_sleep(600)") }()
			for waits := true; waits; {
				select {
				case err := <-over:
					if waits = false; err == nil {
						c.t.Error("it was not canceled")
					}
				case <-time.After(50 * time.Millisecond): // a request that comes too early does nothing
					if err := conn.Conn().PgConn().CancelRequest(c.ctx); err != nil {
						c.t.Error(err)
					}
				}
			}
		})
	}
}

// goOn makes an error in a transaction, does something about it, and goes on.
func (c *client) goOn(do string) {
	c.alone(func(conn *pgxpool.Conn) {
		c.must(conn, "begin")
		c.must(conn, "savepoint before")
		if c.exec(conn, "select 1 / 0") == nil {
			c.t.Error("it does not fail")
		}
		if do != "" {
			c.must(conn, do)
		}
		for range 12 {
			if err := c.exec(conn, "select id from settings order by id"); (err == nil) != (do != "") {
				c.t.Error(err)
			}
		}
		c.must(conn, "rollback")
	})
}

// update lets two transactions update rows. If it is the same row, the second fails, and is run
// again.
func (c *client) update(first, second int) {
	const begin, update = "begin isolation level repeatable read", "update products set name = 'new' where id = $1"
	c.alone(func(one *pgxpool.Conn) {
		c.alone(func(two *pgxpool.Conn) {
			c.must(one, begin)
			c.must(two, begin)
			c.must(two, "select id from settings")
			c.must(one, update, first)
			c.must(one, "commit")
			if err := c.exec(two, update, second); err != nil {
				c.must(two, "rollback")
				c.must(two, begin)
				c.must(two, "select id from settings")
				c.must(two, update, second)
			}
			c.must(two, "commit")
		})
	})
}

// deadlock lets two transactions wait for each other.
func (c *client) deadlock() {
	const update = "update products set name = 'new' where id = $1"
	c.alone(func(one *pgxpool.Conn) {
		c.alone(func(two *pgxpool.Conn) {
			for n, conn := range []*pgxpool.Conn{one, two} {
				c.must(conn, "begin")
				c.must(conn, "set local deadlock_timeout = '50ms'")
				c.must(conn, update, 10+n)
			}
			waits := make(chan error)
			go func() { waits <- c.exec(one, update, 11) }()
			a, b := c.exec(two, update, 10), <-waits
			if (a == nil) == (b == nil) {
				c.t.Error(a, b)
			}
			c.must(one, "rollback")
			c.must(two, "rollback")
		})
	})
}
