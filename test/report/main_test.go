// Package report compares reports with what others have counted: pgbench, pg_stat_statements, and
// the live session with its recording. It also compares runs of the same program.
//
// It guarantees that no test depends on how fast the machine is: times are compared with bounds that
// others have measured at the same time. It must not know how sums are made. Start reading at
// TestStatements.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(run(m))
}

// numberOf returns the number that a variable says, before the environment is the tests' own.
func numberOf(variable string, otherwise int) int {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil {
		return otherwise
	}
	return n
}

func run(m *testing.M) int {
	path, remove, err := program.Prepare(false)
	defer remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pgpiPath = path
	return m.Run()
}

// startServer starts a server that counts statements, until the test ends.
func startServer(t *testing.T, version int, sql ...string) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, version), SQL: append([]string{"create extension pg_stat_statements"}, sql...),
		Settings: map[string]string{
			"shared_preload_libraries": "pg_stat_statements", "fsync": "off", "log_min_messages": "panic", "escape_string_warning": "off",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// session is a pgpi in front of a server, with its reports and its recording in a folder.
type session struct {
	*program.Pgpi

	dir string
	url string
}

func start(t *testing.T, server *localpg.Server) *session {
	t.Helper()
	dir := t.TempDir()
	p := program.Start(t, program.Command{Path: pgpiPath, Args: []string{
		"--server-host=" + server.Host, fmt.Sprintf("--server-connect-port=%d", server.Port), "--server-sslmode=disable", "--log=none=/dev/null",
		"--report=json=" + filepath.Join(dir, "live.json"), "--report=text=" + filepath.Join(dir, "live.txt"), "--record=" + filepath.Join(dir, "session.pcapng"),
	}})
	return &session{p, dir, fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", p.Port)}
}

// report is what tests look for in a report.
type report struct {
	Total  sums
	Shapes []shape
}

type shape struct {
	ID, SQL string
	sums
}

type sums struct {
	Calls, Errors, Lost, Rows int64
	Seconds                   struct{ Total, Mean, Stddev float64 }
}

// read returns the report, after the end of pgpi. That of the recording must be the same.
func (s *session) read(t *testing.T) (r report) {
	t.Helper()
	s.Stop()
	for _, format := range []string{"text", "json"} {
		again := filepath.Join(s.dir, "again")
		out, err := exec.Command(pgpiPath, "report", "--report="+format+"="+again, filepath.Join(s.dir, "session.pcapng")).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Fatalf("read the recording: %v: %s", err, out)
		}
		live := content(t, filepath.Join(s.dir, map[string]string{"text": "live.txt", "json": "live.json"}[format]))
		if recorded := content(t, again); !bytes.Equal(live, recorded) {
			t.Errorf("the %s report of the recording differs from that of the session:\n%s\n%s", format, recorded, live)
		}
	}
	if err := json.Unmarshal(content(t, filepath.Join(s.dir, "live.json")), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
