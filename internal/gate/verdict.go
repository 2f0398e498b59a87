package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/stats"
)

// Verdict is what a judge says of a run.
type Verdict struct {
	// Statements and Connections are how much was judged.
	Statements, Connections int64
	// Nothing is set if no exchange was judged, and Why is why.
	Nothing bool
	Why     string
	// Failing are the findings that fail the run. Accepted counts those that would, but are accepted.
	Failing  []Failing
	Accepted int
	// Excess are the tests with too many statements, or the run, each in a few words.
	Excess []string
	// Differences are what differs too much from an older report, each in a few words.
	Differences []string
	// Doubts are why it can't be said whether the run fails.
	Doubts []string
	// NotJudged is what else was not judged.
	NotJudged []string

	tests bool // Excess is about tests
}

// Failing is a finding that fails a run.
type Failing struct {
	*stats.Finding
	// Because is why it fails the run, if it is not because of its rule or severity: in a few words.
	Because string
}

// Verdict judges what has come so far.
func (j *Judge) Verdict() *Verdict {
	j.mu.Lock()
	defer j.mu.Unlock()
	seen := &j.stats.Seen
	v := &Verdict{Statements: j.statements, Connections: j.connections, NotJudged: seen.NotSeen()}
	if seen.Exchanges == 0 {
		v.Nothing, v.Why = true, seen.WhyNothing()
		return v
	}
	if left := seen.All - seen.Exchanges; left > 0 {
		v.NotJudged = append(v.NotJudged, event.Count(left, "exchange")+" left out by --filter, --since or --until")
	}
	j.judgeFindings(v)
	j.judgeStatements(v)
	return v
}

// Fail makes a finding fail the run. It reports whether the judge knows the finding.
func (j *Judge) Fail(v *Verdict, signature, because string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	is := func(f *stats.Finding) bool { return f.First.Signature == signature }
	if slices.ContainsFunc(v.Failing, func(f Failing) bool { return is(f.Finding) }) {
		return true
	}
	all := j.stats.Findings()
	i := slices.IndexFunc(all, is)
	if i >= 0 {
		v.Failing = append(v.Failing, Failing{all[i], because})
	}
	return i >= 0
}

func (j *Judge) judgeFindings(v *Verdict) {
	all := j.stats.Findings()
	if left := len(j.signatures) - len(all); left > 0 && j.stats.FindingsLeftOut() == 0 && j.criteria.NeedsFindings() {
		v.NotJudged = append(v.NotJudged, event.Count(left, "finding")+" left out by --filter, --since or --until")
	}
	for _, f := range all {
		by, fails := j.criteria.fails(f)
		switch {
		case !fails:
		case f.First.Accepted:
			v.Accepted++
		case by != nil:
			v.Failing = append(v.Failing, Failing{f, by.excess(f)})
		default:
			v.Failing = append(v.Failing, Failing{f, ""})
		}
	}
	if n := j.stats.FindingsLeftOut(); n > 0 && j.criteria.NeedsFindings() {
		v.Doubts = append(v.Doubts, "there were more findings than can be kept apart: judge a part of the run, with --filter")
	}
}

func (j *Judge) judgeStatements(v *Verdict) {
	switch limit := j.criteria.statements; {
	case limit == nil:
	case len(j.tests) > 0:
		v.tests = true
		j.judgeTests(v, *limit)
	case j.statements > *limit:
		v.Excess = append(v.Excess, fmt.Sprintf("statements: %s, more than %s", event.Number(j.statements), event.Number(*limit)))
	}
}

