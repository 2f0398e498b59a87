package stats

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

var start = time.Date(2026, 11, 28, 17, 0, 0, 0, time.UTC)

var shaper sqltext.Shaper

// exchangeEvent returns the event of an exchange that took the given time, a while after the one
// before.
func exchangeEvent(conn uint32, sql string, idle, took time.Duration, changes ...func(*event.Exchange)) *event.Event {
	x := &event.Exchange{
		Context: &event.Context{SQL: sql}, Shape: shaper.Shape([]byte(sql), sqltext.Settings{}), RoundTrips: 1, Counted: 2,
		Sent: 10, Got: 20, Times: event.Times{Idle: 0, Asked: idle, Sent: idle, Turn: event.NotSeen, Done: idle + took},
	}
	for _, change := range changes {
		change(x)
	}
	return &event.Event{Conn: conn, Kind: event.Exchanged, At: start.Add(idle + took), Exchange: x, Identity: &event.Identity{User: "u", Database: "d"}}
}

const ms = time.Millisecond

// TestSums adds up exchanges of each outcome.
func TestSums(t *testing.T) {
	s := New(Options{})
	outcome := func(o event.Outcome, state string) func(*event.Exchange) {
		return func(x *event.Exchange) { x.Outcome, x.SQLState = o, state }
	}
	s.Take(exchangeEvent(1, "select 1", 10*ms, 20*ms))
	s.Take(exchangeEvent(1, "select 2", 0, 10*ms, func(x *event.Exchange) { x.Times.Held, x.Times.ClientStalled, x.Parsed = 2*ms, 3*ms, true }))
	s.Take(exchangeEvent(1, "select 3", 0, 5*ms, func(x *event.Exchange) { x.Times.Turn = 4 * ms }))
	s.Take(exchangeEvent(1, "select 4", 0, 0, outcome(event.Failed, "23505")))
	s.Take(exchangeEvent(1, "select 5", 0, 0, outcome(event.Canceled, "57014")))
	s.Take(exchangeEvent(1, "select 6", 0, 0, outcome(event.RolledBack, "")))
	s.Take(exchangeEvent(1, "select 7", 0, 0, outcome(event.Skipped, "")))
	s.Take(exchangeEvent(1, "select 8", 0, 0, outcome(event.Lost, ""), func(x *event.Exchange) { x.Times.Done = event.NotSeen }))
	s.Take(exchangeEvent(1, "select 9", 0, 7*ms, func(x *event.Exchange) { x.Kind = event.Prepare }))
	s.Take(exchangeEvent(1, "select 9", 0, 7*ms, func(x *event.Exchange) { x.Kind, x.Shape = event.Simple, nil }))
	a := &s.All
	got := fmt.Sprint(a.Calls, a.Failed, a.Canceled, a.RolledBack, a.Lost, a.Skipped, a.Untimed, a.Prepares, a.Parses, a.Rows, a.Sent, a.Got)
	if want := "8 2 1 1 1 1 1 1 1 16 100 200"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got = fmt.Sprint(a.Time.Total, a.Time.Max, a.PrepareTime, a.Split)
	if want := "38ms 20ms 7ms {10ms 0s 4ms 33ms 3ms 2ms 0s}"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	keys := ""
	for _, g := range s.Groups() {
		keys += fmt.Sprintf("%s %d %d %v, ", g.Key, g.Sums.Calls, g.Prepared, g.Sums.Time.Total)
	}
	if want := "1:" + shaper.Shape([]byte("select 1"), sqltext.Settings{}).ID[2:] + " 7 1 31ms, (SQL not seen) 1 0 7ms, (prepared alone) 0 0 0s, "; keys != want {
		t.Errorf("got  %s\nwant %s", keys, want)
	}
}

// TestNetwork adds up the ways that were measured.
func TestNetwork(t *testing.T) {
	s := New(Options{})
	s.Take(exchangeEvent(1, "select 1", 10*ms, 20*ms, func(x *event.Exchange) { x.Times.ServerWay, x.Times.ClientWay = 3*ms, 2*ms }))
	s.Take(exchangeEvent(1, "select 1", 0, 5*ms))
	if got, want := s.All.Split, (Split{Client: 8 * ms, Network: 5 * ms, Server: 22 * ms}); got != want || s.All.Measured != 1 {
		t.Errorf("got  %v of %d calls\nwant %v", got, s.All.Measured, want)
	}
}

