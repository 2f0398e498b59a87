package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// add writes an exchange that took the given time, asked idle after the one before.
func add(s *Sink, conn uint32, sql string, idle, took time.Duration, changes ...func(*event.Exchange)) {
	x := &event.Exchange{Context: &event.Context{SQL: sql}, Times: event.Times{Idle: 0, Asked: idle, Sent: idle, Done: idle + took}}
	for _, change := range changes {
		change(x)
	}
	if err := s.Write([]event.Event{{Conn: conn, Kind: event.Exchanged, Exchange: x}}); err != nil {
		panic(err)
	}
}

// anyWidth is that of a file.
func anyWidth() int { return 0 }

func closed(t *testing.T, s *Sink, b *strings.Builder) []string {
	t.Helper()
	if err := s.Close(); err != nil || b.Len() > 0 {
		t.Errorf("closing, before other sinks may have been closed, wrote %q: %v", b.String(), err)
	}
	if err := s.Report(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// TestSummary adds up who waited for whom.
func TestSummary(t *testing.T) {
	var b strings.Builder
	s := New(&b, anyWidth)
	add(s, 1, "select\n 1", 10*time.Millisecond, 20*time.Millisecond)
	add(s, 1, "select\n 1", 0, 10*time.Millisecond, func(x *event.Exchange) { x.Times.Held = 4 * time.Millisecond })
	add(s, 2, "select 2", 0, 10*time.Millisecond, func(x *event.Exchange) { x.Times.ClientStalled = 6 * time.Millisecond })
	add(s, 2, "select 3", 0, 0, func(x *event.Exchange) { x.Outcome, x.SQLState, x.Message = event.Failed, "42601", "syntax error" })
	add(s, 2, "select 4", 0, 0, func(x *event.Exchange) { x.Times.Done = event.NotSeen })
	add(s, 2, "select 5", 0, 0, func(x *event.Exchange) { x.Times.Done, x.Outcome = event.NotSeen, event.Skipped })
	got := strings.Join(closed(t, s, &b), "\n")
	want := `pgpi: 6 exchanges on 2 connections, 1 failed
  waiting   [ccccccsssssssssssspp] all connections: client 16.0 ms (32 %), server and the way to it 30.0 ms (60 %), pgpi's outlets 4.00 ms (8 %)
  not timed 1 exchange without a beginning or an end
  slowest    20.0 ms  select 1
             10.0 ms  select 1
             10.0 ms  select 2
  most           2 ×  select 1
  errors         1 ×  42601 syntax error`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNarrow breaks lists, and shortens SQL, where a terminal ends.
func TestNarrow(t *testing.T) {
	var b strings.Builder
	s := New(&b, func() int { return 60 })
	add(s, 1, "select 1", 10*time.Millisecond, 20*time.Millisecond, func(x *event.Exchange) { x.Times.Held = 4 * time.Millisecond })
	add(s, 2, "select 1\nfrom t where a = $1 or b = $1", 0, 10*time.Millisecond, func(x *event.Exchange) {
		bytes := []byte("B\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x05Alice\x00\x00")
		bytes[4] = byte(len(bytes) - 1)
		x.Bind = &event.Message{Message: wire.Message{Type: wire.Bind, Bytes: bytes, Size: int64(len(bytes))}, Context: &event.Context{ParameterTypes: []uint32{25}}}
	})
	for _, rule := range []string{"n+1", "idle-in-transaction", "chatty-transaction", "slow-reader"} {
		if err := s.Write([]event.Event{{Conn: 1, Kind: event.Found, Finding: &event.Finding{Rule: rule, Severity: event.Warning}}}); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Join(closed(t, s, &b), "\n")
	want := `pgpi: 2 exchanges on 2 connections
  waiting   [cccccssssssssssssspp] all connections:
            client 10.0 ms (25 %),
            server and the way to it 26.0 ms (65 %),
            pgpi's outlets 4.00 ms (10 %)
  slowest    20.0 ms  select 1
             10.0 ms  select 1 from t where a = 'Alice' or …
  findings  4 warnings: n+1, idle-in-transaction,
            chatty-transaction, slow-reader`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFindings counts signatures, not how often each was found.
func TestFindings(t *testing.T) {
	var b strings.Builder
	s := New(&b, anyWidth)
	add(s, 1, "select 1", 0, time.Millisecond)
	for _, f := range []event.Finding{{Rule: "slow"}, {Rule: "n+1", Severity: event.Warning}, {Rule: "n+1", Severity: event.Warning, Again: true}, {Rule: "slow"}, {Rule: "slow", Accepted: true}} {
		if err := s.Write([]event.Event{{Conn: 1, Kind: event.Found, Finding: &f}}); err != nil {
			t.Fatal(err)
		}
	}
	got := closed(t, s, &b)
	if last := got[len(got)-1]; last != "  findings  1 warning, 2 notes, 1 accepted: slow, n+1" {
		t.Error(last)
	}
}

// TestManyConnections counts all connections, and remembers those that are open.
func TestManyConnections(t *testing.T) {
	var b strings.Builder
	s := New(&b, anyWidth)
	for conn := range uint32(12_345) {
		add(s, conn+1, "select 1", 0, time.Millisecond)
		add(s, conn+1, "select 1", 0, time.Millisecond)
		if err := s.Write([]event.Event{{Conn: conn + 1, Kind: event.Said, Fact: event.Ended{}}}); err != nil {
			t.Fatal(err)
		}
	}
	if first := closed(t, s, &b)[0]; first != "pgpi: 24,690 exchanges on 12,345 connections" || len(s.open) > 0 {
		t.Errorf("%s, %d are open", first, len(s.open))
	}
}

// TestCharacters shows SQL and errors as characters, whatever the encoding of the session, and
// shortens only what is too long on one line.
func TestCharacters(t *testing.T) {
	var b strings.Builder
	s := New(&b, anyWidth)
	latin := func(x *event.Exchange) { x.Settings = &event.Settings{ClientEncoding: "LATIN1"} }
	long := "select '" + strings.Repeat("\xe9", 100) + "'"
	add(s, 1, long, 0, 30*time.Millisecond, latin)
	add(s, 1, strings.Repeat(" ", 795)+"select 'caf\xe9', 2", 0, 20*time.Millisecond, latin)
	add(s, 1, "select 'caf\xe9'", 0, 10*time.Millisecond, latin, func(x *event.Exchange) { x.SQLState, x.Message = "42601", "na\xefve" })
	add(s, 2, "select 'café'", 0, time.Millisecond)
	got := strings.Join(closed(t, s, &b), "\n")
	for _, want := range []string{
		" ms  select '" + strings.Repeat("é", 67) + "…\n", " ms  select 'café', 2\n", " ms  select 'café'\n", "2 ×  select 'café'\n", "42601 naïve",
	} {
		if !strings.Contains(got+"\n", want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
}

// TestFrequent leaves out what most clients send most.
func TestFrequent(t *testing.T) {
	var b strings.Builder
	s := New(&b, anyWidth)
	for _, sql := range []string{"begin", "COMMIT;", "savepoint x", "/* x */ Rollback to x", "begin; select 1", "end", "select 1"} {
		for range 3 {
			add(s, 1, sql, 0, time.Millisecond)
		}
	}
	add(s, 1, "select 1", 0, time.Millisecond)
	var got []string
	for _, line := range closed(t, s, &b) {
		if strings.Contains(line, " × ") {
			got = append(got, line)
		}
	}
	if want := []string{"  most           4 ×  select 1", "                 3 ×  begin; select 1"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestWays separates the network from the server if it is known how far away that is.
func TestWays(t *testing.T) {
	var b strings.Builder
	s := New(&b, anyWidth)
	add(s, 1, "select 1", 30*time.Millisecond, 40*time.Millisecond, func(x *event.Exchange) {
		x.Times.ClientWay, x.Times.ServerWay = 10*time.Millisecond, 25*time.Millisecond
	})
	want := "  waiting   [" + strings.Repeat("c", 6) + strings.Repeat("n", 10) + strings.Repeat("s", 4) + "] client 20.0 ms (29 %), network 35.0 ms (50 %), server 15.0 ms (21 %)"
	if got := closed(t, s, &b)[1]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNothing says nothing.
func TestNothing(t *testing.T) {
	var b strings.Builder
	if s := New(&b, anyWidth); s.Report() != nil || b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}

// TestBounds has more texts and errors than are counted, and long and odd ones. There are at most
// twelve lines, or a few more where they are broken, none wider than a terminal of 80 columns
// or more.
func TestBounds(t *testing.T) {
	for width, most := range map[int]int{0: 12, 40: 15, 80: 13, 200: 12} {
		testBounds(t, width, most)
	}
}

func testBounds(t *testing.T, width, most int) {
	t.Helper()
	var b strings.Builder
	s := New(&b, func() int { return width })
	for i := range 3 * maxTexts {
		sql := fmt.Sprintf("select %d /* %s\x1b[31m */", i, strings.Repeat("ü", 5000))
		for range 2 {
			add(s, uint32(i), sql, time.Millisecond, time.Millisecond, func(x *event.Exchange) {
				x.Outcome, x.SQLState, x.Message = event.Failed, "XX000", fmt.Sprint("no\n", i)
			})
		}
	}
	lines := closed(t, s, &b)
	if len(lines) > most {
		t.Errorf("%d columns: %d lines", width, len(lines))
	}
	for _, line := range lines {
		if len([]rune(line)) > max(cmp.Or(width, 140), 80) || strings.ContainsRune(line, 0x1b) {
			t.Errorf("line %q", line)
		}
	}
	if len(s.counts) > maxTexts || len(s.errors) > maxTexts {
		t.Errorf("%d texts, %d errors", len(s.counts), len(s.errors))
	}
	if want := fmt.Sprintf("%d statements: only the first %d different ones are counted", 4*maxTexts, maxTexts); !strings.Contains(b.String(), want) {
		t.Errorf("it does not say %q", want)
	}
}
