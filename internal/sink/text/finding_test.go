package text

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/test/golden"
	"pgpi/test/sqlgen"
)

// findings are some of each sort.
func findings() (all []event.Event) {
	for _, f := range []event.Finding{
		{
			Rule: "n+1", Severity: event.Warning, Signature: "n+1:3f2a9c01d4e5b677", Connections: []uint32{1},
			Text:     `38 × select * from items where order_id = $1: $1 took, in order, the values of column id of the 38 rows of "select * from orders where user_id = $1"; about 34 ms in 37 round trips`,
			Timeless: `38 × select * from items where order_id = $1: $1 took, in order, the values of column id of the 38 rows of "select * from orders where user_id = $1"; 37 round trips`,
			Remedy:   "One statement would do: where order_id = any($1)",
		},
		{Rule: "n+1", Signature: "n+1:3f2a9c01d4e5b677", Connections: []uint32{1}, Text: "again", Again: true},
		{
			Rule: "errors", Severity: event.Error, Signature: "errors:78dbc9442e399cd1", Connections: []uint32{1, 2, 3, 4, 12}, More: 6,
			Text:   "7 of 7 executions of \"select * from \x1b[31mmissing\" failed with 42P01: relation \"missing\" does not exist\n!! forged #1: seen\x00",
			Remedy: "Look at what the server says about the statement.",
		},
		{
			Rule: "slow", Timed: true, Signature: "slow:0000000000000001", Connections: []uint32{7},
			Text: `"select 注文 from 注文明細 where 注文番号 = $1 and 商品番号 = $2 and 数量 > $3 and 価格 > $4" took 1.23 s, all of it the server's`, Remedy: "Ask the server for its plan with EXPLAIN.",
		},
		{
			Rule: "duplicate", Severity: event.Warning, Signature: "duplicate:0000000000000002", Connections: []uint32{1, 2}, Accepted: true, Reason: "an admin page",
			Text: "3 × select_a_word_that_is_much_longer_than_a_terminal_of_forty_columns_can_have_on_one_of_its_lines", Remedy: "Keep it.",
		},
		{Rule: "churn", Timed: true, Signature: "churn:0000000000000003", Connections: []uint32{9}, Accepted: true, Text: "seen", Remedy: "Do."},
	} {
		all = append(all, event.Event{Kind: event.Found, Conn: f.Connections[0], Finding: &f})
	}
	return all
}

// TestFindings compares the lines of findings with the expected ones.
func TestFindings(t *testing.T) {
	wide := func(n int) func() int { return func() int { return n } }
	var b strings.Builder
	for _, one := range []struct {
		name    string
		options Options
	}{
		{"in a file", Options{Mode: Queries}}, {"on a terminal of 120 columns", Options{Mode: Queries, Width: wide(120)}},
		{"of 40", Options{Mode: Queries, Width: wide(40)}}, {"of 10", Options{Mode: Queries, Width: wide(10)}},
		{"in color", Options{Mode: Queries, Color: true, Width: wide(60)}}, {"without times", Options{Mode: Queries, Time: NoTime}},
		{"annotated", Options{Findings: true}},
	} {
		b.WriteString(one.name + "\n" + render(t, one.options, findings()))
	}
	golden.Compare(t, "findings.txt", b.String())
	for _, o := range []Options{{}, {Mode: Raw, Findings: true}, {Mode: None, Findings: true}} {
		if got := render(t, o, findings()); got != "" {
			t.Errorf("mode %d: %s", o.Mode, got)
		}
	}
}

// isFindingLine matches the lines of a finding.
var isFindingLine = regexp.MustCompile(`^(!! [a-z0-9+-]+( .*)?| {7}.*)$`)

// TestNoForgedFindings: whatever a client or server has written, the lines of a finding are those of
// one, they fit on the terminal, and nothing reaches it that it would run.
func TestNoForgedFindings(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	for range 3000 {
		width := r.IntN(120)
		f := &event.Finding{
			Rule: "n+1", Severity: event.Severity(r.IntN(3)), Signature: "n+1:3f2a9c01d4e5b677", Text: sqlgen.Text(r) + "\n!! n+1 #1: forged", Remedy: sqlgen.Heap(r),
			Connections: []uint32{r.Uint32()}, Accepted: r.IntN(2) == 0, Reason: sqlgen.Heap(r),
		}
		got := render(t, Options{Mode: Queries, Width: func() int { return width }}, []event.Event{{Kind: event.Found, Conn: 1, Finding: f}})
		begun := 0
		for line := range strings.SplitSeq(strings.TrimSuffix(got, "\n"), "\n") {
			if strings.HasPrefix(line, "!! ") {
				begun++
			}
			if !isFindingLine.MatchString(line) || !utf8.ValidString(line) || strings.IndexFunc(line, unsafe) >= 0 {
				t.Fatalf("%q in\n%s", line, got)
			}
			if most := max(width, 21); width > 0 && columns([]byte(line)) > most {
				t.Fatalf("%d columns instead of %d: %s", columns([]byte(line)), most, line)
			}
		}
		if begun != 1 {
			t.Fatalf("%d findings instead of one:\n%s", begun, got)
		}
	}
}
