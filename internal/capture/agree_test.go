package capture

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/bus"
	decoder "pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/exchange"
	"pgpi/internal/insight"
	"pgpi/internal/pseudonym"
	"pgpi/internal/redact"
	"pgpi/internal/session"
	"pgpi/internal/sink/jsonl"
	"pgpi/internal/sink/pcapng"
	"pgpi/internal/sink/report"
	"pgpi/internal/sink/text"
	"pgpi/internal/stats"
)

var (
	agreeTimes = flag.Int("agree", 40, "how many dialogues TestAgree plays")
	agreeFirst = flag.Uint64("agree-first", 0, "the seed of the first of them")
)

// outlets are all that a user can get of events: stages and sinks, as the program has them.
type outlets struct {
	*bus.Bus
	queries, reports, annotated, json bytes.Buffer
	exchanges                         bytes.Buffer // findings too
	files                             string       // a pattern for the recording
	opened                            map[uint32]string
	large                             bool                         // something was too large to hold
	asked                             map[string][]*event.Exchange // by connection and time
}

// setting is how outlets are set.
type setting struct {
	// details is set if there are logs of each message. Otherwise runs of rows are counted.
	details bool
	// redacts is "passwords" or "values" if they are redacted, and redacted is set if they were when
	// this was recorded.
	redacts  string
	redacted bool
	rotate   int64
}

func newOutlets(t testing.TB, s setting) *outlets {
	t.Helper()
	o := &outlets{files: filepath.Join(t.TempDir(), "r*.pcapng"), opened: map[uint32]string{}, asked: map[string][]*event.Exchange{}}
	file, err := pcapng.New(pcapng.Options{Path: strings.Replace(o.files, "*", "", 1), Rotate: s.rotate, Redacted: s.redacts != "" || s.redacted})
	if err != nil {
		t.Fatal(err)
	}
	by, err := stats.ParseBy("shape")
	if err != nil {
		t.Fatal(err)
	}
	order, err := stats.ParseOrder("time")
	if err != nil {
		t.Fatal(err)
	}
	limit, err := report.ParseLimit("95%:20")
	if err != nil {
		t.Fatal(err)
	}
	options := report.Options{Limit: limit, Stats: stats.Options{By: by, Order: order}, Version: "1"}
	sought := insight.Options{Slow: 50 * time.Millisecond}
	for _, r := range insight.Rules {
		options.Rules = append(options.Rules, report.Rule{Rule: r, LookedFor: sought.LooksFor(r)})
	}
	var reports []report.Output
	for _, f := range report.Formats {
		reports = append(reports, report.Output{Format: f.Format, Write: report.ToWriter(&o.reports)})
	}
	all := []bus.Outlet{
		{Name: "queries", Wants: bus.Exchanges, Sink: text.New(&o.queries, text.Options{Mode: text.Queries, Slow: sought.Slow})},
		{Name: "report", Wants: bus.Findings, Sink: report.New(options, reports...)},
		{Name: "exchanges", Wants: bus.Findings, Sink: exchanged{o}},
		{Name: "recording", Wants: bus.Traffic, Sink: file, Repeated: true},
	}
	if s.details {
		all = append(all,
			bus.Outlet{Name: "annotated", Wants: bus.Messages, Sink: text.New(&o.annotated, text.Options{Time: text.Relative, Findings: true})},
			bus.Outlet{Name: "json", Wants: bus.Messages | bus.Shapes, Sink: jsonl.New(&o.json, jsonl.Options{})})
	}
	decoding, sums := decoder.New(session.NewBudget(session.DefaultBudget)), exchange.New()
	sums.Shapes = true
	stages := []bus.Stage{{Name: "decoding", Stage: decoding}}
	switch {
	case s.redacts == "values":
		stages = append(stages, bus.Stage{Name: "redaction", Withholds: true, Stage: pseudonym.New()})
	case s.redacts == "passwords":
		stages = append(stages, bus.Stage{Name: "redaction", Withholds: true, Stage: &redact.Passwords{Again: true}})
	case s.redacted:
		stages = append(stages, bus.Stage{Name: "redaction", Withholds: true, Stage: &redact.Passwords{}})
	default:
		decoding.CountRows = !s.details
	}
	stages = append(stages, bus.Stage{Name: "adding up", Stage: sums}, bus.Stage{Name: "findings", Stage: insight.New(sought)})
	o.Bus = bus.New(all, bus.Options{Stages: stages, Failed: func(name string, err error) { t.Errorf("%s: %v", name, err) }})
	return o
}

