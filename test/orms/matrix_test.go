package orms

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

var all = flag.Bool("all", false, "run the ORMs with all versions of PostgreSQL, not only with the newest")

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// timeLimit is for one run of a program, which takes a second or two.
const timeLimit = 2 * time.Minute

// TestMatrix runs every ORM in every way.
func TestMatrix(t *testing.T) {
	program.NoteSources(t)
	pgpi := filepath.Join(t.TempDir(), "pgpi")
	build(t, ".", "go", "build", "-o", pgpi, "pgpi/cmd/pgpi")
	targets := startServers(t)
	t.Run("orms", func(t *testing.T) { // returns when all parallel tests have ended
		for _, o := range orms {
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				command := o.command(t, o.name)
				for _, server := range targets {
					for _, w := range slices.Concat(ways, o.also) {
						t.Run(fmt.Sprintf("PostgreSQL %d/%s", server.Version, w.name), func(t *testing.T) {
							r := runWithoutRest(t, pgpi, o.settings(login{server}), append(slices.Clone(command), w.name))
							judge(t, w, r)
						})
					}
				}
			})
		}
	})
}

// startServers starts the newest version of PostgreSQL, or all, with TLS and passwords.
func startServers(t *testing.T) []*localpg.Server {
	t.Helper()
	versions := servers.Versions[len(servers.Versions)-1:]
	if *all {
		versions = servers.Versions
	}
	var started []*localpg.Server
	for _, version := range versions {
		server, err := localpg.Start(t.Context(), localpg.Config{
			Bin: servers.Require(t, version), Auth: localpg.SCRAM, TLS: &localpg.TLS{}, Database: "library", SQL: tables,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		started = append(started, server)
	}
	return started
}

// result is what a program and pgpi have said.
type result struct {
	stdout, stderr string
	code           int
	queries        string
	report         report
}

// report is what is judged of pgpi's report.
type report struct {
	Findings []struct {
		Rule, Text string
		Timed      bool
	}
}

// runWithoutRest runs a program, again if it came to rest. pgpi takes what comes after a second for
// something else, and on a busy machine any program can come to rest for so long.
func runWithoutRest(t *testing.T, pgpi string, env, command []string) result {
	t.Helper()
	for range 4 {
		if r := run(t, pgpi, env, command); !r.rests(t) {
			return r
		}
	}
	return run(t, pgpi, env, command)
}

// written matches when a line of queries was written: when its exchange was over.
var written = regexp.MustCompile(`(?m)^#\d+ .*? (\d\d:\d\d:\d\d\.\d{3}) `)

// rests reports whether a second or nearly that has passed between two lines of queries, since the
// program has begun to read.
func (r result) rests(t *testing.T) bool {
	t.Helper()
	var last time.Time
	_, reads, _ := strings.Cut(r.queries, "authors")
	for _, match := range written.FindAllStringSubmatch(reads, -1) {
		at, err := time.Parse("15:04:05.000", match[1])
		if err != nil {
			t.Fatalf("read pgpi's log: %v", err)
		}
		if !last.IsZero() && at.Sub(last) > 900*time.Millisecond {
			return true
		}
		last = at
	}
	return false
}

// run runs a program under pgpi run, with little else in its environment than where the server is.
func run(t *testing.T, pgpi string, env, command []string) result {
	t.Helper()
	dir := t.TempDir()
	queries, reported := filepath.Join(dir, "queries"), filepath.Join(dir, "report.json")
	ctx, cancel := context.WithTimeout(t.Context(), timeLimit)
	defer cancel()
	args := []string{"run", "--client-listen-port=0", "--no-summary", "--log=queries=" + queries, "--report=json=" + reported, "--"}
	cmd := exec.CommandContext(ctx, pgpi, append(args, command...)...)
	cmd.WaitDelay = time.Second
	cmd.Env = slices.Concat(env, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LANG=C.UTF-8"})
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Errorf("%v did not end within %v", command, timeLimit)
	} else if cmd.ProcessState == nil {
		t.Fatalf("start %v: %v", command, err)
	}
	r := result{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
	r.queries = read(t, queries)
	if err := json.Unmarshal([]byte(read(t, reported)), &r.report); err != nil {
		t.Errorf("read the report: %v", err)
	}
	return r
}

// read returns the text of a file, or nothing if pgpi has not written it.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("pgpi has not written it: %v", err)
	}
	return string(text)
}

// judge checks what a program and pgpi have said.
func judge(t *testing.T, w way, r result) {
	t.Helper()
	if r.stdout != fmt.Sprintln(w.reads) || r.stderr != "" || r.code != 0 {
		t.Errorf("the program prints %q and %q and ends with exit code %d, without having read %d objects", r.stdout, r.stderr, r.code, w.reads)
	}
	if r.report.Findings == nil {
		t.Error("pgpi has looked for nothing")
	}
	var found []string
	for _, f := range r.report.Findings {
		if f.Timed {
			continue // it depends on how fast the machine is
		}
		found = append(found, f.Rule)
		if f.Rule == nPlusOne && !parent.MatchString(f.Text) {
			t.Errorf("the authors are not the parents in: %s", f.Text)
		}
	}
	if got := strings.Join(found, ", "); got != w.finds {
		t.Errorf("pgpi has found %q instead of %q", got, w.finds)
	}
	if t.Failed() {
		t.Logf("pgpi's log:\n%s", r.queries)
	}
}

// parent matches what a finding of n+1 says of where the parameters were seen before. TypeORM calls
// the column Author_id.
var parent = regexp.MustCompile(`column (id|Author_id) of the 30 rows of "select [^:]*\bauthors\b`)
