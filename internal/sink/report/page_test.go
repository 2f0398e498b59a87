package report

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/stats"
	"pgpi/test/sqlgen"
)

// isOurs matches lines in pgpi's own words. SQL may have words that can't be broken.
var isOurs = regexp.MustCompile(`^-- (pgpi report|      |[ 0-9]{3} [1(]|(from|seen|not seen|waiting|findings|note|warning|error|accepted|more|calls|prepared|churn|errors|listed|time|spent|before|rows|by|comments|worst) {2})`)

// checkPage tests what is true of any page. It is 80 columns wide, except for SQL that can't be
// broken. Only a SELECT is not a comment. The profile adds up.
func checkPage(t *testing.T, page string) {
	t.Helper()
	checkShares(t, page)
	selecting := false
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		comment := strings.HasPrefix(line, "--")
		if isOurs.MatchString(line) && utf8.RuneCountInString(line) > width {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
		if strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) >= 0 || !utf8.ValidString(line) {
			t.Errorf("what no page shows: %q", line)
		}
		switch {
		case selecting:
			selecting = !strings.HasSuffix(line, ";")
		case !comment && !strings.HasPrefix(strings.ToLower(line), "select") && !strings.HasPrefix(line, "/*"):
			t.Errorf("neither a comment nor a SELECT: %q", line)
		case !comment:
			selecting = !strings.HasSuffix(line, ";")
		}
	}
}

// checkShares tests that shares add up to 100 %, in the profile and in each sentence, and that a
// part is never larger than its whole.
func checkShares(t *testing.T, page string) {
	t.Helper()
	profile, shared := false, 0
	for line := range strings.SplitSeq(strings.ReplaceAll(page, "\n--          ", " "), "\n") {
		if strings.HasPrefix(line, "-- waiting ") || strings.HasPrefix(line, "-- spent ") {
			sum := 0
			for _, share := range isPercent.FindAllStringSubmatch(line, -1) {
				sum += inTenths(t, share[1])
			}
			if sum != 1000 {
				t.Errorf("%d ‰ in all: %s", sum, line)
			}
		}
		if parts := isPart.FindStringSubmatch(line); parts != nil && inSeconds(t, parts[2]) > inSeconds(t, parts[1]) {
			t.Errorf("a part is larger than the whole: %s", line)
		}
		row := isRow.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "--     shape "):
			profile = true
		case !profile || row == nil:
		case strings.HasPrefix(line, "--     all "):
			if all := inTenths(t, row[1]); all != shared || all != 1000 && !strings.Contains(line, " 0 µs ") {
				t.Errorf("the profile adds up to %d ‰, not %d", shared, all)
			}
			profile = false
		default:
			shared += inTenths(t, row[1])
		}
	}
	if profile {
		t.Error("the profile does not end")
	}
}

var (
	isRow     = regexp.MustCompile(`^-- (?:   |[ 0-9]{2}[0-9]) .{18} +[0-9.]+ [mµ]?s +([0-9]+\.[0-9]) `)
	isPercent = regexp.MustCompile(`([0-9]+\.[0-9]) ?%`)
	isPart    = regexp.MustCompile(`the client took ([0-9.]+ [mµ]?s) before it asked, ([0-9.]+ [mµ]?s) of it`)
)

func inTenths(t *testing.T, share string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.Replace(share, ".", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func inSeconds(t *testing.T, text string) float64 {
	t.Helper()
	d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return d.Seconds()
}

// TestRandomPages makes pages about statements of all kinds.
func TestRandomPages(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	schema := compileSchema(t)
	for range 200 {
		h := &history{}
		for range 1 + r.IntN(60) {
			h.run(sqlgen.Text(r), time.Duration(r.IntN(9))*ms, time.Duration(r.ExpFloat64()*float64(ms)), func(x *event.Exchange) {
				x.Kind, x.Outcome = event.ExchangeKind(r.IntN(8)), event.Outcome(r.IntN(8))
				x.Transaction = "ITE"[r.IntN(3)]
				x.Times.ClientWay, x.Times.ServerWay = time.Duration(r.IntN(3))*ms, time.Duration(r.IntN(3))*ms
				x.Times.Sent += time.Duration(r.IntN(2)) * (x.Times.Done - x.Times.Sent) / 3
				x.Times.ClientStalled = time.Duration(r.IntN(2)) * ms / 3
				if x.Outcome == event.Failed {
					x.SQLState, x.Message = "XX000", sqlgen.Heap(r)
				}
				if r.IntN(5) == 0 {
					x.Shape, x.Context, x.Times.Done = nil, nil, event.NotSeen
				}
			})
			if r.IntN(5) == 0 {
				h.find([]string{"n+1", "errors", "slow"}[r.IntN(3)], event.Severity(r.IntN(3)), sqlgen.Text(r), sqlgen.Heap(r), func(f *event.Finding) {
					f.Signature = fmt.Sprintf("%s:%016x", f.Rule, r.IntN(3))
					f.Attributes = append(f.Attributes, sqltext.Attribute{Key: sqlgen.Heap(r), Value: sqlgen.Heap(r)})
				})
			}
		}
		for _, order := range []string{"time", "mean", "calls"} {
			o := Options{Limit: Limit{Percent: float64(1 + r.IntN(100)), Count: 1 + r.IntN(20)}, Rules: rules()}
			var err error
			if o.Stats.Order, err = stats.ParseOrder(order); err != nil {
				t.Fatal(err)
			}
			page := render(t, "text", o, h.events)
			checkPage(t, page)
			if again := render(t, "text", o, h.events); again != page {
				t.Fatal("equal events make pages that differ")
			}
			checkSchema(t, schema, render(t, "json", o, h.events))
		}
		checkFormats(t, placed, h.events)
		if t.Failed() {
			return
		}
	}
}

// TestShares: shares add up to 100 %.
func TestShares(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		parts := make([]int64, 1+r.IntN(30))
		for i := range parts {
			parts[i] = r.Int64N(1000)
		}
		parts[0]++
		sum := 0
		for _, one := range shares(parts) {
			sum += one
		}
		if sum != 1000 {
			t.Fatalf("%v adds up to %d", parts, sum)
		}
	}
	if got := shares([]int64{0, 0}); got[0] != 0 {
		t.Errorf("of nothing: %v", got)
	}
}