// finish ends the outlets.
func (o *outlets) finish(t testing.TB) {
	t.Helper()
	if !o.Close(time.Minute) || o.Failed() {
		t.Fatal("not everything was written")
	}
}

// recorded returns the files of the recording.
func (o *outlets) recorded(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(o.files)
	if err != nil || len(files) == 0 {
		t.Fatal("nothing was recorded", err)
	}
	return files
}

// exchanged is a sink that writes all of exchanges and findings, and remembers exchanges.
type exchanged struct{ *outlets }

func (x exchanged) Write(events []event.Event) error {
	for i := range events {
		e := &events[i]
		if f, ok := e.Fact.(event.Opened); ok {
			x.opened[e.Conn] = f.Client
		}
		x.large = x.large || e.Kind == event.Fragment
		switch e.Kind {
		case event.Exchanged:
			own := *e.Exchange
			key := fmt.Sprint(x.opened[e.Conn], own.Times.Asked, own.Times.Sent)
			x.asked[key] = append(x.asked[key], e.Exchange)
			own.Context, own.Shape, own.Settings, own.Bind = nil, nil, nil, nil
			fmt.Fprintf(&x.exchanges, "%d #%d %v %+v %s\n", e.Seq, e.Conn, e.Elapsed, own, sqlOf(e.Exchange))
		case event.Found:
			own := *e.Finding
			own.Shape, own.Evidence = nil, slices.Clone(own.Evidence)
			for i := range own.Evidence {
				own.Evidence[i].Identity, own.Evidence[i].At = nil, own.Evidence[i].At.UTC() // a recording has no names of time zones
			}
			fmt.Fprintf(&x.exchanges, "%d #%d %v %+v\n", e.Seq, e.Conn, e.Elapsed, own)
		case event.Said:
			fmt.Fprintf(&x.exchanges, "%d #%d %v %s\n", e.Seq, e.Conn, e.Elapsed, event.Sentence(e.Fact))
		default:
		}
	}
	return nil
}

func (exchanged) Close() error { return nil }

func sqlOf(x *event.Exchange) string {
	if x.Context == nil {
		return ""
	}
	return x.Context.SQL
}

// differ returns the first difference from other outlets, in what both have.
func (o *outlets) differ(want *outlets) string {
	for _, one := range []struct {
		name      string
		got, want *bytes.Buffer
	}{
		{"exchanges", &o.exchanges, &want.exchanges}, {"annotated", &o.annotated, &want.annotated}, {"json", &o.json, &want.json},
		{"queries", &o.queries, &want.queries}, {"reports", &o.reports, &want.reports},
	} {
		if one.got.Len() == 0 || one.want.Len() == 0 || bytes.Equal(one.got.Bytes(), one.want.Bytes()) {
			continue
		}
		got, want := strings.Split(one.got.String(), "\n"), strings.Split(one.want.String(), "\n")
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				return fmt.Sprintf("%s, line %d:\ngot  %.1500s\nwant %.1500s", one.name, i+1, got[i], want[i])
			}
		}
		return fmt.Sprintf("%s: %d lines, want %d", one.name, len(got), len(want))
	}
	return ""
}