// TestPortals counts the Executes of one portal as one call, with all rows.
func TestPortals(t *testing.T) {
	s := New(Options{})
	context := &event.Context{SQL: "select 1"}
	for i, outcome := range []event.Outcome{event.Suspended, event.Suspended, event.Done, event.Done, event.Suspended} {
		s.Take(exchangeEvent(1, "select 1", 0, ms, func(x *event.Exchange) {
			x.Context, x.Outcome, x.Kind, x.Portal = context, outcome, event.Extended, "p"
			if i == 3 {
				x.Bind = &event.Message{}
			}
		}))
	}
	if s.All.Calls != 3 || s.All.Rows != 10 || s.All.Time.Count != 5 {
		t.Errorf("%d calls with %d rows", s.All.Calls, s.All.Rows)
	}
}

// TestInterleavedPortals executes two portals by turns, with other statements in between.
func TestInterleavedPortals(t *testing.T) {
	s := New(Options{})
	contexts := []*event.Context{{SQL: "select 1"}, {SQL: "select 2"}, {SQL: "select 3"}}
	for i := range 12 {
		s.Take(exchangeEvent(1, "select 1", 0, ms, func(x *event.Exchange) {
			x.Context, x.Kind, x.Portal = contexts[i%3], event.Extended, fmt.Sprint(i%3)
			if i%3 < 2 && i < 9 {
				x.Outcome = event.Suspended
			}
			if i%3 == 2 {
				x.Kind, x.Portal = event.Simple, ""
			}
		}))
	}
	if s.All.Calls != 1+1+4 || s.All.Rows != 24 {
		t.Errorf("%d calls with %d rows", s.All.Calls, s.All.Rows)
	}
}

// TestFormats counts the formats of results.
func TestFormats(t *testing.T) {
	s := New(Options{})
	for _, formats := range []string{"\x00\x00", "\x00\x01\x00\x00", "\x00\x02\x00\x00\x00\x01"} {
		body := "\x00\x00\x00\x00\x00\x00" + formats
		bind := append([]byte{'B', 0, 0, 0, byte(4 + len(body))}, body...)
		s.Take(exchangeEvent(1, "select 1", 0, ms, func(x *event.Exchange) {
			x.Kind, x.Bind = event.Extended, &event.Message{Message: wire.Message{Type: wire.Bind, Bytes: bind, Size: int64(len(bind))}}
		}))
	}
	s.Take(exchangeEvent(1, "select 1", 0, ms))
	s.Take(exchangeEvent(1, "select 1", 0, ms, func(x *event.Exchange) { x.Kind = event.Extended }))
	if s.All.Text != 3 || s.All.Binary != 1 || s.All.Calls != 5 {
		t.Errorf("%d as text and %d in binary of %d calls", s.All.Text, s.All.Binary, s.All.Calls)
	}
}

// TestIdleInTransaction adds up how long a client leaves a transaction waiting.
func TestIdleInTransaction(t *testing.T) {
	s := New(Options{})
	for _, status := range []byte("ITTI") {
		s.Take(exchangeEvent(1, "select 1", 10*ms, ms, func(x *event.Exchange) { x.Transaction = status }))
	}
	if got := s.All.Split.IdleInTransaction; got != 20*ms {
		t.Errorf("idle in transaction for %v", got)
	}
}

// TestParts adds up random exchanges: no part is ever larger than its whole, and all groups are
// together what all is.
func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	some := func(most int) time.Duration { return time.Duration(r.IntN(most)) * ms }
	for range 300 {
		s := New(Options{Groups: 1 + r.IntN(10)})
		contexts := map[string]*event.Context{}
		var clients time.Duration
		for range r.IntN(100) {
			sql := "select " + strings.Repeat("x,", r.IntN(20))
			if contexts[sql] == nil {
				contexts[sql] = &event.Context{SQL: sql}
			}
			e := exchangeEvent(uint32(r.IntN(3)), sql, some(9), some(9), func(x *event.Exchange) {
				x.Kind, x.Outcome, x.Transaction = event.ExchangeKind(r.IntN(8)), event.Outcome(r.IntN(8)), "ITE"[r.IntN(3)]
				x.Context, x.Parsed = contexts[sql], r.IntN(4) == 0
				x.Times.Sent += some(2)
				x.Times.ClientWay, x.Times.ServerWay, x.Times.ClientStalled = some(3), some(3), some(3)
				if r.IntN(5) == 0 {
					x.Times.Done = event.NotSeen
				}
			})
			clients += e.Exchange.Times.Sent
			s.Take(e)
		}
		var groups Sums
		for _, g := range append(s.Groups(), &s.Misc) {
			checkParts(t, &g.Sums)
			groups.Add(&g.Sums)
		}
		checkParts(t, &s.All)
		if groups.Calls != s.All.Calls || groups.Split != s.All.Split || groups.Time.Total != s.All.Time.Total || s.All.Split.Client > clients {
			t.Errorf("all is %+v, the groups %+v", s.All, groups)
		}
		if t.Failed() {
			return
		}
	}
}

