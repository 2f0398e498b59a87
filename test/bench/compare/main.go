// Command compare measures pgpi against its peers, in one run, in alternating rounds: a direct
// connection, a bare TLS relay, pgbouncer in session mode, and pgpi with its log off, raw, of
// queries, and annotated, to a file. TLS is on all legs.
//
// It guarantees that all peers are measured side by side, so that whatever else the machine does
// affects all of them. It prints what a reader needs to repeat the measurement. It must not judge:
// goals are listed beside the figures, and nothing fails because of one.
//
// Start reading at run. workloads.go has what is done, peers.go who does it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"pgpi/internal/localpg"
)

// settings are the settings of a run.
type settings struct {
	rounds  int
	seconds time.Duration
	scale   int // of pgbench: 100,000 rows each
	only    string
	peers   string
	output  string
}

func main() {
	localpg.RunJanitorIfAsked()
	var s settings
	flag.IntVar(&s.rounds, "rounds", 7, "rounds of each workload")
	flag.DurationVar(&s.seconds, "time", 2*time.Second, "time of one round of pgbench")
	flag.IntVar(&s.scale, "scale", 10, "scale of pgbench: 100,000 rows each")
	flag.StringVar(&s.only, "only", "", "only workloads whose name contains this, or recordings, or resources")
	flag.StringVar(&s.peers, "peers", "", "only peers whose names contain one of these words, separated by commas; goals are then left out")
	flag.StringVar(&s.output, "output", "", "write the table to this file too")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// wants reports whether a peer is to be measured.
func (s settings) wants(p *peer) bool {
	return slices.ContainsFunc(strings.Split(s.peers, ","), func(word string) bool { return strings.Contains(p.name, word) })
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "pgpi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is temporary
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	server, err := localpg.Start(ctx, localpg.Config{
		User: "bench", TLS: &localpg.TLS{},
		Settings: map[string]string{"max_connections": "1100", "fsync": "off", "shared_buffers": "256MB", "max_wal_size": "4GB"},
	})
	if err != nil {
		return err
	}
	defer server.Close() //nolint:errcheck // the janitor removes it otherwise
	if err := pgbench(ctx, server.Port, "-i", "-q", "-s", fmt.Sprint(s.scale)); err != nil {
		return fmt.Errorf("fill the tables: %w", err)
	}
	peers, err := startPeers(ctx, dir, server)
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	if err != nil {
		return err
	}

	r := report{settings: s, server: server.Version}
	for _, w := range workloads(s) {
		if !w.matches(s.only) {
			continue
		}
		measured := slices.DeleteFunc(slices.Clone(peers), func(p *peer) bool { return !s.wants(p) })
		samples, err := w.measure(ctx, measured, s.rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		r.add(w, measured, samples)
		fmt.Println(r.last())
	}
	if s.only == "" || s.only == "recordings" {
		if r.recordings, err = measureRecordings(ctx, dir, server, s); err != nil {
			return err
		}
	}
	if s.only == "" || s.only == "resources" {
		if r.resources, err = measureResources(ctx, dir, server, peers); err != nil {
			return err
		}
	}
	return r.write()
}
