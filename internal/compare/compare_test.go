package compare

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

var format = Format{Document: 1, Shapes: "1"}

func parse(t *testing.T, text string) *Report {
	t.Helper()
	r, err := Parse([]byte(text), format)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return r
}

// reportOf returns a report in JSON with shapes, and with more members.
func reportOf(more string, shapes ...string) string {
	return `{"version": 1, "seen": {"whole": true}, "group_by": "shape", "total": {"calls": ` + fmt.Sprint(len(shapes)) + `}` + more + `, "shapes": [` + strings.Join(shapes, ",") + `]}`
}

func shapeOf(id string, calls, rows, sent, received int) string {
	return fmt.Sprintf(`{"id": %q, "sql": "select", "calls": %d, "errors": 0, "rows": %d, "bytes": {"sent": %d, "received": %d}, "seconds": {"total": 0.5, "prepare": 0.25}}`,
		id, calls, rows, sent, received)
}

// say returns a difference in words.
func say(d *Difference) string {
	var words []string
	for _, g := range d.Added {
		words = append(words, "+"+g.ID)
	}
	for _, g := range d.Gone {
		words = append(words, "-"+g.ID)
	}
	for _, c := range append(d.Changed, d.ChangedOthers...) {
		words = append(words, c.ID)
		for _, m := range d.Differing(c) {
			words = append(words, fmt.Sprintf("%s %d→%d", m, m.Of(&c.Old), m.Of(&c.New)))
		}
	}
	for _, f := range d.AddedFindings {
		words = append(words, "+"+f.Signature)
	}
	for _, f := range d.GoneFindings {
		words = append(words, "-"+f.Signature)
	}
	return strings.Join(words, " ")
}

// findings returns members of a report that has looked for the rules n+1 and slow.
func findings(all ...string) string {
	list := make([]string, 0, len(all))
	for i, one := range all {
		rule, accepted := "n+1", ""
		if strings.HasPrefix(one, "slow") {
			rule = "slow"
		}
		if strings.HasPrefix(one, "ok") {
			accepted = `, "accepted": true, "reason": "known"`
		}
		list = append(list, fmt.Sprintf(`{"rule": %q, "severity": "warning", "signature": %q, "text": "seen", "count": %d, "timed": %v%s}`, rule, one, i+1, rule == "slow", accepted))
	}
	return `, "looked_for": ["n+1", "slow"], "findings": [` + strings.Join(list, ",") + `]`
}

// TestReports compares small reports.
func TestReports(t *testing.T) {
	for _, test := range []struct {
		name, old, new string
		by             Measure
		want           string
	}{
		{"equal", reportOf("", shapeOf("1:a", 1, 2, 3, 4)), reportOf("", shapeOf("1:a", 1, 2, 3, 4)), Calls, ""},
		{"other numbers", reportOf("", shapeOf("1:a", 1, 2, 3, 4)), reportOf("", shapeOf("1:a", 2, 2, 3, 5)), Calls, "1:a calls 1→2 received 4→5"},
		{"another shape", reportOf("", shapeOf("1:a", 1, 2, 3, 4)), reportOf("", shapeOf("1:b", 1, 2, 3, 4)), Calls, "+1:b -1:a"},
		{"the most calls first", reportOf(""), reportOf("", shapeOf("1:a", 1, 9, 0, 0), shapeOf("1:b", 2, 1, 0, 0)), Calls, "+1:b +1:a"},
		{"the most rows first", reportOf(""), reportOf("", shapeOf("1:b", 2, 1, 0, 0), shapeOf("1:a", 1, 9, 0, 0)), Rows, "+1:a +1:b"},
		{"down counts as up", reportOf("", shapeOf("1:a", 1, 0, 0, 0), shapeOf("1:b", 9, 0, 0, 0)), reportOf("", shapeOf("1:a", 2, 0, 0, 0), shapeOf("1:b", 1, 0, 0, 0)), Calls, "1:b calls 9→1 1:a calls 1→2"},
		{"without a shape", reportOf("", shapeOf("(sync)", 0, 0, 5, 0)), reportOf("", shapeOf("(function call)", 1, 0, 5, 0)), Calls, "(function call) calls 0→1 sent 0→5 (sync) sent 5→0"},
		{"not kept apart", reportOf(""), reportOf(`, "misc": {"calls": 7}`), Calls, "MISC calls 0→7"},
		{"findings", reportOf(findings("a", "b", "c")), reportOf(findings("b", "d")), Calls, "+d -a -c"},
		{"findings not looked for before", reportOf(""), reportOf(findings("a")), Calls, ""},
		{"findings not looked for now", reportOf(findings("a")), reportOf(""), Calls, ""},
		{"a rule that was not looked for before", strings.Replace(reportOf(findings("a")), `["n+1", `, `["later", `, 1), reportOf(findings("b")), Calls, ""},
		{"findings about times", reportOf(findings("slow:a")), reportOf(findings("slow:b")), Calls, ""},
		{"findings about times, wanted", reportOf(findings("slow:a")), reportOf(findings("slow:b")), Time, "+slow:b -slow:a"},
		{"times", reportOf("", shapeOf("1:a", 1, 2, 3, 4)), strings.Replace(reportOf("", shapeOf("1:a", 1, 2, 3, 4)), `"total": 0.5`, `"total": 0.75`, 1), Calls, ""},
		{"times, wanted", reportOf("", shapeOf("1:a", 1, 2, 3, 4)), strings.Replace(reportOf("", shapeOf("1:a", 1, 2, 3, 4)), `"total": 0.5`, `"total": 0.75`, 1), Time, "1:a time 750000000→1000000000"},
	} {
		d := Reports(parse(t, test.old), parse(t, test.new), test.by)
		if got := say(d); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if same := test.want == ""; d.Same() != same {
			t.Errorf("%s: same is %v", test.name, d.Same())
		}
	}
}

