package text

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/golden"
	"pgpi/test/transcript"
)

// exchangeFor returns an exchange for SQL that took a time, with changes.
func exchangeFor(sql string, took time.Duration, changes ...func(*event.Exchange)) *event.Exchange {
	x := &event.Exchange{
		Context: &event.Context{SQL: sql}, Counted: -1, Settings: &event.Settings{StandardStrings: "on", ClientEncoding: "UTF8"},
		Times: event.Times{Asked: 0, Sent: 0, Done: took, Ready: took},
	}
	for _, change := range changes {
		change(x)
	}
	return x
}

func returned(rows int64) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Rows, x.Counted = rows, rows }
}

func ended(o event.Outcome) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Outcome = o }
}

func in(status byte) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Transaction = status }
}

func failed(code, message string, position int) func(*event.Exchange) {
	return func(x *event.Exchange) {
		x.Outcome, x.SQLState, x.Message, x.Position = event.Failed, code, message, position
	}
}

// exchanges returns the events of a session, each of which is a line of the log.
func exchanges() []event.Event {
	s := transcript.Transcript{Step: time.Millisecond}
	s.Say(event.Opened{Client: "127.0.0.1 port 50000"})
	s.Say(event.TLSEstablished{Party: event.Client, TLS: "TLSv1.3/TLS_AES_128_GCM_SHA256"})
	s.Server(message(wire.ReadyForQuery, "I"))
	login := len(s.Events) - 1
	bound := message(wire.Bind, "\x00\x00\x00\x00\x00\x03\x00\x00\x00\x06O'Neil\xff\xff\xff\xff\x00\x00\x00\x011\x00\x00")
	for _, x := range []*event.Exchange{
		exchangeFor("begin", 71*time.Microsecond, in('T')),
		exchangeFor("select *\n  from t -- all of it\n where a = 'two\nlines'", 1234*time.Microsecond, returned(1), in('T')),
		exchangeFor("insert into t values ($1, $2, $3)", 12*time.Millisecond, returned(12345), in('T'), func(x *event.Exchange) { x.Bind = &bound }),
		exchangeFor("select nme from t", 200*time.Microsecond, failed("42703", "column \"nme\" does not exist", 8), in('E'), func(x *event.Exchange) {
			x.Hint, x.Detail = "Perhaps you meant \"name\".", "There is\nmore."
		}),
		exchangeFor("select 2", 0, ended(event.Skipped), func(x *event.Exchange) { x.Times.Done = event.NotSeen }),
		exchangeFor("commit", 3*time.Second, func(x *event.Exchange) { x.Tag = "ROLLBACK" }),
		exchangeFor("select 1; select 2", time.Millisecond, func(x *event.Exchange) {
			x.Rows, x.Statements = 2, []event.Statement{{Tag: "SELECT 1", Rows: 1}, {Tag: "SELECT 1", Rows: 1}}
		}),
		exchangeFor("fetch", 999600*time.Nanosecond, returned(10), ended(event.Suspended), func(x *event.Exchange) { x.Portal = "c\x1b[31m1" }),
		exchangeFor("select pg_sleep(100)", 120*time.Millisecond, failed("57014", "canceling statement due to user request", 0), ended(event.Canceled)),
		exchangeFor("insert into t values (1)", 5*time.Millisecond, returned(1), ended(event.RolledBack)),
		exchangeFor("select 3", 5*time.Millisecond, ended(event.Lost), func(x *event.Exchange) { x.Times.Done = event.NotSeen }),
		exchangeFor("select 4", 0, ended(event.Unanswered), func(x *event.Exchange) { x.Times.Done = event.NotSeen }),
		exchangeFor("select 5", 5*time.Millisecond, failed("23503", "no", 0), func(x *event.Exchange) { x.RolledBackToo, x.Undone = [2]uint32{17, 19}, 3 }),
		exchangeFor("", 5*time.Millisecond, func(x *event.Exchange) { x.Context = nil }),
		exchangeFor("", 5*time.Millisecond, func(x *event.Exchange) { x.Kind, x.Context = event.FunctionCall, nil }),
		exchangeFor("never shown", 999*time.Microsecond, func(x *event.Exchange) { x.Kind = event.Prepare }),
		exchangeFor("shown", time.Millisecond, func(x *event.Exchange) { x.Kind = event.Prepare }),
		exchangeFor("shown", 0, func(x *event.Exchange) { x.Kind = event.Prepare }, failed("42601", "syntax error", 1)),
		exchangeFor("in a pipeline", 900*time.Millisecond, func(x *event.Exchange) { x.Times.Turn = 899 * time.Millisecond }),
		exchangeFor("slow in a pipeline", 900*time.Millisecond, func(x *event.Exchange) { x.Times.Turn = 700 * time.Millisecond }),
		exchangeFor("select 6", 12400*time.Microsecond, func(x *event.Exchange) { x.Times.ServerWay = 11900 * time.Microsecond }),
		exchangeFor("select 7", 12400*time.Microsecond, func(x *event.Exchange) { x.Times.ServerWay = 6190 * time.Microsecond }),
		exchangeFor("select 8", 900*time.Microsecond, func(x *event.Exchange) { x.Times.ServerWay = 800 * time.Microsecond }),
		exchangeFor("select 9", 3*time.Second, func(x *event.Exchange) { x.Times.ClientStalled = 2 * time.Second }),
		exchangeFor("select 10", 3*time.Second, func(x *event.Exchange) { x.Times.Held = 2 * time.Second }),
		exchangeFor("select 11", 3*time.Second, func(x *event.Exchange) { x.Times.Sent = 2 * time.Second }),
	} {
		s.Add(event.Event{Kind: event.Exchanged, Exchange: x})
	}
	for _, x := range []*event.Exchange{
		exchangeFor("select pg_sleep(100)", 10*time.Second, func(x *event.Exchange) { x.NeverAnswered = true }),
		exchangeFor("select * from large", 12*time.Second, returned(17)),
		exchangeFor("select nme from t", 10*time.Second, failed("42703", "column \"nme\" does not exist", 8)),
		exchangeFor("vacuum", 10*time.Second),
	} {
		x.Outcome = event.Unfinished
		s.Add(event.Event{Kind: event.Pending, Exchange: x})
	}
	s.Add(event.Event{Kind: event.Exchanged, Exchange: exchangeFor("", 0, ended(event.Lost), func(x *event.Exchange) {
		x.Kind, x.Times.Done, x.NeverAnswered = event.SyncAlone, event.NotSeen, true
	})})
	for _, x := range []*event.Exchange{
		exchangeFor("select 12", 0, ended(event.Unfinished)), exchangeFor("select 13", 0, ended(event.Unfinished), returned(17)), exchangeFor("select 14", 0, ended(event.Unknown)),
	} {
		x.Times.Done = event.NotSeen
		s.Add(event.Event{Kind: event.Exchanged, Exchange: x})
	}
	s.Server(message(wire.ErrorResponse, "SFATAL\x00C57P01\x00Mterminating connection\x00\x00"))
	s.Say(event.ProtocolViolation{Party: event.Server, What: "it said too much"})
	s.Say(event.Ended{})
	for i := range s.Events {
		s.Events[i].Identity = &event.Identity{
			User: "joe", Database: "shop", Address: "127.0.0.1", Application: "psql", LoggingIn: i <= login, ClientTLS: "TLSv1.3/TLS_AES_128_GCM_SHA256",
		}
	}
	return s.Events
}

