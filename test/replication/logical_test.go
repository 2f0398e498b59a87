//go:build unix

package replication

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"pgpi/internal/wire"
	"pgpi/test/golden"
)

// tablesForLogical have each kind of replica identity, and a type of their own.
var tablesForLogical = []string{
	"CREATE TYPE mood AS ENUM ('good', 'bad')",
	"CREATE TABLE public.orders (id int PRIMARY KEY, total numeric(10,2), note text, how mood)",
	"CREATE TABLE public.lines (id serial PRIMARY KEY, \"order\" int REFERENCES orders, what text)",
	"CREATE TABLE public.whole (a int, b text)",
	"ALTER TABLE whole REPLICA IDENTITY FULL",
	"ALTER TABLE orders ALTER note SET STORAGE EXTERNAL",
	"CREATE PUBLICATION pub FOR ALL TABLES",
	"SELECT pg_replication_origin_create('elsewhere')",
}

// changesSmall cause all messages except those of streamed and of prepared transactions.
var changesSmall = []string{
	"INSERT INTO orders VALUES (1, 9.90, repeat('toast ', 1000), 'good'), (2, NULL, '', 'bad')",
	"UPDATE orders SET total = 10 WHERE id = 1",
	"UPDATE orders SET id = 3 WHERE id = 2",
	"INSERT INTO whole VALUES (1, NULL), (2, 'b')",
	"UPDATE whole SET b = 'c' WHERE a = 2",
	"DELETE FROM whole WHERE a = 1",
	"DELETE FROM orders WHERE id = 3",
	"TRUNCATE whole",
	"TRUNCATE orders, lines RESTART IDENTITY CASCADE",
	"SELECT pg_logical_emit_message(true, 'pgpi', 'in a transaction')",
	"SELECT pg_logical_emit_message(false, 'pgpi', E'\\\\001\\\\002'::bytea)",
	"ALTER TABLE whole ADD c int; INSERT INTO whole VALUES (3, 'd', 4)",
	"SELECT pg_replication_origin_session_setup('elsewhere')",
	"BEGIN; SELECT pg_replication_origin_xact_setup('0/ABCDEF', '2025-07-04 14:28:59+00'); INSERT INTO whole VALUES (4, 'e', 5); COMMIT",
	"SELECT pg_replication_origin_session_reset()",
}

// changesPrepared are in transactions that are committed in two phases.
var changesPrepared = []string{
	"BEGIN; INSERT INTO whole VALUES (10, 'p', 1); PREPARE TRANSACTION 'first'", "COMMIT PREPARED 'first'",
	"BEGIN; INSERT INTO whole VALUES (11, 'p', 1); PREPARE TRANSACTION 'second'", "ROLLBACK PREPARED 'second'",
	"BEGIN; INSERT INTO whole SELECT 12, repeat('p', 100), 1 FROM generate_series(1, 2000); PREPARE TRANSACTION 'large'", "COMMIT PREPARED 'large'",
}

// changesLarge are too large for the memory of decoding, so they are streamed.
var changesLarge = []string{
	"BEGIN; INSERT INTO whole SELECT 20, repeat('x', 100), 1 FROM generate_series(1, 2000);" +
		"SELECT pg_logical_emit_message(true, 'pgpi', 'streamed'); TRUNCATE lines; COMMIT",
	"BEGIN; ALTER TABLE whole ADD d int; INSERT INTO whole SELECT 21, repeat('y', 100), 1, 2 FROM generate_series(1, 2000);" +
		"SAVEPOINT s; INSERT INTO whole SELECT 22, repeat('z', 100), 1, 2 FROM generate_series(1, 2000); ROLLBACK TO s; COMMIT",
}

// slot is a logical slot, and what a client asks of it.
type slot struct {
	name, plugin string
	twoPhase     bool
	since        int // version of server
	options      []string
}

var slots = []slot{
	{"text", "test_decoding", false, 15, []string{"include-timestamp"}},
	{"proto1", "pgoutput", false, 15, []string{"proto_version=1", "binary=true"}},
	{"proto2", "pgoutput", false, 15, []string{"proto_version=2", "streaming=on", "messages=true"}},
	{"proto3", "pgoutput", true, 15, []string{"proto_version=3", "streaming=on", "messages=true", "two_phase=on"}},
	{"proto4", "pgoutput", true, 18, []string{"proto_version=4", "streaming=parallel", "messages=true", "two_phase=on", "origin=any"}},
}

// TestLogical has pg_recvlogical read the same changes in each version of pgoutput.
func TestLogical(t *testing.T) {
	part(t)
	for _, version := range []int{15, 18} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			server := startServer(t, version, nil)
			w, conn := tap(t, server.Version, server.Port), connect(t, server.URL())
			execute(t, conn, tablesForLogical...)
			for _, s := range slots {
				if version >= s.since {
					execute(t, conn, fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s', '%s', false, %t)", s.name, s.plugin, s.twoPhase))
				}
			}
			execute(t, conn, changesSmall...)
			execute(t, conn, changesPrepared...)
			execute(t, conn, changesLarge...)
			end := ask(t, conn, "SELECT pg_current_wal_lsn()::text")
			for _, s := range slots {
				if version >= s.since {
					before := len(w.text())
					program(t, receive(t, w, s, "--endpos="+end))
					if s.plugin == "pgoutput" { // it is the same with all versions of servers
						golden.Compare(t, s.name+".txt", rowLines(w.text()[before:]))
					}
				}
			}
			last := slots[len(slots)-1]
			if version >= last.since {
				rollBack(t, w, conn, last)
			}
			w.demand(wire.LogicalBegin, wire.LogicalStreamAbort, wire.LogicalStreamPrepare, wire.XLogData)
		})
	}
}

// receive prepares a pg_recvlogical.
func receive(t *testing.T, w *wiretap, s slot, more ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"-d", w.conninfo(), "--slot=" + s.name, "--start", "--no-loop", "-f", "/dev/null"}, more...)
	if s.plugin == "pgoutput" {
		args = append(args, "-o", "publication_names=pub")
	}
	for _, option := range s.options {
		args = append(args, "-o", option)
	}
	return command(t, "pg_recvlogical", args...)
}

// rollBack rolls back a transaction that is being streamed. From 18 on, a server does not stream
// one that it knows to be rolled back.
func rollBack(t *testing.T, w *wiretap, conn *pgx.Conn, s slot) {
	t.Helper()
	end := background(t, receive(t, w, s))
	w.mu.Lock()
	starts, aborts := w.seen[wire.LogicalStreamStart], w.seen[wire.LogicalStreamAbort]
	w.mu.Unlock()
	execute(t, conn, "BEGIN; INSERT INTO whole SELECT 23, repeat('r', 100), 1, 2 FROM generate_series(1, 5000)")
	w.wait(wire.LogicalStreamStart, starts+1)
	execute(t, conn, "ROLLBACK")
	w.wait(wire.LogicalStreamAbort, aborts+1)
	if !strings.Contains(w.text(), "= abort LSN: ") {
		t.Error("no Stream Abort has an LSN, although streaming is parallel")
	}
	end(syscall.SIGINT)
}
