package report

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"pgpi/test/servers"
)

// TestTimes compares the times of one statement, whose calls vary widely, with those that pgbench
// has measured around pgpi and pg_stat_statements behind it: they are between them. Where both are
// within 5 %, so are ours.
func TestTimes(t *testing.T) {
	server := startServer(t, 18)
	s := start(t, server)
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("select pg_sleep(0.003 + random() * 0.03);\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const calls = 150
	bench := exec.Command(servers.Program(t, "pgbench"), "-n", "-M", "prepared", "-t", fmt.Sprint(calls), "-f", script, "-l", "--log-prefix="+filepath.Join(dir, "log"), s.url)
	if out, err := bench.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mean, deviation := latencies(t, dir)
	var executed, executedDeviation float64
	conn, err := pgx.Connect(t.Context(), fmt.Sprintf("postgres://postgres@%s:%d/postgres?sslmode=disable", server.Host, server.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // what was to be learned has been
	row := conn.QueryRow(t.Context(), "select mean_exec_time / 1000, stddev_exec_time / 1000 from pg_stat_statements where query like '%pg_sleep%' and calls > 10")
	if err := row.Scan(&executed, &executedDeviation); err != nil {
		t.Fatal(err)
	}
	for _, shape := range s.read(t).Shapes {
		if !strings.Contains(shape.SQL, "pg_sleep") {
			continue
		}
		t.Logf("mean: pgbench %.3f ms, pgpi %.3f ms, the server %.3f ms", mean*1e3, shape.Seconds.Mean*1e3, executed*1e3)
		t.Logf("deviation: pgbench %.3f ms, pgpi %.3f ms, the server %.3f ms", deviation*1e3, shape.Seconds.Stddev*1e3, executedDeviation*1e3)
		if shape.Calls != calls || shape.Seconds.Mean > mean || shape.Seconds.Mean < executed {
			t.Errorf("%d calls of %v s are not between %v and %v s", shape.Calls, shape.Seconds.Mean, executed, mean)
		}
		if near(executed, mean) && near(executedDeviation, deviation) && !(near(shape.Seconds.Mean, mean) && near(shape.Seconds.Stddev, deviation)) {
			t.Errorf("others agree within 5 %%, pgpi does not")
		}
		return
	}
	t.Error("the report has no such statement")
}

func near(a, b float64) bool { return math.Abs(a-b) <= 0.05*b }

// latencies returns mean and deviation of what pgbench -l has written, in seconds.
func latencies(t *testing.T, dir string) (mean, deviation float64) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "log.*"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("logs of pgbench: %v, %v", logs, err)
	}
	var sum, squares, n float64
	for line := range strings.Lines(string(content(t, logs[0]))) {
		var client, number int
		var took float64
		if _, err := fmt.Sscan(line, &client, &number, &took); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		took /= 1e6
		sum, squares, n = sum+took, squares+took*took, n+1
	}
	return sum / n, math.Sqrt(squares/n - sum/n*sum/n)
}
