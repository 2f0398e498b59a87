//go:build unix

package messages

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pgpi/test/golden"
)

// TestBatch has pgx send the statements of a batch, with parameters and results in binary format,
// and compares the log. It is the same with all versions of servers.
func TestBatch(t *testing.T) {
	for _, version := range []int{15, 18} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			o := observe(t, startServer(t, version))
			config, err := pgx.ParseConfig(fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable&timezone=Europe/Berlin", o.address))
			if err != nil {
				t.Fatal(err)
			}
			config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return o.dial(ctx) }
			conn, err := pgx.ConnectConfig(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			const table = `create table orders (id int primary key, total numeric(10,2), note text, at timestamptz, tags text[], extra jsonb)`
			if _, err := conn.Exec(t.Context(), table); err != nil {
				t.Fatal(err)
			}
			before := len(o.text())
			if err := conn.SendBatch(t.Context(), orders()).Close(); err != nil {
				t.Error(err)
			}
			golden.Compare(t, "batch.txt", normalLines(o.text()[before:]))
			if err := conn.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// orders are three statements, one of them twice.
func orders() *pgx.Batch {
	b := new(pgx.Batch)
	const insert = "insert into orders values ($1, $2, $3, $4, $5, $6)"
	at := time.Date(2025, 7, 4, 14, 28, 59, 0, time.UTC)
	b.Queue(insert, 1, "9.90", "déjà vu", at, []string{"new", "blue"}, map[string]any{"gift": true})
	b.Queue(insert, 2, nil, "", nil, []string{}, nil)
	b.Queue("select * from orders where total is distinct from $1 order by id", "-1.5")
	b.Queue("update orders set note = $2 where id = any($1) returning id, note", []int32{1, 2}, strings.Repeat("long ", 50))
	return b
}

// text returns the log so far.
func (o *observer) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.log.String()
}

// normalLines returns the lines of a log without what changes.
func normalLines(log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		b.WriteString(golden.Normal(line))
	}
	return b.String()
}
