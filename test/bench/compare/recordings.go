package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pgpi/internal/localpg"
)

// recordings are the costs of recording, and of reading a recording.
type recordings struct {
	modes []recordingCost
	read  readingCost
}

// recordingCost is the processor time of a transaction of pgbench -S in one mode of pgbench, for
// client, server and pgpi together.
type recordingCost struct {
	mode            string
	plain, recorded time.Duration
}

// readingCost is the cost of reading the same file in full, and the peak of memory.
type readingCost struct {
	size          int64 // of the file, in bytes
	pgpi, tshark  time.Duration
	peak, peakToo int64 // of pgpi and tshark, in KiB
}

// settle is how long a server may take until its own processor time includes that of a process that
// has ended.
const settle = 300 * time.Millisecond

func measureRecordings(ctx context.Context, dir string, server *localpg.Server, s settings) (*recordings, error) {
	r := &recordings{}
	plain, err := startPgpi(ctx, dir, server, "none")
	if err != nil {
		return nil, err
	}
	defer plain.stop()
	file := filepath.Join(dir, "bench.pcapng")
	recorded, err := startPgpi(ctx, dir, server, "none", "--record", file)
	if err != nil {
		return nil, err
	}
	defer recorded.stop()
	for _, mode := range []string{"simple", "prepared"} {
		cost := recordingCost{mode, math.MaxInt64, math.MaxInt64}
		work := bench(s, "-S", "-M", mode, "-c", "8", "-j", "2")
		for range s.rounds {
			if err := least(ctx, &cost.plain, plain, server, work); err != nil {
				return nil, err
			}
			if err := least(ctx, &cost.recorded, recorded, server, work); err != nil {
				return nil, err
			}
		}
		r.modes = append(r.modes, cost)
	}
	r.read, err = measureReading(ctx, dir, server)
	return r, err
}

// least does the work, and keeps the processor time of a transaction if it is the least so far.
func least(ctx context.Context, best *time.Duration, p *peer, server *localpg.Server, do func(context.Context, int) (result, error)) error {
	before, err := together(p, server)
	if err != nil {
		return err
	}
	r, err := do(ctx, p.port)
	if err != nil {
		return err
	}
	time.Sleep(settle)
	after, err := together(p, server)
	*best = min(*best, (after-before+r.used)/time.Duration(max(r.count, 1)))
	return err
}

// together returns the processor time of a peer and of the server, including server processes that
// have ended.
func together(p *peer, server *localpg.Server) (time.Duration, error) {
	own, err := p.cpu()
	if err != nil {
		return 0, err
	}
	lock, err := os.ReadFile(filepath.Join(server.DataDir, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(lock), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return 0, err
	}
	servers, err := processorTime(pid, utime, stime, cutime, cstime)
	return own + servers, err
}

// measureReading records some of everything, and has pgpi and tshark read it in turn.
func measureReading(ctx context.Context, dir string, server *localpg.Server) (c readingCost, err error) {
	file := filepath.Join(dir, "mixed.pcapng")
	p, err := startPgpi(ctx, dir, server, "none", "--record", file)
	if err != nil {
		return c, err
	}
	defer p.stop()
	work := [][]string{
		{"-n", "-S", "-M", "prepared", "-c", "4", "-t", "4000"}, {"-n", "-S", "-M", "simple", "-c", "4", "-t", "4000"},
		{"-n", "-M", "extended", "-c", "4", "-t", "1000"},
	}
	for _, args := range work {
		if err := pgbench(ctx, p.port, args...); err != nil {
			return c, err
		}
	}
	if _, err := psql(`SELECT * FROM pgbench_accounts LIMIT 50000`)(ctx, p.port); err != nil {
		return c, err
	}
	if _, err := copyIn(20_000)(ctx, p.port); err != nil {
		return c, err
	}
	p.stop() // now the file is complete
	info, err := os.Stat(file)
	if err != nil {
		return c, err
	}
	c.size, c.pgpi, c.tshark = info.Size(), math.MaxInt64, math.MaxInt64
	for range 3 {
		if err := timeReading(ctx, &c.pgpi, &c.peak, filepath.Join(dir, "pgpi"), "read", file); err != nil {
			return c, err
		}
		if err := timeReading(ctx, &c.tshark, &c.peakToo, "tshark", "-V", "-O", "pgsql", "-r", file); err != nil {
			return c, err
		}
	}
	return c, nil
}

// timeReading runs a program, discards its output, and keeps the least time.
func timeReading(ctx context.Context, best *time.Duration, peak *int64, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	var said strings.Builder
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, said.String())
	}
	*best = min(*best, time.Since(start))
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		*peak = usage.Maxrss
	}
	return nil
}

// section returns this part of the report.
func (r *recordings) section() string {
	var b strings.Builder
	b.WriteString("### Recordings\n\n| what | figure |\n|---|---:|\n")
	for _, m := range r.modes {
		fmt.Fprintf(&b, "| CPU of client, server and pgpi per transaction, pgbench -S, %s, 8 clients, `--log-forwarded none` | %s |\n", m.mode, shortTime(m.plain.Seconds()))
		fmt.Fprintf(&b, "| the same with `--record` | %s, ×%.2f |\n", shortTime(m.recorded.Seconds()), ratio(float64(m.recorded), float64(m.plain)))
	}
	c := r.read
	fmt.Fprintf(&b, "| `pgpi read` of a recording of %.1f MiB, annotated | %s, %.1f MiB of memory |\n", float64(c.size)/(1<<20), shortTime(c.pgpi.Seconds()), float64(c.peak)/1024)
	fmt.Fprintf(&b, "| `tshark -V -O pgsql` of the same | %s, ×%.1f, %.1f MiB of memory |\n", shortTime(c.tshark.Seconds()), ratio(float64(c.tshark), float64(c.pgpi)), float64(c.peakToo)/1024)
	return b.String()
}
