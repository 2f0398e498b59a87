package findings

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// length is how long steady load lasts. It is more than the time after which a burst is cut.
var length = flag.Duration("length", 12*time.Second, "how long steady load lasts")

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	flag.Parse()
	if err := flag.Set("test.parallel", "20"); err != nil { // most scenarios wait most of the time
		panic(err)
	}
	os.Exit(m.Run())
}

// TestFindings runs each scenario through a pgpi of its own, and compares the rules of what was
// found.
func TestFindings(t *testing.T) {
	path, remove, err := program.Prepare(false)
	t.Cleanup(remove)
	if err != nil {
		t.Fatal(err)
	}
	server, err := localpg.Start(t.Context(), localpg.Config{Bin: servers.Require(t, 18), Database: "shop", SQL: []string{tables}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Run("scenarios", func(t *testing.T) { // returns when all parallel tests have ended
		for _, s := range slices.Concat(scenarios, counted) {
			t.Run(s.name, func(t *testing.T) {
				s.check(t, path, server)
			})
		}
	})
}

// found is a line of the JSON log about a finding.
type found struct {
	Kind, Rule, Severity, Signature, Text, Remedy string
}

func (s *scenario) check(t *testing.T, path string, server *localpg.Server) {
	dir := t.TempDir()
	log, recording := filepath.Join(dir, "log"), filepath.Join(dir, "recording.pcapng")
	pgpi := program.Start(t, program.Command{Path: path, Args: []string{
		"--log=json=" + log, "--record=" + recording, "--server-host=127.0.0.1", fmt.Sprintf("--server-connect-port=%d", server.Port),
	}})
	t.Parallel() // from here on: starting all at once would take long
	ctx, cancel := context.WithTimeout(t.Context(), *length+program.Hang)
	defer cancel()
	config, err := pgxpool.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=shop sslmode=disable application_name=%q pool_max_conns=8", pgpi.Port, server.User, t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	if s.simple {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	client := &client{t, ctx, pool, pgpi.Port, server.User}
	s.run(client)
	pool.Close()
	pgpi.Stop()
	all := read(t, log)
	rules := make([]string, 0, len(all))
	for _, f := range all {
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	if !slices.Equal(slices.Compact(rules), s.want) {
		t.Errorf("found %v instead of %v", rules, s.want)
		for _, f := range all {
			t.Logf("%s: %s", f.Signature, f.Text)
		}
	}
	again := filepath.Join(dir, "again")
	if out, err := exec.CommandContext(ctx, path, "read", "--log=json="+again, recording).CombinedOutput(); err != nil {
		t.Errorf("read the recording: %v\n%s", err, out)
	} else if recorded := read(t, again); !slices.Equal(recorded, all) {
		t.Errorf("in the recording it finds\n%v\ninstead of\n%v", recorded, all)
	}
}

// read returns the findings in a log.
func read(t *testing.T, path string) (all []found) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was for reading
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	n := 0
	for lines.Scan() {
		n++
		var f found
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		if f.Kind == "finding" {
			all = append(all, f)
		}
	}
	if lines.Err() != nil || n == 0 {
		t.Fatalf("read the log: %d lines, %v", n, lines.Err())
	}
	return all
}
