package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
)

// resources are what pgpi uses besides processor time.
type resources struct {
	peak  map[string]int // VmHWM after all workloads, in KiB, by peer
	idle  float64        // per idle connection with TLS on both legs, in KiB
	ready time.Duration  // from the start until a connection is accepted
}

// idleConnections is how many are held open to measure the size of one.
const idleConnections = 1000

func measureResources(ctx context.Context, dir string, server *localpg.Server, peers []*peer) (*resources, error) {
	r := &resources{peak: map[string]int{}}
	for _, p := range peers {
		if !strings.HasPrefix(p.name, "pgpi") {
			continue
		}
		peak, err := p.memory("VmHWM")
		if err != nil {
			return nil, err
		}
		r.peak[p.name] = peak
	}
	fresh, err := startPgpi(ctx, dir, server, "annotated")
	if err != nil {
		return nil, err
	}
	defer fresh.stop()
	if r.idle, err = weighIdle(ctx, fresh); err != nil {
		return nil, err
	}
	r.ready, err = timeStart(ctx, dir)
	return r, err
}

// weighIdle compares the memory of a peer with many connections and with none.
func weighIdle(ctx context.Context, p *peer) (float64, error) {
	if err := connectAndClose(ctx, p.port); err != nil { // now the certificate is made
		return 0, err
	}
	before, err := p.memory("VmRSS")
	if err != nil {
		return 0, err
	}
	var open []*pgconn.PgConn
	defer func() {
		for _, c := range open {
			_ = c.Close(ctx) // the figure has been taken
		}
	}()
	for range idleConnections {
		c, err := pgconn.Connect(ctx, connString(p.port))
		if err != nil {
			return 0, err
		}
		open = append(open, c)
	}
	time.Sleep(5 * time.Second)
	after, err := p.memory("VmRSS")
	return float64(after-before) / idleConnections, err
}

// section returns this part of the report.
func (r *resources) section() string {
	var b strings.Builder
	b.WriteString("### Memory and start\n\n| what | figure |\n|---|---:|\n")
	for _, name := range slices.Sorted(maps.Keys(r.peak)) {
		fmt.Fprintf(&b, "| peak memory after all workloads (VmHWM), %s | %.1f MiB |\n", name, float64(r.peak[name])/1024)
	}
	fmt.Fprintf(&b, "| an idle connection, TLS on both legs | %.1f KiB |\n| ready to accept after start | %.1f ms |\n", r.idle, float64(r.ready.Microseconds())/1000)
	return b.String()
}

func connectAndClose(ctx context.Context, port int) error {
	c, err := pgconn.Connect(ctx, connString(port))
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

func connString(port int) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=bench dbname=postgres sslmode=require", port)
}

// timeStart returns the least time of several starts.
func timeStart(ctx context.Context, dir string) (time.Duration, error) {
	best := time.Hour
	for range 5 {
		port, err := freePort()
		if err != nil {
			return 0, err
		}
		start := time.Now()
		p, err := startProcess(ctx, "pgpi", filepath.Join(dir, "pgpi"), nil, "--client-listen-port", strconv.Itoa(port), "--log-file", os.DevNull)
		if err != nil {
			return 0, err
		}
		for {
			conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if err == nil {
				best = min(best, time.Since(start))
				_ = conn.Close() // it was only to know
				break
			}
			if time.Since(start) > 5*time.Second {
				return 0, err
			}
			time.Sleep(time.Millisecond)
		}
		p.stop()
	}
	return best, nil
}
