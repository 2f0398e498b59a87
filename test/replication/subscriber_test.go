//go:build unix

package replication

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pgpi/internal/wire"
)

// TestSubscriber has another server subscribe. It copies the tables first, then receives the
// changes, some of them in parallel.
func TestSubscriber(t *testing.T) {
	part(t)
	for version, options := range map[int]string{
		15: "streaming = on, two_phase = on", 18: "streaming = parallel, two_phase = on, binary = on",
	} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			publisher, subscriber := startServer(t, version, nil), startServer(t, version, nil)
			w := tap(t, publisher.Version, publisher.Port)
			from, to := connect(t, publisher.URL()), connect(t, subscriber.URL())
			const table = "CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text)"
			execute(t, from, table, "INSERT INTO orders VALUES (1, 1.5, NULL), (2, NULL, 'two')", "CREATE PUBLICATION pub FOR TABLE orders")
			execute(t, to, table, fmt.Sprintf("CREATE SUBSCRIPTION sub CONNECTION '%s' PUBLICATION pub WITH (%s)", w.conninfo(), options))
			await(t, to, "SELECT (bool_and(srsubstate = 'r') AND bool_and(subtwophasestate = 'e'))::text FROM pg_subscription_rel, pg_subscription", "true")
			execute(t, from, "UPDATE orders SET total = 2 WHERE id = 1", "DELETE FROM orders WHERE id = 2",
				"INSERT INTO orders SELECT n, 2 * n, repeat('x', 100) FROM generate_series(10, 3000) AS n",
				"BEGIN; INSERT INTO orders VALUES (5000, 1, 'prepared'); PREPARE TRANSACTION 'gid'", "COMMIT PREPARED 'gid'")
			const digest = "SELECT concat(count(*), md5(string_agg(orders::text, ',' ORDER BY id))) FROM orders"
			await(t, to, digest, ask(t, from, digest))
			w.wait(wire.StandbyStatusUpdate, 1)
			execute(t, to, "DROP SUBSCRIPTION sub")
			rows := wire.CopyText
			if version == 18 {
				rows = wire.CopyBinary // of the initial copies
			}
			w.demand(rows, wire.LogicalInsert, wire.LogicalUpdate, wire.LogicalDelete)
		})
	}
}

// await returns when a server gives the expected answer.
func await(t *testing.T, conn *pgx.Conn, sql, want string) {
	t.Helper()
	got := ""
	for limit := time.Now().Add(hang); time.Now().Before(limit); {
		if got = ask(t, conn, sql); got == want {
			return
		}
		time.Sleep(20 * time.Millisecond) // no event says that a server has applied what it got
	}
	t.Fatalf("%s gives %s, want %s", sql, got, want)
}
