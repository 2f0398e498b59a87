package soak

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// Settings of a run, read before the environment is cleaned.
var (
	soakTime = os.Getenv("PGPI_SOAK")
	race     = os.Getenv("PGPI_SOAK_RACE") != "no"
)

// pgpiPath is the pgpi that is tested.
var pgpiPath string

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path, remove, err := program.Prepare(race)
	defer remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pgpiPath = path
	return m.Run()
}

// soak is one run.
type soak struct {
	*testing.T
	server *localpg.Server
	pgpi   *program.Pgpi
	// programs are the paths of other programs.
	programs map[string]string
	// over ends when the load must end. Conversations then end by themselves.
	over context.Context //nolint:containedctx // it is the run's life
	// expected are answers that the server gave without pgpi.
	expected map[string]string

	mu   sync.Mutex
	done map[string]int // conversations by kind
}

func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(soakTime)
	if err != nil {
		length = time.Minute
	}
	s := &soak{T: t, server: startServer(t), programs: map[string]string{}, expected: map[string]string{}, done: map[string]int{}}
	for _, name := range []string{"pgbench", "sqlsmith"} {
		s.programs[name] = servers.Program(t, name)
	}
	before := s.goroutinesAtRest()
	s.pgpi = program.Start(t, s.command())
	log := watchLog(s.pgpi.Output)
	s.learn()
	s.converse("first", s.churn)
	s.drain(log, 1)
	descriptors := s.pgpi.Descriptors()

	var end context.CancelFunc
	s.over, end = context.WithTimeout(t.Context(), length)
	defer end()
	memory := make(chan []sample, 1)
	go func() { memory <- s.sample() }()
	s.load()
	t.Logf("after %v there were these conversations: %v", length, s.done)
	report(t, <-memory, length)

	s.drain(log, 2)
	if left := s.pgpi.Descriptors(); left > descriptors {
		t.Errorf("pgpi has %d descriptors after the load, and %d before", left, descriptors)
	}
	t.Logf("pgpi has relayed %d connections, and has %d descriptors, after %d before the load", log.ended.Load(), s.pgpi.Descriptors(), descriptors)
	s.checkBalances()
	if code := s.pgpi.End(syscall.SIGQUIT); code != 2 {
		t.Errorf("pgpi has ended with exit code %d before it was asked to", code)
	}
	if left := goroutines(s.pgpi.Stderr()); !maps.Equal(left, before) {
		t.Errorf("goroutines are left: pgpi has %v after the load, and %v without", left, before)
	}
	if strings.Contains(s.pgpi.Stderr(), "DATA RACE") {
		t.Errorf("there is a data race:\n%s", s.pgpi.Stderr())
	}
	if bad := <-log.over; bad != "" {
		t.Errorf("pgpi could not decode everything:\n%s", bad)
	}
}

