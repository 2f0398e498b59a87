package exchanges

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipeline is statements that are sent without waiting, SYNC among them, with what a library must
// report about them and what pgpi must say.
type pipeline struct {
	name               string
	statements         []string
	reported, outcomes []string
	// endsWithError is set if no statement is sent between an error and the next Sync.
	endsWithError bool
}

var pipelines = []pipeline{
	{"an error in the middle", []string{"insert into a values (1)", "insert into a values (1)", "insert into a values (2)", "SYNC", "select * from a", "SYNC"},
		[]string{"ok INSERT 0 1", "error 23505", "skipped", "ok SELECT 0"},
		[]string{"rolled back INSERT 0 1", "failed 23505", "skipped", "done SELECT 0"}, false},
	{"an error at the Sync", []string{"insert into d values (1)", "insert into d values (1)", "SYNC", "select * from d", "SYNC"},
		[]string{"ok INSERT 0 1", "ok INSERT 0 1", "error 23505", "ok SELECT 0"},
		[]string{"rolled back INSERT 0 1", "rolled back INSERT 0 1", "failed 23505", "done SELECT 0"}, false},
	{"a deferred constraint at COMMIT", []string{"begin", "insert into d values (1)", "SYNC", "insert into d values (1)", "commit", "select 1", "SYNC", "select * from d", "SYNC"},
		[]string{"ok BEGIN", "ok INSERT 0 1", "ok INSERT 0 1", "error 23505", "skipped", "ok SELECT 0"},
		[]string{"done BEGIN", "done INSERT 0 1", "done INSERT 0 1", "failed 23505", "skipped", "done SELECT 0"}, false},
	{"back to a savepoint", []string{"begin", "savepoint p", "insert into a values (1)", "rollback to p", "select 1", "select 1/0", "SYNC", "rollback", "SYNC"},
		[]string{"ok BEGIN", "ok SAVEPOINT", "ok INSERT 0 1", "ok ROLLBACK", "ok SELECT 1", "error 22012", "ok ROLLBACK"},
		[]string{"done BEGIN", "done SAVEPOINT", "done INSERT 0 1", "done ROLLBACK", "done SELECT 1", "failed 22012", "done ROLLBACK"}, true},
	{"behind a COMMIT", []string{"begin", "insert into a values (1)", "commit", "delete from a", "select 1/0", "SYNC", "delete from a", "SYNC"},
		[]string{"ok BEGIN", "ok INSERT 0 1", "ok COMMIT", "ok DELETE 1", "error 22012", "ok DELETE 1"},
		[]string{"done BEGIN", "done INSERT 0 1", "done COMMIT", "rolled back DELETE 1", "failed 22012", "done DELETE 1"}, true},
}

// TestLibraries compares what client libraries report about pipelines with the exchanges in JSON
// Lines.
func TestLibraries(t *testing.T) {
	for _, version := range versions {
		server := startServer(t, version, tables("w0")...)
		j := newJudge(startPgpi(t, server, true, "--log-forwarded=json"))
		for _, library := range libraries {
			for _, p := range pipelines {
				if library.name == "psycopg" && !p.endsWithError {
					// psycopg raises an error as soon as it has read it, which may be before it sends the next statement. Behind an
					// error of a Sync, psycopg 3.3.9 can't go on: "pop from an empty deque".
					continue
				}
				t.Run(fmt.Sprintf("%d/%s/%s", version, library.name, p.name), func(t *testing.T) {
					client, reported := library.run(t, j.pgpi.Port, p.statements)
					outcomes := outcomesOf(<-j.channel(client))
					if !slices.Equal(reported, p.reported) {
						t.Errorf("the library reports %q", reported)
					}
					if !slices.Equal(outcomes, p.outcomes) {
						t.Errorf("pgpi says %q", outcomes)
					}
				})
			}
		}
	}
}

