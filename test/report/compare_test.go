package report

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestCompare runs the same program twice: nothing differs, although times do. Then a version of it
// that reads each order by itself.
func TestCompare(t *testing.T) {
	server := startServer(t, 18, "create table orders (id int primary key)", "insert into orders select generate_series(1, 5)")
	old := runShop(t, start(t, server), false)
	if page := compareWith(t, old, runShop(t, start(t, server), false)); !strings.Contains(page, "\n-- same     3 shapes, 12 calls; nothing differs\n") {
		t.Errorf("equal runs differ: %s", page)
	}
	page := compareWith(t, old, runShop(t, start(t, server), true))
	for _, want := range []string{
		"\n-- differs  1 shape is new, 1 shape has other numbers\n",
		"\n--   select id from orders where id = $1\n",
		"\n--   select count(*) from orders\n--   calls                         10              20            +10     +100.0\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q: %s", want, page)
		}
	}
}

// runShop runs a small program, and returns the folder with its report and recording. The program
// can be one that does more.
func runShop(t *testing.T, s *session, more bool) (dir string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.url+"&default_query_exec_mode=simple_protocol")
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"begin"}
	for range 10 {
		statements = append(statements, "select count(*) from orders")
	}
	if more {
		statements = append(statements, statements[1:]...)
		statements = append(statements, "select id from orders where id = 1", "select id from orders where id = 2")
	}
	for _, sql := range append(statements, "commit") {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.read(t)
	return s.dir
}

// compareWith returns the page about what differs between two sessions.
func compareWith(t *testing.T, old, dir string) string {
	t.Helper()
	out, err := exec.Command(pgpiPath, "report", "--compare="+filepath.Join(old, "live.json"), filepath.Join(dir, "session.pcapng")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