// startServer starts a server with what the load needs.
func startServer(t *testing.T) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, 18), TLS: &localpg.TLS{},
		Settings: map[string]string{"max_connections": "200", "idle_in_transaction_session_timeout": "60s"},
		SQL: []string{
			"create table numbers as select i, md5(i::text) as v from generate_series(1, 20000) i",
			"create role smith login", "alter role smith set statement_timeout = '3s'", "alter role smith set work_mem = '4MB'",
			"alter role smith set temp_file_limit = '100MB'",
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

func (s *soak) command() program.Command {
	return program.Command{
		Path: pgpiPath, Unread: true,
		Args: []string{"--server-host=" + s.server.Host, fmt.Sprintf("--server-connect-port=%d", s.server.Port)},
	}
}

// goroutinesAtRest are those of a pgpi that has served one connection.
func (s *soak) goroutinesAtRest() map[string]int {
	s.Helper()
	s.pgpi = program.Start(s.T, s.command())
	log := watchLog(s.pgpi.Output)
	s.learn()
	s.converse("first", s.churn)
	s.drain(log, 1)
	s.pgpi.End(syscall.SIGQUIT)
	<-log.over
	count := goroutines(s.pgpi.Stderr())
	if len(count) == 0 {
		s.Fatalf("pgpi does not tell its goroutines: %s", s.pgpi.Stderr())
	}
	return count
}

// created matches what a dump of goroutines says about who started one (runtime/traceback.go).
var created = regexp.MustCompile(`(?m)^created by (\S+) in goroutine|^goroutine 1 \[`)

// clock is in the stack of the goroutine that goes on for two seconds after the last connection
// (internal/proxy/clock.go).
const clock = "proxy.(*Proxy).tick("

// goroutines counts the goroutines in a dump by who started them, but for the clock.
func goroutines(dump string) map[string]int {
	count := map[string]int{}
	for stack := range strings.SplitSeq(dump, "\n\n") {
		m := created.FindStringSubmatch(stack)
		if m != nil && !strings.HasPrefix(m[1], "runtime.") && !strings.Contains(stack, clock) { // the collector has its own, as it needs them
			count[m[1]]++
		}
	}
	return count
}

// watch is what a test must know about pgpi's log.
type watch struct {
	opened, ended atomic.Int64 // connections
	over          chan string  // what must not be there, when the log has ended
}

// watchLog reads a log to its end.
func watchLog(output io.Reader) *watch {
	w := &watch{over: make(chan string, 1)}
	go func() {
		var bad strings.Builder
		in := bufio.NewReaderSize(output, 1<<20)
		for {
			line, err := in.ReadSlice('\n') // of a longer line, the beginning is enough
			switch {
			case bytes.Contains(line, []byte("  connected at t0 = ")):
				w.opened.Add(1)
			case bytes.HasSuffix(line, []byte("  connection end\n")):
				w.ended.Add(1)
			case bytes.Contains(line, []byte("defect of pgpi")), bytes.Contains(line, []byte("out of sync at byte")):
				bad.Write(line)
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				w.over <- bad.String()
				return
			}
		}
	}()
	return w
}

// drain waits until pgpi has relayed at least n connections, and the last of them has ended.
func (s *soak) drain(w *watch, n int64) {
	s.Helper()
	for end := time.Now().Add(program.Hang); w.opened.Load() < n || w.ended.Load() < w.opened.Load(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%d of %d connections have ended", w.ended.Load(), w.opened.Load())
		}
	}
}

// sample is pgpi's memory at a time.
type sample struct {
	at  time.Duration
	rss int64
}

// sample samples pgpi's memory every second while the load lasts.
func (s *soak) sample() (all []sample) {
	start, tick := time.Now(), time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.over.Done():
			return all
		case <-tick.C:
			now, _ := s.pgpi.Memory()
			all = append(all, sample{time.Since(start), now})
		}
	}
}

// settled is when memory must have reached its size. slopeLimit is how much it may grow after that,
// in bytes in ten minutes.
const (
	settled    = 5 * time.Minute
	slopeLimit = 1 << 20
)

// report shows memory over time. If the run was long enough and without the race detector, which
// remembers much itself, it checks that memory stays constant.
func report(t *testing.T, all []sample, length time.Duration) {
	t.Helper()
	step := max(length/20, 5*time.Second)
	next := time.Duration(0)
	var late []sample
	for _, s := range all {
		if s.at >= next {
			t.Logf("memory after %4.0f s: %5.1f MiB", s.at.Seconds(), float64(s.rss)/(1<<20))
			next = s.at + step
		}
		if s.at >= settled {
			late = append(late, s)
		}
	}
	if length < 2*settled {
		return
	}
	growth := slope(leasts(late)) * (10 * time.Minute).Seconds()
	t.Logf("after the fifth minute it grows by %.2f MiB in ten minutes, of each minute the least", growth/(1<<20))
	if growth > slopeLimit && !race {
		t.Error("that is too much")
	}
}

// leasts returns the minimum sample of each minute. Memory goes up and down with the load; the
// minimum is what is retained.
func leasts(all []sample) (least []sample) {
	for i, s := range all {
		if i == 0 || s.at/time.Minute != all[i-1].at/time.Minute {
			least = append(least, s)
		}
		if last := &least[len(least)-1]; s.rss < last.rss {
			*last = s
		}
	}
	return least
}

// slope returns the slope of the least-squares line, in bytes per second.
func slope(all []sample) float64 {
	var n, x, y, xx, xy float64
	for _, s := range all {
		at, rss := s.at.Seconds(), float64(s.rss)
		n, x, y, xx, xy = n+1, x+at, y+rss, xx+at*at, xy+at*rss
	}
	return (n*xy - x*y) / (n*xx - x*x)
}
