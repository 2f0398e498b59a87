package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is the table that is printed and put into the documentation.
type report struct {
	settings   settings
	server     int
	sections   []string
	samples    map[string]samplesOf // by workload
	resources  *resources
	recordings *recordings
}

// add writes the rows of a workload: the medians of processor time and rate, with their spread.
func (r *report) add(w *workload, peers []*peer, samples map[*peer][]sample) {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n", w.name)
	fmt.Fprintf(&b, "| peer | CPU of the peer, median (least to most) | over the relay's | rate per second, median (least to most) | against direct | against the relay | against pgbouncer |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|\n")
	byName := samplesOf{}
	rates := map[string]float64{}
	cpus := map[string]float64{}
	for _, p := range peers {
		byName[p.name] = samples[p]
		rates[p.name] = median(rateOf(samples[p]))
		cpus[p.name] = median(cpuOf(samples[p]))
	}
	for _, p := range peers {
		all := rateOf(samples[p])
		cpu, over := "–", "–"
		if p.process != nil {
			spread := cpuOf(samples[p])
			cpu = fmt.Sprintf("%s (%s to %s)", shortTime(cpus[p.name]), shortTime(slices.Min(spread)), shortTime(slices.Max(spread)))
			over = fmt.Sprintf("%s, ×%.2f", shortTime(cpus[p.name]-cpus["bare relay"]), ratio(cpus[p.name], cpus["bare relay"]))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s (%s to %s) | %.2f | %.2f | %.2f |\n", p.name, cpu, over,
			number(rates[p.name]), number(slices.Min(all)), number(slices.Max(all)),
			ratio(rates[p.name], rates["direct"]), ratio(rates[p.name], rates["bare relay"]), ratio(rates[p.name], rates["pgbouncer"]))
	}
	r.sections = append(r.sections, b.String())
	if r.samples == nil {
		r.samples = map[string]samplesOf{}
	}
	r.samples[w.name] = byName
}

func (r *report) last() string { return r.sections[len(r.sections)-1] }

// write prints what was not printed yet, and writes the whole report to a file if asked to.
func (r *report) write() error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\nMade by `make bench` at commit %s, %s, on %d cores of %s with %s, PostgreSQL %d.\n",
		command("git", "rev-parse", "--short", "HEAD"), time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), cpuModel(), runtime.Version(), r.server)
	fmt.Fprintf(&b, "%d rounds of %v, peers in turn; TLS on all legs, logs in files on the same disk. CPU is user and system time of the\npeer per transaction, connection or run. Ratios are of medians; of rates, above 1 is faster.\n\n",
		r.settings.rounds, r.settings.seconds)
	goals := "## Goals\n\n| what | goal | figure, least to most | met |\n|---|---:|---:|---|\n"
	if r.settings.peers == "" { // they compare peers
		for _, g := range r.goals() {
			goals += g.row()
		}
	}
	fmt.Println(goals)
	b.WriteString(goals + "\n## Figures\n\n")
	for _, s := range r.sections {
		b.WriteString(s + "\n")
	}
	if r.recordings != nil {
		fmt.Println(r.recordings.section())
		b.WriteString(r.recordings.section() + "\n")
	}
	if r.resources != nil {
		fmt.Println(r.resources.section())
		b.WriteString(r.resources.section())
	}
	if r.settings.output == "" {
		return nil
	}
	return os.WriteFile(r.settings.output, []byte(b.String()), 0o644)
}

func rateOf(samples []sample) []float64 {
	all := make([]float64, 0, len(samples))
	for _, s := range samples {
		all = append(all, s.rate)
	}
	return all
}

// cpuOf is the processor time of a transaction or run, of each round, in seconds.
func cpuOf(samples []sample) []float64 {
	all := make([]float64, 0, len(samples))
	for _, s := range samples {
		all = append(all, s.cpu.Seconds())
	}
	return all
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// shortTime writes seconds in a unit that fits.
func shortTime(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d > -time.Millisecond && d < time.Millisecond {
		return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000)
	}
	return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
}

func number(f float64) string {
	if f < 10 {
		return fmt.Sprintf("%.3f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

func command(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, " \t:"))
		}
	}
	return "an unknown processor"
}