// TestQueries has a line of each kind, as in files and on terminals.
func TestQueries(t *testing.T) {
	for name, o := range map[string]Options{
		"queries": {Slow: 100 * time.Millisecond}, "queries_notime": {Time: NoTime, Slow: time.Nanosecond}, "queries_iso": {Time: ISO},
		"queries_narrow": {Width: func() int { return 60 }}, "queries_color": {Color: true}, "queries_short": {MaxValue: 3},
	} {
		o.Mode = Queries
		golden.Compare(t, name+".txt", render(t, o, exchanges()))
	}
}

// TestFailedLogin calls an error one of the login only if the login was seen to be going on,
// whatever a filter has left out.
func TestFailedLogin(t *testing.T) {
	for loggingIn, want := range map[bool]string{true: "#1  joe@shop  28000 login failed: no\n", false: "#1  joe@shop  28000: no\n"} {
		s := transcript.Transcript{}
		s.Server(message(wire.ErrorResponse, "SFATAL\x00C28000\x00Mno\x00\x00"))
		s.Events[0].Identity = &event.Identity{User: "joe", Database: "shop", LoggingIn: loggingIn}
		if got := render(t, Options{Mode: Queries, Time: NoTime}, s.Events); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestEncoding shows in UTF-8 what a session in LATIN1 says.
func TestEncoding(t *testing.T) {
	x := exchangeFor("select 'caf\xe9', $1", time.Millisecond, failed("XX000", "na\xefve", 9), func(x *event.Exchange) {
		x.Settings = &event.Settings{StandardStrings: "on", ClientEncoding: "LATIN1"}
		x.Portal, x.Detail, x.Hint = "\xe4", "\xf6", "\xfc"
	})
	got := render(t, Options{Mode: Queries, Time: NoTime}, []event.Event{{Conn: 1, Kind: event.Exchanged, Exchange: x}})
	for _, want := range []string{"'café', $1", "portal ä", "naïve", "detail: ö", "hint: ü", "at: café"} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
}

// TestColumns has the columns of all connections in the same places once the widest name was seen,
// unless one is very wide.
func TestColumns(t *testing.T) {
	var events []event.Event
	for _, c := range []struct {
		number uint32
		user   string
	}{{1, "joe"}, {10, "jürgen"}, {2, ""}, {3, strings.Repeat("x", 50)}, {4, "joe"}} {
		events = append(events, event.Event{Conn: c.number, Kind: event.Exchanged, Exchange: exchangeFor("select 1", time.Millisecond), Identity: &event.Identity{User: c.user, Database: "d"}})
	}
	var columns []int
	for line := range strings.Lines(render(t, Options{Mode: Queries, Time: NoTime}, events)) {
		before, _, _ := strings.Cut(line, "select")
		columns = append(columns, utf8.RuneCountInString(before))
	}
	if want := []int{25, 29, 29, 72, 29}; !slices.Equal(columns, want) {
		t.Errorf("SQL begins at %v instead of %v", columns, want)
	}
}

// TestWidth cuts lines to the width of a terminal, colors aside, between characters, some of which
// are wide. How a statement ended is still shown.
func TestWidth(t *testing.T) {
	for sql, widths := range map[string]int{"ü": 1, "漢": 2, "u\u0308": 1} {
		for _, color := range []bool{false, true} {
			for width := 1; width < 150; width++ {
				o := Options{Mode: Queries, Color: color, Time: NoTime, Width: func() int { return width }}
				text := "select '" + strings.Repeat(sql, 100) + "'"
				for name, change := range map[string]func(*event.Exchange){"canceled": ended(event.Canceled), "no table": failed("42P01", "no table", 0)} {
					out := render(t, o, []event.Event{{Conn: 1, Kind: event.Exchanged, Exchange: exchangeFor(text, time.Millisecond, change)}})
					plain := strings.TrimSuffix(regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(out, ""), "\n")
					for line := range strings.SplitSeq(plain, "\n") {
						n := utf8.RuneCountInString(strings.ReplaceAll(line, "\u0308", "")) + strings.Count(line, sql)*(widths-1)
						if n > width || n < min(width, 125)-1 && strings.Contains(line, "select") {
							t.Errorf("a line for %d columns has %d: %q", width, n, line)
						}
					}
					if width >= 55 && !strings.HasSuffix(plain, name) {
						t.Errorf("with %d columns it does not end with %q: %q", width, name, plain)
					}
				}
			}
		}
	}
}

// TestDuration has three digits.
func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "-", 0: "0 µs", 1: "0.00 µs", 999: "1.00 µs", 9994: "9.99 µs", 9995: "10.0 µs", 99949: "99.9 µs", 99950: "100 µs", 999499: "999 µs", 999500: "1.00 ms",
		1234567: "1.23 ms", 999499999: "999 ms", 999500000: "1.00 s", time.Minute: "60.0 s", time.Hour: "3600 s",
	} {
		if got := event.Rounded(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
}

// TestLiterals has parameters as SQL that is read as their type.
func TestLiterals(t *testing.T) {
	for _, test := range []struct {
		oid    uint32
		format byte
		value  string
		want   string
	}{
		{0, 0, "joe", "'joe'"}, {25, 0, `it's\`, `E'it''s\\'`}, {23, 1, "\x00\x00\x00\x07", "7"}, {23, 1, "\xff\xff\xff\xff", "'-1'::int4"},
		{20, 1, "\x00\x00\x00\x00\x00\x00\x00\x07", "7::int8"}, {21, 0, "7", "7::int2"}, {20, 0, "4294967296", "4294967296"}, {16, 1, "\x01", "true"},
		{700, 0, "NaN", "'NaN'::float4"}, {17, 1, "\x01\xff", `E'\\x01ff'::bytea`}, {99999, 1, "\x01\xff", `$1 /* $1 = \x01ff */`}, {99999, 0, "x", "'x'"},
	} {
		context := &event.Context{ParameterTypes: []uint32{test.oid}}
		m := message(wire.Bind, "\x00\x00\x00\x01\x00"+string(test.format)+"\x00\x01\x00\x00\x00"+string(byte(len(test.value)))+test.value+"\x00\x00")
		m.Context = context
		x := exchangeFor("select $1", 0, func(x *event.Exchange) { x.Bind = &m })
		line := render(t, Options{Mode: Queries, Time: NoTime}, []event.Event{{Conn: 1, Kind: event.Exchanged, Exchange: x}})
		if _, got, _ := strings.Cut(line, "select "); got != test.want+"\n" {
			t.Errorf("type %d, %q: got %q, want %q", test.oid, test.value, got, test.want)
		}
	}
	m := redacted(message(wire.Bind, "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x03abc\x00\x00"), "abc")
	x := exchangeFor("select $1, $2", 0, func(x *event.Exchange) { x.Bind = &m })
	if line := render(t, Options{Mode: Queries, Time: NoTime}, []event.Event{{Conn: 1, Kind: event.Exchanged, Exchange: x}}); !strings.HasSuffix(line, "$ select '[redacted]', $2\n") {
		t.Errorf("got %q", line)
	}
}

// TestNotText marks a line once, whichever of its texts is not in the session's encoding.
func TestNotText(t *testing.T) {
	utf8, ascii := &event.Settings{ClientEncoding: "UTF8"}, &event.Settings{ClientEncoding: "SQL_ASCII"}
	const bad = "\xd5\xc5\xc8\xfd"
	bind := message(wire.Bind, "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04"+bad+"\x00\x00")
	for name, change := range map[string]func(x *event.Exchange){
		"SQL":     func(x *event.Exchange) { x.Context = &event.Context{SQL: "select '" + bad + "'"} },
		"value":   func(x *event.Exchange) { x.Context, x.Bind = &event.Context{SQL: "select $1"}, &bind },
		"message": func(x *event.Exchange) { x.SQLState, x.Message, x.Detail = "42P01", bad, bad },
		"detail":  func(x *event.Exchange) { x.SQLState, x.Detail = "42P01", bad },
	} {
		for settings, want := range map[*event.Settings]int{utf8: 1, ascii: 0, nil: 0} {
			bind.Settings = settings
			x := exchangeFor("select 1", time.Millisecond, change)
			x.Settings = settings
			s := transcript.Transcript{}
			s.Add(event.Event{Kind: event.Exchanged, Exchange: x})
			got := render(t, Options{Mode: Queries, Time: NoTime}, s.Events)
			if strings.Count(got, "not text in UTF8") != want || strings.Count(got, "not text") != want {
				t.Errorf("%s in %v: %q has the mark not %d times", name, settings, got, want)
			}
		}
	}
	x := exchangeFor("select 1", time.Millisecond, func(x *event.Exchange) {
		x.Settings, x.Context = utf8, &event.Context{SQL: "select 'ä"[:9], Shortened: 100}
	})
	s := transcript.Transcript{}
	s.Add(event.Event{Kind: event.Exchanged, Exchange: x})
	s.Server(message(wire.ErrorResponse, "SFATAL\x00C57P01\x00M"+bad+"\x00\x00"))
	s.Events[1].Messages[0].Settings = utf8
	got := render(t, Options{Mode: Queries, Time: NoTime}, s.Events)
	if first, second, _ := strings.Cut(got, "\n"); strings.Contains(first, "not text") || !strings.HasSuffix(second, " -- not text in UTF8\n") {
		t.Errorf("of what is cut, and of an error that nobody asked for: %q", got)
	}
}
