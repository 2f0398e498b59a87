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
	Rule, Severity, Signature, Text, Remedy string
	Timed                                   bool
}

func (s *scenario) check(t *testing.T, path string, server *localpg.Server) {
	r := start(t, path, server)
	t.Parallel() // from here on: starting all at once would take long
	all, rested := r.play(s)
	for range 3 {
		if !rested {
			break
		}
		r = start(t, path, server)
		all, rested = r.play(s)
	}
	rules := make([]string, 0, len(all))
	for _, f := range all {
		if !f.Timed { // a rule that depends on how fast the machine is
			rules = append(rules, f.Rule)
		}
	}
	slices.Sort(rules)
	if !slices.Equal(slices.Compact(rules), s.want) {
		t.Errorf("found %v instead of %v", rules, s.want)
		for _, f := range all {
			t.Logf("%s: %s", f.Signature, f.Text)
		}
	}
	again := filepath.Join(t.TempDir(), "again")
	if out, err := exec.Command(path, "read", "--log=json="+again, r.recording).CombinedOutput(); err != nil {
		t.Errorf("read the recording: %v\n%s", err, out)
	} else if recorded, _ := read(t, again); !slices.Equal(recorded, all) {
		t.Errorf("in the recording it finds\n%v\ninstead of\n%v", recorded, all)
	}
}

// relay is a pgpi between a client and the server, with what it writes.
type relay struct {
	*program.Pgpi

	t              *testing.T
	log, recording string
	user           string
}

func start(t *testing.T, path string, server *localpg.Server) *relay {
	t.Helper()
	dir := t.TempDir()
	r := &relay{t: t, log: filepath.Join(dir, "log"), recording: filepath.Join(dir, "recording.pcapng"), user: server.User}
	r.Pgpi = program.Start(t, program.Command{Path: path, Args: []string{
		"--log=json=" + r.log, "--record=" + r.recording, "--server-host=127.0.0.1", fmt.Sprintf("--server-connect-port=%d", server.Port),
	}})
	return r
}

// play runs a scenario, and returns what was found. It reports whether the client came to rest.
func (r *relay) play(s *scenario) (all []found, rested bool) {
	t := r.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *length+program.Hang)
	defer cancel()
	config, err := pgxpool.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=shop sslmode=disable application_name=%q pool_max_conns=8", r.Port, r.user, t.Name()))
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
	s.run(&client{t, ctx, pool, r.Port, r.user})
	pool.Close()
	r.Stop()
	return read(t, r.log)
}

// nearlyRest is nearly the time after which pgpi takes what comes for something else. On a busy
// machine, any client can come to rest for so long.
const nearlyRest = 900 * time.Millisecond

// read returns the findings in a log, and reports whether there was a rest between its exchanges.
func read(t *testing.T, path string) (all []found, rested bool) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was for reading
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	n := 0
	var last time.Time
	for lines.Scan() {
		n++
		var line struct {
			found

			Kind string
			Time time.Time
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		switch line.Kind {
		case "finding":
			all = append(all, line.found)
		case "exchange":
			rested = rested || !last.IsZero() && line.Time.Sub(last) > nearlyRest
			last = line.Time
		}
	}
	if lines.Err() != nil || n == 0 {
		t.Fatalf("read the log: %d lines, %v", n, lines.Err())
	}
	return all, rested
}
