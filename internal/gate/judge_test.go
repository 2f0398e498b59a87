package gate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/stats"
)

var start = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// run makes the events of a run.
type run struct {
	events []event.Event
	now    time.Duration
}

func (r *run) add(e event.Event) {
	r.now += time.Millisecond
	e.Seq, e.At, e.Elapsed = uint64(len(r.events)+1), start.Add(r.now), r.now
	if e.Conn == 0 {
		e.Conn = 1
	}
	r.events = append(r.events, e)
}

// ask runs statements, which name a test unless that is empty.
func (r *run) ask(times int, test string, changes ...func(*event.Exchange)) {
	for range times {
		x := &event.Exchange{Number: 1, RoundTrips: 1, Counted: -1, Context: &event.Context{SQL: "select 1"}}
		if test != "" {
			x.Attributes = []sqltext.Attribute{{Key: "action", Value: "index"}, {Key: "test", Value: test}}
		}
		for _, change := range changes {
			change(x)
		}
		r.add(event.Event{Kind: event.Exchanged, Exchange: x})
	}
}

func (r *run) find(rule string, hash uint64, changes ...func(*event.Finding)) {
	f := &event.Finding{Rule: rule, Severity: event.Warning, Signature: fmt.Sprintf("%s:%016x", rule, hash), Text: "it\nwas  seen", Connections: []uint32{1}}
	for _, change := range changes {
		change(f)
	}
	r.add(event.Event{Kind: event.Found, Finding: f})
}

func (r *run) say(fact event.Fact) { r.add(event.Event{Kind: event.Said, Fact: fact}) }

// opened is a run on one connection.
func opened() *run {
	r := new(run)
	r.say(event.Opened{})
	return r
}

func (r *run) verdict(t *testing.T, criteria string) *Verdict {
	t.Helper()
	j := New(parse(t, criteria), stats.Options{})
	if err := j.Write(r.events); err != nil {
		t.Fatal(err)
	}
	return j.Verdict()
}

func (r *run) expect(t *testing.T, criteria string, fails bool, want ...string) {
	t.Helper()
	v := r.verdict(t, criteria)
	if got := v.Lines("f.toml"); !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", criteria, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if v.Fails() != fails {
		t.Errorf("%s: fails is %v", criteria, v.Fails())
	}
}

func TestVerdict(t *testing.T) {
	r := opened()
	r.ask(1234, "")
	r.find("errors", 1)
	r.find("errors", 1)
	r.find("errors", 2, func(f *event.Finding) { f.Accepted, f.Reason = true, "known" })
	r.find("slow", 3, func(f *event.Finding) { f.Timed, f.Took = true, 2*time.Second })
	const judged = "judged 1,234 statements on 1 connection: "
	r.expect(t, "warning", true, judged+"1 finding fails the run, 1 finding accepted in f.toml", "errors:0000000000000001: it was seen")
	r.expect(t, "error", false, judged+"nothing fails the run")
	r.expect(t, "errors,slow=1s,statements=1000", true, judged+"2 findings, the number of statements fail the run, 1 finding accepted in f.toml",
		"errors:0000000000000001: it was seen", "slow:0000000000000003: it was seen (more than 1s)", "statements: 1,234, more than 1,000")
	r.expect(t, "slow=2s,statements=1234", false, judged+"nothing fails the run")
	// The sentence is of what was found first, which may be within the bound.
	r.find("slow", 3, func(f *event.Finding) { f.Timed, f.Took = true, 5*time.Second })
	r.find("churn", 4, func(f *event.Finding) { f.Timed, f.Count = true, 50 })
	r.find("churn", 4, func(f *event.Finding) { f.Timed, f.Count = true, 51 })
	r.expect(t, "slow=2s,churn=50", true, judged+"2 findings fail the run",
		"slow:0000000000000003: it was seen (later up to 5.00 s, more than 2s)", "churn:0000000000000004: it was seen (later up to 51, more than 50)")
	v := r.verdict(t, "error")
	v.Differences = []string{"new-shape: 1:a is new"}
	if got := v.Lines(""); !v.Fails() || len(got) != 2 || got[0] != judged+"1 difference fails the run" || got[1] != v.Differences[0] {
		t.Errorf("%q", got)
	}
	v.Differences, v.Doubts = nil, []string{"new-shape: it is crowded"}
	if got := v.Lines(""); v.Fails() || !v.Unsure() || got[0] != judged+"it is not certain that nothing fails the run" {
		t.Errorf("%q", got)
	}
}

