package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// workload is something that is done through each peer.
type workload struct {
	name string
	unit string // of what is counted: "transactions", "runs"
	do   func(ctx context.Context, port int) (result, error)
	once bool // too long for many rounds
}

// result is what a round has done.
type result struct {
	count int           // of transactions or runs
	rate  float64       // per second
	took  time.Duration // of a run
	used  time.Duration // processor time of the client
}

// sample is a round, and its cost for the peer.
type sample struct {
	result
	cpu time.Duration // per transaction or run
}

func (w *workload) matches(only string) bool { return strings.Contains(w.name, only) }

// workloads returns everything that is measured.
func workloads(s settings) []*workload {
	var all []*workload
	for _, mode := range []string{"simple", "prepared"} {
		for _, clients := range []int{1, 8, 64} {
			all = append(all, &workload{
				name: fmt.Sprintf("pgbench -S, %s, %d clients", mode, clients), unit: "transactions",
				do: bench(s, "-S", "-M", mode, "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2))),
			})
		}
	}
	rows := s.scale * 100_000
	all = append(all,
		&workload{name: "new connections (pgbench -C -S, 8 clients)", unit: "connections", do: bench(s, "-S", "-C", "-c", "8", "-j", "2")},
		&workload{name: fmt.Sprintf("SELECT of %d rows", rows), unit: "runs", do: psql(`SELECT * FROM pgbench_accounts`)},
		&workload{name: fmt.Sprintf("COPY out of %d rows", rows), unit: "runs", do: psql(`COPY pgbench_accounts TO STDOUT`)},
		&workload{name: fmt.Sprintf("COPY in of %d rows", rows), unit: "runs", do: copyIn(rows)},
		&workload{name: "one value of 512 MB", unit: "runs", do: psql(`SELECT repeat('x', 512 << 20)`), once: true},
	)
	return all
}

// measure does the workload through each peer in turn, in rounds.
func (w *workload) measure(ctx context.Context, peers []*peer, rounds int) (map[*peer][]sample, error) {
	if w.once {
		rounds = min(rounds, 3)
	}
	samples := map[*peer][]sample{}
	for range rounds {
		for _, p := range peers {
			s, err := w.sample(ctx, p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			samples[p] = append(samples[p], s)
		}
	}
	return samples, nil
}

func (w *workload) sample(ctx context.Context, p *peer) (sample, error) {
	before, err := p.cpu()
	if err != nil {
		return sample{}, err
	}
	r, err := w.do(ctx, p.port)
	if err != nil {
		return sample{}, err
	}
	after, err := p.cpu()
	if err != nil {
		return sample{}, err
	}
	return sample{r, (after - before) / time.Duration(max(r.count, 1))}, p.reset()
}

// environment makes libpq use TLS on the client leg, and no channel binding.
func environment(port int) []string {
	return append(os.Environ(), "PGHOST=127.0.0.1", "PGPORT="+strconv.Itoa(port), "PGUSER=bench", "PGDATABASE=postgres",
		"PGSSLMODE=require", "PGCHANNELBINDING=disable", "PGGSSENCMODE=disable")
}

var (
	processed = regexp.MustCompile(`number of transactions actually processed: (\d+)`)
	rate      = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
)

// bench runs pgbench for the time of a round.
func bench(s settings, args ...string) func(context.Context, int) (result, error) {
	return func(ctx context.Context, port int) (result, error) {
		args := append([]string{"-n", "-T", strconv.Itoa(int(s.seconds.Seconds()))}, args...)
		cmd := exec.CommandContext(ctx, "pgbench", args...)
		cmd.Env = environment(port)
		out, err := cmd.CombinedOutput()
		count, tps := processed.FindSubmatch(out), rate.FindSubmatch(out)
		if err != nil || count == nil || tps == nil {
			return result{}, fmt.Errorf("pgbench: %w: %s", err, out)
		}
		n, err := strconv.Atoi(string(count[1]))
		if err != nil {
			return result{}, err
		}
		r, err := strconv.ParseFloat(string(tps[1]), 64)
		return result{count: n, rate: r, took: s.seconds, used: used(cmd)}, err
	}
}

// used returns the processor time of a program that has ended.
func used(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func pgbench(ctx context.Context, port int, args ...string) error {
	cmd := exec.CommandContext(ctx, "pgbench", args...)
	cmd.Env = environment(port)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgbench: %w: %s", err, out)
	}
	return nil
}

// psql runs one statement and discards its output.
func psql(sql string) func(context.Context, int) (result, error) {
	return func(ctx context.Context, port int) (result, error) {
		return timed(ctx, port, "psql", "-XqAt", "-o", os.DevNull, "-c", sql)
	}
}

// copyIn copies rows into a table of its own, from a file that the first call makes.
func copyIn(count int) func(context.Context, int) (result, error) {
	return func(ctx context.Context, port int) (result, error) {
		rows := fmt.Sprintf(`seq 1 %d | awk '{printf "%%s\t1\t0\t%%80s\n", $1, "filler"}'`, count)
		return timed(ctx, port, "sh", "-c", rows+` | psql -Xq -c 'CREATE TEMP TABLE t (aid int, bid int, abalance int, filler text)' -c 'COPY t FROM STDIN'`)
	}
}

func timed(ctx context.Context, port int, program string, args ...string) (result, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environment(port)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("%s: %w: %s", program, err, out)
	}
	took := time.Since(start)
	return result{count: 1, rate: 1 / took.Seconds(), took: took}, nil
}