func checkParts(t *testing.T, s *Sums) {
	t.Helper()
	for what, sizes := range map[string][2]int64{
		"idle in a transaction": {int64(s.Split.IdleInTransaction), int64(s.Split.Client)}, "failed alone": {s.PreparesFailed, min(s.Failed, s.Prepares)},
		"failed": {s.Failed - s.PreparesFailed + s.RolledBack + s.Lost, s.Calls}, "canceled": {s.Canceled, s.Failed - s.PreparesFailed}, "not timed": {s.Untimed, s.Calls},
		"measured": {s.Measured, s.Time.Count}, "in binary": {s.Binary + s.Text, s.Calls}, "with a Parse": {s.Parses, s.Calls}, "the longest": {int64(s.Time.Max), int64(s.Time.Total)},
		"stalled and held": {int64(s.Split.Stalled + s.Split.Pgpi), int64(s.Split.Waited() - s.Split.Client)}, "timed": {s.Calls - s.Untimed, s.Time.Count},
	} {
		if sizes[0] < 0 || sizes[0] > sizes[1] {
			t.Errorf("%s: %d of %d", what, sizes[0], sizes[1])
		}
	}
}

// TestMillion has a million shapes and 10,000 connections. Totals are right, and memory is bounded.
func TestMillion(t *testing.T) {
	shapes := 1_000_000
	if testing.Short() {
		shapes = 50_000
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := New(Options{})
	var total time.Duration
	e := exchangeEvent(1, "select 1", 0, 0)
	for i := range shapes {
		x := *e.Exchange
		x.Shape = &sqltext.Shape{ID: fmt.Sprintf("1:%016x", uint64(i)*0x9e3779b97f4a7c15)}
		x.Times.Done = time.Duration(i%1000) * 10 * time.Microsecond
		if i%10 == 0 { // one that recurs from late on
			x.Shape, x.Times.Done = &sqltext.Shape{ID: "1:again"}, 3*ms
		}
		total += x.Times.Done
		next := *e
		next.Conn, next.Exchange = uint32(1+i%10_000), &x
		s.Take(&next)
	}
	var groups Sums
	for _, g := range append(s.Groups(), &s.Misc) {
		groups.Add(&g.Sums)
	}
	if groups.Calls != int64(shapes) || groups.Time.Total != total || s.All.Calls != int64(shapes) || s.All.Time.Total != total || s.Seen.Opened != 10_000 {
		t.Errorf("%d calls of %v in %d connections, in groups %d of %v", s.All.Calls, s.All.Time.Total, s.Seen.Opened, groups.Calls, groups.Time.Total)
	}
	if n := len(s.Groups()); n >= 2*maxGroups || !s.Crowded() || len(s.Connections()) != maxKnown {
		t.Errorf("%d groups, %d connections", n, len(s.Connections()))
	}
	if first := s.Groups()[0]; first.Key != "1:again" || first.Sums.Calls != int64(shapes/10) {
		t.Errorf("the first is %s with %d calls", first.Key, first.Sums.Calls)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("%d MiB are kept", grown>>20)
	}
	runtime.KeepAlive(s)
}

// TestDurations compares with exact values, on both sides of the limit for few.
func TestDurations(t *testing.T) {
	for _, n := range []int{1, maxFew, maxFew + 1, 10_000} {
		var d, halves Durations
		for i := range n {
			took := time.Duration(i+1) * ms
			d.add(took)
			var one Durations
			one.add(took)
			halves.merge(&one)
		}
		for _, d := range []*Durations{&d, &halves} {
			near(t, n, "mean", d.Mean(), time.Duration(n+1)*ms/2, 0.001)
			near(t, n, "p95", d.Percentile(95), time.Duration(float64(n)*0.95+0.999)*ms, 0.02)
			near(t, n, "p100", d.Percentile(100), time.Duration(n)*ms, 0.02)
			var all int64
			for _, count := range d.Decades() {
				all += count
			}
			if all != int64(n) || d.Max != time.Duration(n)*ms {
				t.Errorf("%d durations: %d in the histogram, at most %v", n, all, d.Max)
			}
		}
		if n == 1 {
			continue
		}
		near(t, n, "deviation", d.Deviation()+ms, ms+time.Duration(float64(n)*0.288675*float64(ms)), 0.02)
	}
	if var0 := (&Durations{}); var0.Mean() != 0 || var0.Percentile(50) != 0 || var0.Dispersion() != 0 {
		t.Error("nothing has durations")
	}
}

func near(t *testing.T, n int, what string, got, want time.Duration, most float64) {
	t.Helper()
	if diff := (got - want).Abs().Seconds(); diff > most*want.Seconds()+1e-9 {
		t.Errorf("%d durations: %s is %v, not %v", n, what, got, want)
	}
}

// TestBounds excludes what was before and after.
func TestBounds(t *testing.T) {
	for text, want := range map[string]int64{"": 3, "2026-11-28T17:00:00.015Z": 2, "2026-11-28T17:00:01Z": 0} {
		var since Bound
		if text != "" {
			var err error
			if since, err = ParseBound(text); err != nil {
				t.Fatal(err)
			}
		}
		s := New(Options{Since: since})
		for _, took := range []time.Duration{10 * ms, 20 * ms, 30 * ms} {
			s.Take(exchangeEvent(1, "select 1", 0, took))
		}
		if s.All.Calls != want {
			t.Errorf("since %q: %d calls, not %d", text, s.All.Calls, want)
		}
		s = New(Options{Until: since})
		for _, took := range []time.Duration{10 * ms, 20 * ms, 30 * ms} {
			s.Take(exchangeEvent(1, "select 1", 0, took))
		}
		if text != "" && s.All.Calls != 3-want {
			t.Errorf("until %q: %d calls, not %d", text, s.All.Calls, 3-want)
		}
	}
	there := time.FixedZone("there", -3*3600-1800)
	first := time.Date(2026, 11, 28, 3, 0, 0, 0, there)
	for text, want := range map[string]time.Time{
		"18:30": time.Date(2026, 11, 28, 18, 30, 0, 0, there), "2026-11-29": time.Date(2026, 11, 29, 0, 0, 0, 0, there), "2026-11-28 18:30:05": time.Date(2026, 11, 28, 18, 30, 5, 0, there),
		"2026-11-28 18:30:05 +0000": time.Date(2026, 11, 28, 18, 30, 5, 0, time.UTC),
	} {
		b, err := ParseBound(text)
		if err != nil || !b.isAfter(want.Add(-1), first) || b.isAfter(want, first) {
			t.Errorf("%s is not %v: %v", text, want, err)
		}
	}
	for _, text := range []string{"", "yesterday", "25:00", "2026-13-01"} {
		if _, err := ParseBound(text); err == nil {
			t.Errorf("%q is a time", text)
		}
	}
}

// TestBy groups by everything possible.
func TestBy(t *testing.T) {
	for name, want := range map[string]string{"user": "u", "database": "d", "application": notSaid, "client": notSaid, "connection": "#7", "attribute:a": "b", "attribute:c": notSaid} {
		by, err := ParseBy(name)
		if err != nil {
			t.Fatal(err)
		}
		s := New(Options{By: by})
		s.Take(exchangeEvent(7, "select 1", 0, ms, func(x *event.Exchange) { x.Attributes = []sqltext.Attribute{{Key: "a", Value: "b"}} }))
		if got := s.Groups()[0].Key; got != want || by.String() != name || by.IsShape() {
			t.Errorf("by %s: %s, not %s", name, got, want)
		}
	}
	for _, name := range []string{"", "attribute:", "Shape"} {
		if _, err := ParseBy(name); err == nil {
			t.Errorf("by %q", name)
		}
		if _, err := ParseOrder(name); err == nil {
			t.Errorf("in order of %q", name)
		}
	}
}
