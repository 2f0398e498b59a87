package report

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"pgpi/internal/sqltext"
)

// pool are statements of every kind, with %d where a constant varies. Those that fail do so for
// whatever constant.
var pool = []string{
	"select %d", "select v from a where id = %d", `select "v" from "a" where "id" = %d`, "select * from a where id in (%d, %d, 7)", "select generate_series(1, 3)",
	"insert into a values (%d, 'x') on conflict do nothing", "insert into b values (%d), (%d)", "insert into b values (%d) returning n", "update a set v = 'y' where id = %d",
	"delete from b where n = %d", "select 1/0", "select nme from a", "selec", "begin", "commit", "rollback", "savepoint s", "rollback to s", "release s",
	"with x as (select %d as n) select n from x", "values (1), (%d)", "table a limit 2", "select true, null, -%d", "explain select %d",
	"create temp table if not exists c (n int)", "truncate b", "set work_mem = '4MB'", "show work_mem", "do $$ begin perform 1; end $$", "analyze b",
	"merge into a using (select %d as id) s on a.id = s.id when matched then update set v = 'm'", "copy (select 1 union all select %d) to '/dev/null'",
	"declare c1 cursor for select generate_series(1, 5)", "fetch 2 from c1", "move 1 from c1", "close c1", "prepare q as select 1", "execute q", "deallocate q",
	"create table if not exists d as select 1 as n", "drop table if exists d", "lock table a in share mode", "select set_config('x.y', '%d', false)", "listen l", "notify l, 'x'", "",
}

// statements is how many are run; PGPI_STATEMENTS says otherwise.
var statements = numberOf("PGPI_STATEMENTS", 20_000)

// TestStatements compares calls and rows with those of pg_stat_statements, which counts what has
// completed. Its entries are shapes of their own: one of ours may be several of its, and the other
// way; so both are added up by the shape of the SQL that it shows.
func TestStatements(t *testing.T) {
	server := startServer(t, 18, "create table a (id int primary key, v text)", "insert into a select g, 'v' from generate_series(1, 50) g", "create table b (n int)")
	direct := fmt.Sprintf("postgres://postgres@%s:%d/postgres?sslmode=disable", server.Host, server.Port)
	reset(t, direct)
	s := start(t, server)
	work(t, s.url, statements)
	theirs := entries(t, direct)
	r := s.read(t)
	ours := map[string]counted{}
	var all, failed int64
	for _, shape := range r.Shapes {
		done := shape.Calls - shape.Errors - shape.Lost
		all, failed = all+done, failed+shape.Errors
		if key := together(shape.SQL); shape.SQL != "" && !strings.HasPrefix(shape.SQL, "prepare ") { // which the server does not count
			ours[key] = counted{ours[key].calls + done, ours[key].rows + shape.Rows}
		}
	}
	kinds := map[string]int64{}
	agree := 0
	for sql, us := range ours {
		them := theirs[sql]
		switch why := difference(sql, us, them, failed); why {
		case "":
			agree++
		case unknown:
			t.Errorf("%s: %v calls and rows, by the server %v", sql, us, them)
		default:
			kinds[why]++
		}
	}
	for sql, them := range theirs {
		if _, both := ours[sql]; !both {
			t.Errorf("%s: not in the report, by the server %v", sql, them)
		}
	}
	t.Logf("%d statements, %d done and %d failed; %d shapes agree in calls and rows, of %d", statements, all, failed, agree, len(ours))
	for why, shapes := range kinds {
		t.Logf("%d shapes: %s", shapes, why)
	}
}

// counted are calls that were done, and rows.
type counted struct{ calls, rows int64 }

// together returns one key for all that the server counts as one: names with and without quotes,
// and EXECUTE, which it counts as what was prepared.
func together(sql string) string {
	switch sql = strings.ReplaceAll(sql, `"`, ""); sql {
	case "prepare q as select $1", "execute q", "select $1":
		return "select $1"
	}
	return sql
}

const unknown = "not known why"

// difference says why both have counted something else.
func difference(sql string, us, them counted, failed int64) string {
	missed := us.calls - them.calls
	switch {
	case us == them:
		return ""
	case us.calls == 0 && them.calls == 0:
		return "statements that always fail"
	case missed == 0 && (strings.HasPrefix(sql, "explain") || strings.HasPrefix(sql, "show") || strings.HasPrefix(sql, "move")):
		return "rows of EXPLAIN, SHOW and MOVE, which the server does not count"
	case missed == 0 && (strings.HasSuffix(sql, "returning n") || strings.HasPrefix(sql, "fetch")) && us.rows < them.rows:
		return "rows that a statement has returned and nobody fetched: the server counts them"
	case missed > 0 && missed <= failed && missed*50 <= us.calls && us.rows >= them.rows:
		return "the last statement before an error in its transaction, by the extended protocol: its portal is dropped without an ExecutorEnd, so that the server does not count it"
	}
	return unknown
}

// work runs statements by all ways of the protocol.
func work(t *testing.T, url string, n int) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // what was to be counted has been
	r := rand.New(rand.NewPCG(1, 2))
	modes := []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec}
	for range n {
		switch r.IntN(20) {
		case 0:
			fetch(t, conn, r)
			continue
		case 1:
			copyRows(t, conn, r)
			continue
		}
		sql := filled(pool[r.IntN(len(pool))], r)
		mode := modes[r.IntN(len(modes))]
		if mode == pgx.QueryExecModeCacheStatement && isUtility(sql) {
			mode = pgx.QueryExecModeExec // the server counts one from a plan that it has kept only once
		}
		if err := runOne(t.Context(), conn, mode, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := runOne(t.Context(), conn, pgx.QueryExecModeSimpleProtocol, "rollback"); err != nil {
		t.Fatal(err)
	}
}

func isUtility(sql string) bool {
	first, _, _ := strings.Cut(sql, " ")
	return !slices.Contains([]string{"select", "insert", "update", "delete", "with", "values", "table", "merge"}, first)
}

// runOne runs a statement, whose own failure is no error.
func runOne(ctx context.Context, conn *pgx.Conn, mode pgx.QueryExecMode, sql string) error {
	rows, err := conn.Query(ctx, sql, mode)
	if err == nil {
		rows.Close()
	}
	if conn.IsClosed() {
		return fmt.Errorf("the connection is gone: %w", err)
	}
	return nil
}

// reset has the server count from now on.
func reset(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "select pg_stat_statements_reset()"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// entries returns what pg_stat_statements has, by the shape of the SQL that it shows.
func entries(t *testing.T, url string) map[string]counted {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // what was to be learned has been
	rows, err := conn.Query(t.Context(), "select query, calls, rows from pg_stat_statements where toplevel and query !~ 'pg_stat_statements'")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]counted{}
	var shaper sqltext.Shaper
	for rows.Next() {
		var sql string
		var c counted
		if err := rows.Scan(&sql, &c.calls, &c.rows); err != nil {
			t.Fatal(err)
		}
		text := together(shaper.Shape([]byte(sql), sqltext.SettingsOf("on", "UTF8")).Text)
		all[text] = counted{all[text].calls + c.calls, all[text].rows + c.rows}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