// TestFail: a finding can fail a run because of what the caller knows.
func TestFail(t *testing.T) {
	r := opened()
	r.ask(1, "")
	r.find("errors", 1)
	r.find("duplicate", 2, func(f *event.Finding) { f.Severity, f.Remedy = event.Note, "Keep it." })
	j := New(parse(t, "errors,new-finding"), stats.Options{})
	if err := j.Write(r.events); err != nil {
		t.Fatal(err)
	}
	v := j.Verdict()
	for hash, want := range map[string]bool{"errors:0000000000000001": true, "duplicate:0000000000000002": true, "duplicate:0000000000000003": false} {
		if got := j.Fail(v, hash, "new"); got != want {
			t.Errorf("%s: %v", hash, got)
		}
	}
	want := []string{"judged 1 statement on 1 connection: 2 findings fail the run", "errors:0000000000000001: it was seen", "duplicate:0000000000000002: it was seen (new). Keep it."}
	if got := v.Lines(""); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestGravest: a finding counts with the gravest severity that it had.
func TestGravest(t *testing.T) {
	r := opened()
	r.ask(1, "")
	r.find("serialization", 1, func(f *event.Finding) { f.Severity = event.Note })
	r.find("serialization", 1)
	r.expect(t, "warning", true, "judged 1 statement on 1 connection: 1 finding fails the run", "serialization:0000000000000001: it was seen")
}

// TestStatements: what is executed counts, and nothing else.
func TestStatements(t *testing.T) {
	r := opened()
	r.ask(2, "")
	r.ask(1, "", func(x *event.Exchange) { x.Outcome = event.Failed })
	r.ask(1, "", func(x *event.Exchange) { x.Outcome = event.Skipped })
	r.ask(1, "", func(x *event.Exchange) { x.Outcome = event.Unanswered })
	r.ask(1, "", func(x *event.Exchange) { x.Kind = event.Prepare })
	r.ask(1, "", func(x *event.Exchange) { x.Kind = event.SyncAlone })
	r.ask(1, "", func(x *event.Exchange) { x.Statements = []event.Statement{{}, {}, {}} })
	// A portal that is executed in three pieces is one statement.
	c := &event.Context{SQL: "select 2"}
	for i, outcome := range []event.Outcome{event.Suspended, event.Suspended, event.Done} {
		r.ask(1, "", func(x *event.Exchange) {
			x.Kind, x.Outcome, x.Portal, x.Context = event.Extended, outcome, "p", c
			if i == 0 {
				x.Bind = &event.Message{}
			}
		})
	}
	r.expect(t, "statements=7", false, "judged 7 statements on 1 connection: nothing fails the run")
	r.expect(t, "statements=6", true, "judged 7 statements on 1 connection: the number of statements fails the run", "statements: 7, more than 6")
}

// TestTests: where comments name tests, each is judged by itself.
func TestTests(t *testing.T) {
	r := opened()
	r.ask(100, "")
	r.ask(3, "a")
	r.ask(5, "b")
	r.ask(4, "a")
	r.ask(4, "c\x1b")
	r.expect(t, "statements=7", false, "judged 116 statements on 1 connection: nothing fails the run", "not judged: by statements: 100 statements outside of tests")
	r.expect(t, "statements=4", true, "judged 116 statements on 1 connection: 2 tests fail the run",
		`statements: 7 in test "a", more than 4`, `statements: 5 in test "b", more than 4`, "not judged: by statements: 100 statements outside of tests")
}

// TestNothing: a run in which nothing was seen does not pass, and the verdict says why.
func TestNothing(t *testing.T) {
	with := func(facts ...event.Fact) *run {
		r := new(run)
		for _, f := range facts {
			r.say(f)
		}
		return r
	}
	const nothing = "saw no exchange, so nothing was judged: "
	for want, r := range map[string]*run{
		"nothing has connected":                                                    with(),
		"nothing was asked on 1 connection":                                        with(event.Opened{}),
		"1 connection is encrypted, from some point on":                            with(event.Opened{}, event.Encrypted{}),
		"1 connection did not speak Postgres":                                      with(event.Opened{}, event.NotPostgres{}),
		"1 gap, in which 7 bytes are missing: what was asked there is not counted": with(event.Opened{}, event.Missing{Bytes: 7}),
		"1 connection began before: statements prepared before that are not known, 1 place where nothing more could be read": with(event.Joined{}, event.OutOfSync{}),
	} {
		r.expect(t, "statements=5", false, nothing+want)
		if v := r.verdict(t, "error"); !v.Nothing || !v.Unsure() {
			t.Errorf("%s: nothing is %v", want, v.Nothing)
		}
	}
	oneWay := with(event.Opened{})
	oneWay.add(event.Event{Kind: event.Traffic})
	oneWay.say(event.Ended{})
	oneWay.expect(t, "error", false, nothing+"1 connection was heard in one direction only: it has no times and no results")
}

// TestChosen: what a filter leaves out is not judged, and the verdict says so.
func TestChosen(t *testing.T) {
	r := opened()
	r.ask(3, "")
	r.find("errors", 1)
	r.find("errors", 2)
	judge := func(findingsAlone bool, passes func(e *event.Event) bool) *Verdict {
		j := New(parse(t, "errors"), stats.Options{})
		facts, chosen := j.Chosen(findingsAlone)
		for i := range r.events {
			if passes(&r.events[i]) {
				if err := chosen(r.events[i : i+1]); err != nil {
					t.Fatal(err)
				}
			}
			if err := facts(r.events[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if !j.Found("errors:0000000000000001") || j.Found("errors:0000000000000003") {
			t.Error("what was found depends on the filter")
		}
		return j.Verdict()
	}
	whole := r.verdict(t, "errors").Lines("")
	for _, findingsAlone := range []bool{false, true} {
		if got := judge(findingsAlone, func(*event.Event) bool { return true }).Lines(""); !slices.Equal(got, whole) {
			t.Errorf("with a filter that lets everything through: %q, without: %q", got, whole)
		}
	}
	if got := judge(false, func(*event.Event) bool { return false }).Lines(""); got[0] != "saw no exchange, so nothing was judged: --filter, --since or --until left out all 3 exchanges" {
		t.Errorf("%q", got)
	}
	got := judge(false, func(e *event.Event) bool { return e.Seq != 2 && e.Seq != 5 }).Lines("")
	want := []string{
		"judged 2 statements on 1 connection: 1 finding fails the run", "errors:0000000000000002: it was seen",
		"not judged: 1 exchange left out by --filter, --since or --until, 1 finding left out by --filter, --since or --until",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	got = judge(true, func(e *event.Event) bool { return e.Finding != nil && e.Seq != 5 }).Lines("")
	want[0], want[2] = "judged 3 statements on 1 connection: 1 finding fails the run", "not judged: 1 finding left out by --filter, --since or --until"
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestConnections: the verdict counts the connections on which something was judged.
func TestConnections(t *testing.T) {
	r := new(run)
	for conn := range uint32(5) {
		r.add(event.Event{Conn: conn + 1, Kind: event.Said, Fact: event.Opened{}})
		r.ask(2, "")
		r.events[len(r.events)-2].Conn, r.events[len(r.events)-1].Conn = conn+1, conn+1
		r.add(event.Event{Conn: conn + 1, Kind: event.Said, Fact: event.Ended{}})
	}
	j := New(parse(t, "errors"), stats.Options{})
	facts, chosen := j.Chosen(false)
	for i := range r.events {
		if one := r.events[i : i+1]; one[0].Conn < 3 {
			if err := chosen(one); err != nil {
				t.Fatal(err)
			}
		}
		if err := facts(r.events[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if got := j.Verdict().Lines("")[0]; got != "judged 4 statements on 2 connections: nothing fails the run" || len(j.open) > 0 {
		t.Errorf("%s; %d are open", got, len(j.open))
	}
	r.expect(t, "errors", false, "judged 10 statements on 5 connections: nothing fails the run")
}

// TestMany: a verdict is bounded, and what is beyond the bounds does not pass.
func TestMany(t *testing.T) {
	r := opened()
	r.ask(1, "")
	for i := range uint64(1001) {
		r.find("errors", i, func(f *event.Finding) { f.Accepted, f.Text = true, strings.Repeat("long ", 1000) })
	}
	if v := r.verdict(t, "errors"); v.Fails() || !v.Unsure() {
		t.Errorf("more findings than are kept apart: fails is %v, unsure %v", v.Fails(), v.Unsure())
	}
	for i := range r.events {
		if f := r.events[i].Finding; f != nil {
			f.Accepted = false
		}
	}
	lines := r.verdict(t, "errors").Lines("")
	if len(lines) != maxShown+3 || lines[maxShown+1] != "and 980 more" || len(strings.Join(lines, "\n")) > maxShown*(maxText+40)+500 {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

// TestClipped: a finding is cut between words.
func TestClipped(t *testing.T) {
	long := strings.Repeat("x", maxText)
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"it took long", "it took long"},
		{long, long},
		{long + "x", long + " …"},
		{long[1:] + " y", long[1:] + " …"},
		{long[2:] + " y", long[2:] + " y"},
		{"about 7.0 ms in " + long, "about 7.0 ms in …"},
		{strings.Repeat("ä", maxText+1), strings.Repeat("ä", maxText) + " …"},
	} {
		if got := clipped(strings.Fields(c.text)); got != c.want {
			t.Errorf("%q is cut to %q, not %q", c.text, got, c.want)
		}
	}
}