// TestRefused reads what can't be compared.
func TestRefused(t *testing.T) {
	const foreign = "it is not a report in JSON: "
	whole := reportOf("", shapeOf("1:a", 1, 2, 3, 4))
	for text, want := range map[string]string{
		"":                           foreign,
		"[]":                         foreign,
		"null":                       foreign,
		"{}":                         foreign,
		"-- pg":                      foreign,
		whole[:len(whole)-1]:         foreign,
		whole + whole:                foreign,
		`{"name": "x", "version":1}`: foreign,
		`{"version": "1.0.0"}`:       foreign,
		strings.Replace(whole, `"group_by": "shape", `, ``, 1):                           foreign,
		strings.Replace(whole, `"version": 1`, `"version": 2`, 1):                        "it is a report of version 2, and this pgpi reads version 1: ",
		strings.Replace(whole, `"group_by": "shape"`, `"group_by": "user"`, 1):           "it is a report by user: ",
		strings.Replace(whole, `"1:a"`, `"2:a"`, 1):                                      "its shapes were made by version 2 of the rules, and this pgpi has version 1: ",
		strings.Replace(whole, `"1:a"`, `"a"`, 1):                                        foreign,
		reportOf(`, "made_with": {"shape_rules": "2"}`):                                  "its shapes were made by version 2 of the rules, and this pgpi has version 1: ",
		reportOf("", shapeOf("1:a", 1, 2, 3, 4), shapeOf("1:a", 1, 2, 3, 4)):             foreign,
		reportOf(findings("a", "a")):                                                     foreign,
		reportOf(findings("")):                                                           foreign,
		strings.Replace(whole, `"calls": 1,`, `"calls": 1.5,`, 1):                        foreign,
		strings.Replace(whole, `"calls": 1,`, `"calls": 123456789012345678901234,`, 1):   foreign,
		strings.Replace(whole, `"seen": {"whole": true}`, `"seen": ["everything"]`, 1):   foreign,
		strings.Replace(whole, `"total": {"calls": 1}`, `"sum": {"calls": 1}`, 1):        foreign,
		strings.Replace(whole, `"sql": "select"`, `"sql": 7`, 1):                         foreign,
		strings.Replace(whole, `"version": 1, "seen"`, `"seen"`, 1):                      foreign,
		strings.Replace(whole, `"version": 1, "seen"`, `"version": null, "seen"`, 1):     foreign,
		strings.Replace(whole, `"shapes": [`, `"shapes": {"a": [`, 1) + "}":              foreign,
		strings.Replace(whole, `"seen": {"whole": true}, `, ``, 1):                       foreign,
		strings.Replace(whole, `"group_by": "shape"`, `"group_by": "attribute:user"`, 1): "it is a report by attribute:user: ",
	} {
		if _, err := Parse([]byte(text), format); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	// Members may be added within a version.
	parse(t, reportOf(`, "later": {"more": 1}`, shapeOf("1:a", 1, 2, 3, 4)))
}

// TestGrew finds shapes that grew by more than a percentage.
func TestGrew(t *testing.T) {
	before := parse(t, reportOf("", shapeOf("1:a", 10, 0, 10, 0), shapeOf("1:b", 1000, 0, 10, 0), shapeOf("1:c", 100, 0, 0, 0), shapeOf("(sync)", 1, 0, 0, 0)))
	after := parse(t, reportOf("", shapeOf("1:a", 11, 1, 10, 2), shapeOf("1:b", 1101, 0, 9, 1), shapeOf("1:c", 1, 0, 0, 0), shapeOf("1:d", 9, 9, 9, 9), shapeOf("(sync)", 9, 9, 9, 9)))
	d := Reports(before, after, Calls)
	for _, test := range []struct {
		m       Measure
		percent float64
		want    string
	}{{Calls, 10, "1:b"}, {Calls, 9.9, "1:b 1:a"}, {Calls, 10.1, ""}, {Calls, 0, "1:b 1:a"}, {Rows, 1e9, "1:a"}, {Bytes, 0, "1:a"}, {Bytes, 20, ""}} {
		var got []string
		for _, c := range d.grew(test.m, test.percent) {
			got = append(got, c.ID)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s by %v %%: %v, want %s", test.m, test.percent, got, test.want)
		}
	}
}

// randomReport returns a report in JSON. Most numbers are few, so that many are equal.
func randomReport(r *rand.Rand) string {
	more := ""
	if r.IntN(3) == 0 {
		more = fmt.Sprintf(`, "misc": {"calls": %d}`, r.IntN(2))
	}
	if r.IntN(2) == 0 {
		var all []string
		for i := range 8 {
			if r.IntN(2) == 0 {
				all = append(all, fmt.Sprint([]string{"n+1:", "slow:"}[r.IntN(2)], i))
			}
		}
		more += findings(all...)
	}
	var shapes []string
	for _, i := range r.Perm(40) {
		if r.IntN(2) == 0 {
			id := fmt.Sprintf("1:%d", i)
			if i < 3 {
				id = fmt.Sprintf("(%d)", i)
			}
			shapes = append(shapes, shapeOf(id, r.IntN(3), r.IntN(2), r.IntN(2), r.IntN(2)))
		}
	}
	return reportOf(more, shapes...)
}

// TestRandomReports: equal reports have equal differences, a report does not differ from itself,
// and what is new one way is gone the other way.
func TestRandomReports(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 7))
	for range 500 {
		was, is := randomReport(r), randomReport(r)
		by := Measure(r.IntN(int(Bytes) + 1))
		d := Reports(parse(t, was), parse(t, is), by)
		again := Reports(parse(t, was), parse(t, is), by)
		if a, b := marshal(t, d), marshal(t, again); a != b {
			t.Fatalf("equal reports differ otherwise the second time:\n%s\n%s", a, b)
		}
		if self := Reports(parse(t, was), parse(t, was), by); !self.Same() {
			t.Fatalf("a report differs from itself: %s\n%s", say(self), was)
		}
		back := Reports(parse(t, is), parse(t, was), by)
		if !reflect.DeepEqual(d.Added, back.Gone) || !reflect.DeepEqual(d.Gone, back.Added) || !reflect.DeepEqual(d.AddedFindings, back.GoneFindings) ||
			len(d.Changed) != len(back.Changed) {
			t.Fatalf("there and back differ: %s\n%s", say(d), say(back))
		}
		if d.Same() != back.Same() || len(d.Added)-len(d.Gone) != len(d.New.Shapes)-len(d.Old.Shapes) {
			t.Fatal(say(d))
		}
	}
}

func marshal(t *testing.T, d *Difference) string {
	t.Helper()
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// FuzzParse: what is read can be compared with itself, and does not differ.
func FuzzParse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		f.Add([]byte(randomReport(r)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		report, err := Parse(text, format)
		if err != nil {
			return
		}
		for _, by := range []Measure{Calls, Time} {
			if d := Reports(report, report, by); !d.Same() || len(d.grew(by, 0)) > 0 {
				t.Fatalf("it differs from itself: %s", say(d))
			}
		}
	})
}
