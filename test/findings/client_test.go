package findings

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pgpi/test/servers"
)

// client is a program that uses the database of tables.
type client struct {
	t    *testing.T
	ctx  context.Context
	pool *pgxpool.Pool
	port int
	user string
}

// tables are those of a shop. Their keys begin with 1, as keys do.
const tables = `
create table customers (id int primary key, name text);
create table orders (id int primary key, customer_id int, total int);
create table items (id int primary key, order_id int, product text);
create table products (id int primary key, name text);
create table settings (id int primary key, value text);
create table jobs (id int primary key, state text);
create table visits (id int generated always as identity, page text);
insert into customers select g, 'customer ' || g from generate_series(1, 50) g;
insert into orders select 1000 + 3 * g, 1 + g % 50, g from generate_series(1, 200) g;
insert into items select g, 1000 + 3 * (1 + g % 200), 'product ' || g from generate_series(1, 1000) g;
insert into products select g, 'product ' || g from generate_series(1, 50) g;
insert into settings values (1, 'dark');
insert into jobs select g, 'done' from generate_series(1, 20) g;
create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84));
insert into pgbench_accounts select g, 1, 0, '' from generate_series(1, 100000) g;
create table pgbench_branches (bid int primary key);
insert into pgbench_branches values (1);
`

// rows is anything that runs statements.
type runner interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// ids runs a query, and returns the integers in its first column.
func (c *client) ids(on runner, sql string, args ...any) (ids []int) {
	rows, err := on.Query(c.ctx, sql, args...)
	if err != nil {
		c.t.Errorf("%s: %v", sql, err)
		return nil
	}
	ids, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (id int, err error) {
		values, err := row.Values()
		if n, ok := values[0].(int32); err == nil && ok {
			id = int(n)
		}
		return id, err
	})
	if err != nil {
		c.t.Errorf("%s: %v", sql, err)
	}
	return ids
}

// alone runs f with one connection.
func (c *client) alone(f func(conn *pgxpool.Conn)) {
	conn, err := c.pool.Acquire(c.ctx)
	if err != nil {
		c.t.Error(err)
		return
	}
	defer conn.Release()
	f(conn)
}

// inTransaction runs f in a transaction of one connection.
func (c *client) inTransaction(f func(tx pgx.Tx)) {
	if err := pgx.BeginFunc(c.ctx, c.pool, func(tx pgx.Tx) error { f(tx); return nil }); err != nil {
		c.t.Error(err)
	}
}

// steadily runs f again and again, with a pause, in several goroutines, as long as steady load
// lasts.
func (c *client) steadily(workers int, pause time.Duration, f func(n int)) {
	var all sync.WaitGroup
	end := time.Now().Add(*length)
	for w := range workers {
		all.Go(func() {
			for n := w; time.Now().Before(end) && c.ctx.Err() == nil; n += workers {
				f(n)
				time.Sleep(pause)
			}
		})
	}
	all.Wait()
}

// pgbench runs pgbench -S.
func (c *client) pgbench(protocol string) {
	args := []string{"-n", "-S", "-c", "8", "-T", strconv.Itoa(int(length.Seconds())), "-M", protocol, "-h", "127.0.0.1", "-p", strconv.Itoa(c.port), "-U", c.user, "shop"}
	cmd := exec.CommandContext(c.ctx, servers.Program(c.t, "pgbench"), args...)
	cmd.Env = append(cmd.Environ(), "PGSSLMODE=disable")
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Errorf("pgbench: %v: %s", errors.Join(err, c.ctx.Err()), out)
	}
}
