package report

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestCompare runs the same program twice: nothing differs, although times do, and the second run
// passes. Then a version of it that reads each order by itself, which does not pass.
func TestCompare(t *testing.T) {
	server := startServer(t, 18, "create table orders (id int primary key)", "insert into orders select generate_series(1, 8)")
	old := runShop(t, start(t, server), 2, 0)
	page := compareWith(t, 0, old, runShop(t, start(t, server), 2, 0))
	for _, want := range []string{"\n-- same     4 shapes, 5 calls, 0 findings; nothing differs\n", ": nothing fails the run\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q: %s", want, page)
		}
	}
	page = compareWith(t, 4, old, runShop(t, start(t, server), 3, 8))
	for _, want := range []string{
		"\n-- differs  1 finding is new, 1 shape is new, 1 shape has other numbers\n",
		"\n-- new      n+1:",
		": 8 calls, 8 rows, ",
		"\n--   select id from orders where id = $1\n",
		"\n--   select count(*) from orders where id > $1\n--   calls                          2               3             +1      +50.0\n",
		" fail the run\n", "\npgpi:   n+1:", "\npgpi:   new-shape: 1:", "\npgpi:   calls=10%: calls of 1:",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q: %s", want, page)
		}
	}
}

// runShop runs a small program that counts and reads orders, and returns the folder with its report
// and recording.
func runShop(t *testing.T, s *session, counts, reads int) (dir string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.url+"&default_query_exec_mode=simple_protocol")
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"begin", "select id from orders order by id"}
	for i := range counts {
		statements = append(statements, fmt.Sprintf("select count(*) from orders where id > %d", i))
	}
	for i := range reads {
		statements = append(statements, fmt.Sprintf("select id from orders where id = %d", i+1))
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

// compareWith returns the page about what differs between two sessions, and what pgpi said about it
// as a gate. It must end with an exit code.
func compareWith(t *testing.T, code int, old, dir string) string {
	t.Helper()
	judge := exec.Command(pgpiPath, "report", "--compare="+filepath.Join(old, "live.json"), "--fail-on=new-shape,new-finding,calls=10%", filepath.Join(dir, "session.pcapng"))
	out, err := judge.CombinedOutput()
	if judge.ProcessState == nil || judge.ProcessState.ExitCode() != code {
		t.Fatalf("%v, want exit code %d: %s", err, code, out)
	}
	return string(out)
}