// judgeTests judges the statements of each test.
func (j *Judge) judgeTests(v *Verdict, limit int64) {
	named := int64(0)
	names := slices.SortedFunc(maps.Keys(j.tests), func(a, b string) int {
		return cmp.Or(cmp.Compare(j.tests[b], j.tests[a]), strings.Compare(a, b))
	})
	for _, name := range names {
		n := j.tests[name]
		if named += n; n > limit {
			v.Excess = append(v.Excess, fmt.Sprintf("statements: %s in test %q, more than %s", event.Number(n), name, event.Number(limit)))
		}
	}
	if j.unnamed > 0 {
		v.Doubts = append(v.Doubts, "there were more tests than can be kept apart: judge a part of the run, with --filter")
	}
	if rest := j.statements - named - j.unnamed; rest > 0 {
		v.NotJudged = append(v.NotJudged, "by statements: "+event.Count(rest, "statement")+" outside of tests")
	}
}

// Fails reports whether the run fails.
func (v *Verdict) Fails() bool { return len(v.Failing)+len(v.Excess)+len(v.Differences) > 0 }

// Unsure reports whether it can't be said that the run passes.
func (v *Verdict) Unsure() bool { return v.Nothing || len(v.Doubts) > 0 }

// maxShown is how many reasons of a sort are shown, and maxText how much of a finding, in characters.
const (
	maxShown = 20
	maxText  = 400
)

// Lines returns the verdict in words: a line for the whole, and one for each reason. accepting says
// where findings are accepted.
func (v *Verdict) Lines(accepting string) (lines []string) {
	if v.Nothing {
		return []string{"saw no exchange, so nothing was judged: " + v.Why}
	}
	lines = []string{fmt.Sprintf("judged %s on %s: %s", event.Count(v.Statements, "statement"), event.Count(v.Connections, "connection"), v.result(accepting))}
	var reasons []string
	for _, f := range v.Failing {
		reasons = append(reasons, f.words())
	}
	for _, all := range [][]string{reasons, v.Excess, v.Differences} {
		lines = append(lines, shorten(all)...)
	}
	for _, doubt := range v.Doubts {
		lines = append(lines, "not sure: "+doubt)
	}
	if len(v.NotJudged) > 0 {
		lines = append(lines, "not judged: "+strings.Join(v.NotJudged, ", "))
	}
	return lines
}

func shorten(lines []string) []string {
	if len(lines) <= maxShown {
		return lines
	}
	return append(lines[:maxShown:maxShown], fmt.Sprintf("and %s more", event.Number(len(lines)-maxShown)))
}

// result returns what the first line says of the criteria.
func (v *Verdict) result(accepting string) string {
	var parts []string
	add := func(n int, noun string) {
		if n > 0 {
			parts = append(parts, event.Count(n, noun))
		}
	}
	add(len(v.Failing), "finding")
	if v.tests {
		add(len(v.Excess), "test")
	} else if len(v.Excess) > 0 {
		parts = append(parts, "the number of statements")
	}
	add(len(v.Differences), "difference")
	words := "nothing fails the run"
	switch n := len(v.Failing) + len(v.Excess) + len(v.Differences); {
	case n == 1:
		words = parts[0] + " fails the run"
	case n > 1:
		words = strings.Join(parts, ", ") + " fail the run"
	case len(v.Doubts) > 0:
		words = "it is not certain that nothing fails the run"
	}
	if v.Accepted > 0 {
		words += fmt.Sprintf(", %s accepted in %s", event.Count(v.Accepted, "finding"), accepting)
	}
	return words
}

// words returns a finding in one line, with what helps: in CI, the log often has no other.
func (f *Failing) words() string {
	words := f.First.Signature + ": " + clipped(strings.Fields(f.First.Text))
	if f.Because != "" {
		words += " (" + f.Because + ")"
	}
	if f.First.Remedy != "" {
		words = event.Stopped(words) + " " + f.First.Remedy
	}
	return words
}

// clipped returns the first words of a text, or what fits of the first one if it is longer.
func clipped(words []string) string {
	all := []rune(strings.Join(words, " "))
	if len(all) <= maxText {
		return string(all)
	}
	text := string(all[:maxText])
	if end := strings.LastIndexByte(text, ' '); end > 0 && all[maxText] != ' ' {
		text = text[:end]
	}
	return strings.TrimRight(text, " ") + " …"
}
