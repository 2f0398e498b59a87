package main

import (
	"fmt"
	"slices"
	"strings"
)

// goal is what a figure should be.
type goal struct {
	what    string
	limit   float64
	atLeast bool // otherwise at most
	unit    string
	figures []float64 // of all workloads that it applies to
}

func (g goal) met() bool {
	for _, f := range g.figures {
		if g.atLeast && f < g.limit || !g.atLeast && f > g.limit {
			return false
		}
	}
	return true
}

// row returns the goal's row in the table.
func (g goal) row() string {
	sign, met := "≤", "yes"
	if g.atLeast {
		sign = "≥"
	}
	if !g.met() {
		met = "no"
	}
	figures := fmt.Sprintf("%.2f%s", slices.Min(g.figures), g.unit)
	if len(g.figures) > 1 {
		figures += fmt.Sprintf(" to %.2f%s", slices.Max(g.figures), g.unit)
	}
	return fmt.Sprintf("| %s | %s %g%s | %s | %s |\n", g.what, sign, g.limit, g.unit, figures, met)
}

// goals returns all goals that have figures.
func (r *report) goals() []goal {
	all := []goal{
		{what: "`none`: CPU per transaction, against the bare relay's", limit: 1.05, unit: "×", figures: r.each("pgbench -S", func(s samplesOf) float64 {
			return ratio(s.cpu("pgpi none"), s.cpu("bare relay"))
		})},
		{what: "`annotated`: CPU per transaction, over the bare relay's", limit: 8, unit: " µs", figures: r.each("pgbench -S", func(s samplesOf) float64 {
			return s.cpu("pgpi annotated") - s.cpu("bare relay")
		})},
		{what: "`annotated`: transactions per second against pgbouncer's, 1 client", limit: 1, atLeast: true, unit: "×", figures: r.rates(", 1 clients", "pgpi annotated", "pgbouncer")},
		{what: "the same with 8 clients", limit: 1, atLeast: true, unit: "×", figures: r.rates(", 8 clients", "pgpi annotated", "pgbouncer")},
		{what: "`annotated`: transactions per second against the bare relay's", limit: 0.9, atLeast: true, unit: "×", figures: r.rates("pgbench -S", "pgpi annotated", "bare relay")},
		{what: "`queries`: CPU per transaction, against `annotated`", limit: 1, unit: "×", figures: r.each("pgbench -S", func(s samplesOf) float64 {
			return ratio(s.cpu("pgpi queries"), s.cpu("pgpi annotated"))
		})},
		{what: "`queries`: transactions per second against `annotated`", limit: 1, atLeast: true, unit: "×", figures: r.rates("pgbench -S", "pgpi queries", "pgpi annotated")},
		{what: "SELECT of all rows, `queries`: CPU over `none`, against that of `annotated`", limit: 0.5, unit: "×", figures: r.each("SELECT of", overNone)},
		{what: "COPY out and in, `queries`: likewise", limit: 0.5, unit: "×", figures: r.each("COPY", overNone)},
		{what: "SELECT of all rows, `annotated`: time against direct", limit: 2, unit: "×", figures: r.rates("SELECT of", "direct", "pgpi annotated")},
		{what: "COPY out, `annotated`: time against direct", limit: 1.5, unit: "×", figures: r.rates("COPY out", "direct", "pgpi annotated")},
		{what: "new connections per second, `none`: against the bare relay's", limit: 0.95, atLeast: true, unit: "×", figures: r.rates("new connections", "pgpi none", "bare relay")},
	}
	if res := r.resources; res != nil {
		peak := 0
		for _, p := range res.peak {
			peak = max(peak, p)
		}
		all = append(all,
			goal{what: "peak memory (VmHWM) after all workloads", limit: 96, unit: " MiB", figures: []float64{float64(peak) / 1024}},
			goal{what: "memory of an idle connection, TLS on both legs", limit: 100, unit: " KiB", figures: []float64{res.idle}},
			goal{what: "ready to accept after start", limit: 50, unit: " ms", figures: []float64{float64(res.ready.Microseconds()) / 1000}})
	}
	if rec := r.recordings; rec != nil {
		var costs []float64
		for _, m := range rec.modes {
			costs = append(costs, ratio(float64(m.recorded), float64(m.plain)))
		}
		all = append(all,
			goal{what: "`--record`: CPU of client, server and pgpi, against without", limit: 1.1, unit: "×", figures: costs},
			goal{what: "`pgpi read`, annotated: speed against `tshark -V -O pgsql`", limit: 8, atLeast: true, unit: "×", figures: []float64{ratio(float64(rec.read.tshark), float64(rec.read.pgpi))}})
	}
	return slices.DeleteFunc(all, func(g goal) bool { return len(g.figures) == 0 })
}

// samplesOf are the samples of a workload, by peer.
type samplesOf map[string][]sample

// cpu returns the median of a peer's processor time per transaction or run, in microseconds.
func (s samplesOf) cpu(peer string) float64 { return 1e6 * median(cpuOf(s[peer])) }

// overNone returns what queries costs more than none, divided by what annotated costs more.
func overNone(s samplesOf) float64 {
	none := s.cpu("pgpi none")
	return ratio(s.cpu("pgpi queries")-none, s.cpu("pgpi annotated")-none)
}

// each computes a figure for each workload whose name begins with a text, or for workloads of
// pgbench, ends with it.
func (r *report) each(workload string, figure func(samplesOf) float64) (all []float64) {
	for name, samples := range r.samples {
		if strings.HasPrefix(name, workload) || strings.HasPrefix(workload, ", ") && strings.HasPrefix(name, "pgbench") && strings.HasSuffix(name, workload) {
			all = append(all, figure(samples))
		}
	}
	return all
}

// rates returns the ratios of the median rates of two peers.
func (r *report) rates(workload, peer, other string) []float64 {
	return r.each(workload, func(s samplesOf) float64 { return ratio(median(rateOf(s[peer])), median(rateOf(s[other]))) })
}