// readInto reads captures into outlets.
func readInto(t testing.TB, s setting, files []string) *outlets {
	t.Helper()
	o := newOutlets(t, s)
	reader, err := Open(files, Options{Problem: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	reader.Read(t.Context(), o)
	o.finish(t)
	return o
}

// contradicts returns what a part of a recording says about an exchange that the whole says
// otherwise. One of them may say nothing about it, because it can't be sure.
func (o *outlets) contradicts(whole *outlets) string {
	for key, all := range o.asked {
		for _, x := range all {
			same := slices.Clone(whole.asked[key])
			same = slices.DeleteFunc(same, func(w *event.Exchange) bool { return x.Sent != w.Sent || sqlOf(x) != "" && sqlOf(x) != sqlOf(w) })
			if len(same) > 0 && !slices.ContainsFunc(same, func(w *event.Exchange) bool { return agrees(x, w) }) {
				return fmt.Sprintf("%s: %q: %+v, in the whole %+v", key, sqlOf(x), *x, *same[0])
			}
		}
	}
	return ""
}

// agrees reports whether an exchange in a part says nothing else than the same one in the whole.
func agrees(x, w *event.Exchange) bool {
	unsure := []event.Outcome{event.Unknown, event.Unfinished}
	switch {
	case slices.Contains(unsure, x.Outcome), slices.Contains(unsure, w.Outcome):
		return true
	case x.Outcome == event.Lost && w.SQLState == "57P01": // the error that ended the connection is of no exchange, or of this one
		return true
	case x.Tag != "" && x.Tag != w.Tag, x.SQLState != "" && x.SQLState != w.SQLState, x.Rows > w.Rows:
		return false
	}
	done := []event.Outcome{event.Done, event.RolledBack} // by what was seen before
	return x.Outcome == w.Outcome || slices.Contains(done, x.Outcome) && slices.Contains(done, w.Outcome)
}

// TestAgree plays dialogues with every kind of ending through live stages, and reads what was
// recorded of them in one file or in many: logs, reports and findings are the same, byte for byte.
// So are those of a recording of that. A part of a recording contradicts nothing that the whole says.
// To run more of them: go test ./internal/capture -run TestAgree -agree 10000
func TestAgree(t *testing.T) {
	times := *agreeTimes
	if testing.Short() {
		times /= 4
	}
	for seed := *agreeFirst; seed < *agreeFirst+uint64(times); seed++ {
		if wrong := agree(t, seed); wrong != "" {
			t.Fatalf("seed %d: %s", seed, wrong)
		}
	}
}

func agree(t *testing.T, seed uint64) string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 11))
	rotates := []int64{0, 300, 3_000, 20_000}
	s := setting{details: r.IntN(2) == 0, redacts: []string{"", "", "", "", "passwords", "values"}[r.IntN(6)], rotate: rotates[r.IntN(4)]}
	var live *outlets
	if r.IntN(4) == 0 { // of a capture
		var told truth
		files := []string{randomCapture(t, r, &told)}
		live = readInto(t, s, files)
	} else {
		live = newOutlets(t, s)
		newPlay(r, live).perform()
		live.finish(t)
	}
	if s.redacts != "" && live.large {
		return "" // the recording has only the beginnings of large messages
	}
	files, want := live.recorded(t), live
	for generation := range 2 {
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		s := setting{details: r.IntN(2) == 0, redacted: s.redacts != "", rotate: rotates[r.IntN(4)]}
		got := readInto(t, s, files)
		if d := got.differ(want); d != "" {
			return fmt.Sprintf("recording %d, %+v of %d files: %s", generation+1, s, len(files), d)
		}
		slices.Sort(files)
		for i := range files {
			some := files[i:min(len(files), i+1+r.IntN(3))]
			if d := readInto(t, setting{redacted: s.redacted}, some).contradicts(live); d != "" {
				return fmt.Sprintf("recording %d, %d of %d files from file %d: %s", generation+1, len(some), len(files), i+1, d)
			}
			if i > 10 {
				break
			}
		}
		files, want = got.recorded(t), got
	}
	return ""
}
