package report

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgpi/internal/compare"
	"pgpi/internal/event"
	"pgpi/internal/stats"
	"pgpi/test/golden"
	"pgpi/test/sqlgen"
)

// oldOf returns the report of events as one to compare with.
func oldOf(t *testing.T, by compare.Measure, events []event.Event) *Old {
	t.Helper()
	return readOld(t, by, render(t, "json", Options{Limit: usual}, events))
}

func readOld(t *testing.T, by compare.Measure, document string) *Old {
	t.Helper()
	old, err := ReadOld("old.json", []byte(document), by)
	if err != nil {
		t.Fatal(err)
	}
	return old
}

// later is what a later version of the shop does.
func later() *history {
	h := shop()
	h.events = h.events[:len(h.events)-2]
	for i := range 8 {
		h.run(fmt.Sprintf("select * from items where order_id = %d", i), ms, 7*ms)
	}
	h.run("select a, b, c from customers where long_names_make_long_lines = 1 and they_are_broken = 2 order by 1", ms, ms, failed("42703", "no"))
	h.say(event.Ended{})
	return h
}

// TestDifference compares pages about what differs with the expected ones.
func TestDifference(t *testing.T) {
	golden.Compare(t, "difference.txt", render(t, "text", Options{Limit: usual, Compare: oldOf(t, compare.Calls, shop().events)}, later().events))
	golden.Compare(t, "difference_times.txt", render(t, "text", Options{Limit: usual, Compare: oldOf(t, compare.Time, shop().events)}, later().events))
	golden.Compare(t, "difference.json", comparedMember(t, render(t, "json", Options{Limit: usual, Compare: oldOf(t, compare.Time, shop().events)}, later().events)))
	want := "-- pgpi report: compared with old.json\n-- same     4 shapes, 43 calls; nothing differs\n-- findings not compared: neither report has looked for any\n"
	if got := render(t, "text", Options{Compare: oldOf(t, compare.Calls, shop().events)}, shop().events); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// comparedMember returns what a document says about an older report.
func comparedMember(t *testing.T, document string) string {
	t.Helper()
	checkSchema(t, compileSchema(t), document)
	var d map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatal(err)
	}
	return string(d["compared"]) + "\n"
}

// TestNotCertain: the page says what makes a difference uncertain.
func TestNotCertain(t *testing.T) {
	document := render(t, "json", Options{Limit: usual}, shop().events)
	for _, test := range []struct{ old, new, want string }{
		{`"whole": true`, `"whole": false`, "-- not seen in old.json: its member seen says what is missing\n"},
		{`"connections": [`, `"misc": {"calls": 1}, "connections": [`, "-- not sure old.json has more shapes than can be kept apart"},
		{`"looked_for": []`, `"looked_for": ["errors"]`, "-- findings not compared: only old.json has looked for any\n"},
		{`"findings": null`, `"findings": null, "findings_left_out": 1`, "-- not sure old.json has too many findings to list them all: what is new may\n"},
		{`"made_with": {`, `"with": {`, "-- not sure old.json does not say which --filter, --since and --until it was\n"},
		{`"filter": null`, `"filter": "rows > 5\n"`, "-- not sure the older report was made with --filter 'rows > 5 ', and this one\n--          without --filter: give both the same\n"},
		{`"until": null`, `"until": "17:05"`, "-- not sure the older report was made with --since or --until, and this one was\n"},
		{`"redact": null`, `"redact": "values"`, "-- not sure values are redacted in old.json: names that contain a value have\n"},
	} {
		old := readOld(t, compare.Calls, strings.Replace(document, test.old, test.new, 1))
		if page := render(t, "text", Options{Compare: old}, shop().events); !strings.Contains(page, test.want) {
			t.Errorf("no %q: %s", test.want, page)
		}
	}
	h := shop()
	h.say(event.Missing{Bytes: 7})
	o := Options{Compare: readOld(t, compare.Calls, document)}
	if page := render(t, "text", o, h.events); !strings.Contains(page, "-- not seen now: 1 gap, in which 7 bytes are missing") {
		t.Error(page)
	}
	o.Stats.Groups = 1
	if page := render(t, "text", o, shop().events); !strings.Contains(page, "-- not sure there are now more shapes than can be kept apart") || !strings.Contains(page, "\n-- changed  MISC\n") {
		t.Error(page)
	}
}

// TestFindings writes findings that only one report has. Documents are not trusted.
func TestFindings(t *testing.T) {
	findings := func(rules, all string) *compare.Report {
		r, err := compare.Parse([]byte(`{"version": 1, "seen": {"whole": true}, "group_by": "shape", "total": {"calls": 7}, "looked_for": ["n+1"`+rules+`], "findings": [`+all+`]}`), ownFormat)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	const accepted = `{"signature": "n+1:d", "rule": "n+1", "severity": "warning", "text": "it must", "count": 1, "accepted": true}`
	const one = `{"signature": "n+1:%s", "rule": "n+1", "severity": "warning", "text": "38 × select 1:\ndrop table t; \u001b[2J", "count": %d}`
	was := findings("", fmt.Sprintf(one, "a", 1)+","+fmt.Sprintf(one, "b", 2))
	is := findings(`, "later"`, fmt.Sprintf(one, "b", 3)+","+fmt.Sprintf(one, "c", 1)+","+accepted)
	p, d := &page{stats: stats.New(stats.Options{})}, compare.Reports(was, is, compare.Calls)
	p.notCompared(d, "old.json")
	p.body(d)
	golden.Compare(t, "difference_findings.txt", p.String())
	checkComments(t, p.String())
}

// checkComments: every line is a comment, and as wide as a page unless it is SQL.
func checkComments(t *testing.T, page string) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(page, "\n"), "\n") {
		isSQL := strings.HasPrefix(line, "--   ") && !strings.HasPrefix(line, "--    ")
		if !strings.HasPrefix(line, "--") || !isSQL && utf8.RuneCountInString(line) > width {
			t.Errorf("%q in\n%s", line, page)
		}
		if strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0 || !utf8.ValidString(line) {
			t.Errorf("what no page shows: %q", line)
		}
	}
}

// TestRandomDifferences compares reports about statements of all kinds.
func TestRandomDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	schema := compileSchema(t)
	for range 100 {
		var all [2][]event.Event
		seed := r.Uint64()
		for i := range all {
			h := &history{}
			sql := rand.New(rand.NewPCG(seed, 1)) // mostly the same statements
			for range 1 + r.IntN(40) {
				h.run(sqlgen.Text(sql), ms, time.Duration(r.ExpFloat64()*float64(ms)), func(x *event.Exchange) {
					x.Kind, x.Rows = event.ExchangeKind(r.IntN(3)), int64(r.IntN(2))
				})
			}
			all[i] = h.events
		}
		for _, by := range []compare.Measure{compare.Calls, compare.Time} {
			o := Options{Limit: Limit{Count: r.IntN(5)}, Compare: oldOf(t, by, all[0])}
			page := render(t, "text", o, all[1])
			checkComments(t, page)
			if again := render(t, "text", o, all[1]); again != page {
				t.Fatalf("equal events differ otherwise the second time: %s\n%s", page, again)
			}
			if by != compare.Time && strings.Contains(page, " ms ") {
				t.Errorf("it has times: %s", page)
			}
			checkSchema(t, schema, render(t, "json", o, all[1]))
			if same := render(t, "text", o, all[0]); !strings.Contains(same, "; nothing differs\n") {
				t.Errorf("a report differs from itself: %s", same)
			}
		}
		if t.Failed() {
			return
		}
	}
}