// outcomesOf returns how statements ended, and errors of a Sync. It depends on when a library sends
// its Sync whether a statement was over before it failed: then it is done, and the failed one says
// that it was rolled back too.
func outcomesOf(exchanges []written) (outcomes []string) {
	undone := map[int]bool{}
	for _, w := range exchanges {
		if len(w.TooAlso) == 2 {
			for n := w.TooAlso[0]; n <= w.TooAlso[1]; n++ {
				undone[n] = true
			}
		}
	}
	for _, w := range exchanges {
		if w.Outcome == "done" && undone[w.Exchange] {
			w.Outcome = "rolled back"
		}
		if w.Type == "extended" || w.SQLState != "" {
			outcomes = append(outcomes, strings.TrimSpace(w.Outcome+" "+w.Tag+w.SQLState))
		}
	}
	return outcomes
}

// libraries run a pipeline. Each returns its own address and what it reports.
var libraries = []struct {
	name string
	run  func(t *testing.T, port int, statements []string) (client string, reported []string)
}{
	{"pgconn", runPgconn}, {"pgx batch", runBatches}, {"libpq", runLibPQ}, {"psycopg", runPsycopg}, {"psql", runPsql},
}

// connectionString leads to pgpi.
func connectionString(port int) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable options='-csearch_path=w0'", port)
}

// report returns a result in words.
func report(tag string, err error) string {
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		return "error " + refused.Code
	case err != nil:
		return err.Error()
	}
	return "ok " + tag
}

// runPgconn sends everything in one pipeline. It does not report skipped statements: they are what
// is left up to a Sync.
func runPgconn(t *testing.T, port int, statements []string) (client string, reported []string) {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), connectionString(port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context()) //nolint:errcheck // its work is done
	p := c.StartPipeline(t.Context())
	for _, sql := range statements {
		if sql == "SYNC" {
			p.SendPipelineSync()
		} else {
			p.SendQueryParams(sql, nil, nil, nil, nil)
		}
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, sql := range statements {
		if sql != "SYNC" {
			left++
			continue
		}
		for synced := false; !synced; {
			result, err := p.GetResults()
			switch r := result.(type) {
			case *pgconn.ResultReader:
				tag, err := r.Close()
				reported = append(reported, report(tag.String(), err))
				left--
			case *pgconn.PipelineSync:
				synced = true
			default:
				reported = append(reported, report("", err))
				left--
			}
		}
		for ; left > 0; left-- {
			reported = append(reported, "skipped")
		}
		left = 0
	}
	if err := p.Close(); err != nil {
		var refused *pgconn.PgError
		if !errors.As(err, &refused) {
			t.Error(err)
		}
	}
	return c.Conn().LocalAddr().String(), reported
}

// runBatches sends a batch for each Sync. For a batch with an error, it reports the error and no
// statement after it.
func runBatches(t *testing.T, port int, statements []string) (client string, reported []string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), connectionString(port)+" default_query_exec_mode=exec")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context()) //nolint:errcheck // its work is done
	batch := &pgx.Batch{}
	for _, sql := range statements {
		if sql != "SYNC" {
			batch.Queue(sql)
			continue
		}
		results := c.SendBatch(t.Context(), batch)
		failed := false
		for range batch.Len() {
			if failed {
				reported = append(reported, "skipped")
				continue
			}
			tag, err := results.Exec()
			reported = append(reported, report(tag.String(), err))
			failed = err != nil
		}
		if err := results.Close(); err != nil && !failed {
			reported = append(reported, report("", err))
		}
		batch = &pgx.Batch{}
	}
	return c.PgConn().Conn().LocalAddr().String(), reported
}

// runLibPQ has a program in Python use the pipeline mode of libpq.
func runLibPQ(t *testing.T, port int, statements []string) (client string, reported []string) {
	t.Helper()
	return runPython(t, "testdata/pipeline.py", port, statements)
}

// runPsycopg uses psycopg's pipelines, which reports the errors where it syncs.
func runPsycopg(t *testing.T, port int, statements []string) (client string, reported []string) {
	t.Helper()
	return runPython(t, "testdata/psycopg_pipeline.py", port, statements)
}

func runPython(t *testing.T, program string, port int, statements []string) (client string, reported []string) {
	t.Helper()
	cmd := exec.Command(installed(t, "venv/bin/python"), append([]string{program, connectionString(port)}, statements...)...)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return lines[0], lines[1:]
}

// installed returns the path of a program that test/install has installed.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs("../../.tools/" + name)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		missing := name + " is not installed (make test, or test/install drivers, installs it)"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return path
}
