package session

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// contextDialogues are what trips a memory of names.
var contextDialogues = map[string][]line{
	"the unnamed statement": {
		parse("", "select $1", 23), bind("", "", "b", "select $1 (23)"), describing("P", "select $1 (23)"),
		executing("", "select $1 (23)"), syncing,
		parsed, bound, columns("id:23b"), row("select $1 id:23b"), done, isReady,
		parse("", "delete"), bind("", "", "", "delete"), describing("P", "delete"), executing("", "delete"), syncing,
		parsed, bound, noData, tagged("DELETE 0"), isReady,
	},
	"columns that are cut off": {
		asking("select 1"), columns("x:23"), row("select 1 x:23"), done, isReady,
		asking("select 2"), cutOff(columns("x:23"), 13), row("select 2 x:0"), done, isReady,
		asking("select 3"), columns("x:23"), row("select 3 x:23"), done, isReady,
	},
	"a statement by its name": {
		parse("a", "select a"), describing("Sa", "select a"), syncing, parsed, parameters(), columns("x:23 y:25"), isReady,
		parse("b", "select b"), syncing, parsed, isReady,
		bind("", "a", "", "select a"), executing("", "select a"), bind("", "b", "", "select b"), executing("", "select b"), syncing,
		bound, row("select a x:23 y:25"), done, bound, row("select b"), done, isReady,
		closing("Sa", "select a"), bind("", "a", "", ""), executing("", ""), syncing, closed, failing(""), isReady,
		bind("", "b", "", "select b"), syncing, bound, isReady,
	},
	"the formats of a result": {
		parse("a", "select"), describing("Sa", "select"), syncing, parsed, columns("x:23 y:25"), isReady,
		bind("", "a", "", "select"), executing("", "select"), syncing, bound, row("select x:23 y:25"), done, isReady,
		bind("", "a", "t", "select"), executing("", "select"), syncing, bound, row("select x:23 y:25"), done, isReady,
		bind("", "a", "b", "select"), executing("", "select"), syncing, bound, row("select x:23b y:25b"), done, isReady,
		bind("", "a", "bt", "select"), executing("", "select"), syncing, bound, row("select x:23b y:25"), done, isReady,
		bind("", "a", "tb", "select"), executing("", "select"), syncing, bound, row("select x:23 y:25b"), done, isReady,
	},
	"types that the server finds": {
		parse("a", "insert $1 $2", 0, 20), bind("", "a", "", "insert $1 $2 (0 20)"), syncing, parsed, bound, isReady,
		describing("Sa", "insert $1 $2 (0 20)"), syncing, parameters(25, 20), noData, isReady,
		bind("", "a", "", "insert $1 $2 (25 20)"), syncing, bound, isReady,
	},
	"portals by their names": {
		asking("begin"), tagged("BEGIN"), inBlock,
		parse("a", "select a"), bind("p", "a", "b", "select a"), bind("q", "a", "t", "select a"), describing("Pp", "select a"), syncing,
		parsed, bound, bound, columns("x:23b"), inBlock,
		executing("p", "select a"), executing("q", "select a"), executing("p", "select a"), executing("none", ""), syncing,
		row("select a x:23b"), suspends, row("select a x:23"), done, row("select a x:23b"), done, failing(""), inBlock,
		closing("Pp", "select a"), executing("p", ""), syncing, closed, failing(""), inBlock,
		asking("rollback"), tagged("ROLLBACK"), isReady,
		executing("q", ""), syncing, failing(""), isReady,
	},
	"a statement that portals describe": {
		parse("a", "select a"), bind("", "a", "b", "select a"), describing("P", "select a"), executing("", "select a"), syncing,
		parsed, bound, columns("x:23b"), row("select a x:23b"), done, isReady,
		parse("b", "select b"), bind("", "b", "", "select b"), executing("", "select b"), syncing, parsed, bound, row("select b"), done, isReady,
		bind("", "a", "t", "select a"), executing("", "select a"), syncing, bound, row("select a x:23"), done, isReady,
	},
	"the same text again": {
		parse("", "select * from t"), bind("", "", "", "select * from t"), describing("P", "select * from t"), executing("", "select * from t"), syncing,
		parsed, bound, columns("x:23"), row("select * from t x:23"), done, isReady,
		asking("alter table"), tagged("ALTER TABLE"), isReady,
		parse("", "select * from t"), bind("", "", "", "select * from t"), executing("", "select * from t"), syncing,
		parsed, bound, row("select * from t"), done, isReady, // it is not known what columns it has now
	},
	"the same text again, ahead of the replies": {
		parse("", "select"), bind("", "", "", "select"), describing("P", "select"), executing("", "select"),
		parse("", "select"), bind("", "", "", "select"), executing("", "select"), syncing,
		parsed, bound, columns("x:23"), row("select x:23"), done, parsed, bound, row("select"), done, isReady,
	},
	"a name is given anew ahead of the replies": {
		parse("", "one"), bind("", "", "", "one"), describing("P", "one"), executing("", "one"),
		parse("", "two"), bind("", "", "b", "two"), describing("P", "two"), executing("", "two"), syncing,
		parsed, bound, columns("x:23"), row("one x:23"), done, parsed, bound, columns("y:25b"), row("two y:25b"), done, isReady,
	},
	"an error takes back what was made": {
		parse("a", "good"), syncing, parsed, isReady,
		closing("Sa", "good"), parse("a", "bad"), bind("", "a", "", "bad"), executing("", "bad"), syncing,
		parse("b", "next"), syncing,
		closed, failing("bad"), isReady, parsed, isReady,
		bind("", "a", "", ""), bind("", "b", "", "next"), syncing, failing(""), isReady,
	},
	"an error before the Sync": {
		parse("a", "good"), syncing, parsed, isReady,
		parse("c", "bad"), failing("bad"), parse("d", "skipped"), closing("Sa", "good"), asking("skipped"), syncing, isReady,
		bind("", "a", "", "good"), bind("", "c", "", ""), bind("", "d", "", ""), syncing, bound, failing(""), isReady,
	},
	"an error of a name that is taken": {
		parse("a", "first"), syncing, parsed, isReady, parse("a", "second"), syncing, failing("second"), isReady,
		bind("", "a", "", "first"), syncing, bound, isReady,
	},
	"an error at the Sync": {
		parse("", "insert"), bind("", "", "", "insert"), executing("", "insert"), syncing, parsed, bound, tagged("INSERT 0 1"), failing(""), isReady,
		asking("select 2"), columns("x:23"), row("select 2 x:23"), failing("select 2"), isReady,
	},
	"several results": {
		asking("select 1; select 2; update"),
		columns("a:23"), row("select 1; select 2; update a:23"), done,
		columns("b:25 c:16"), row("select 1; select 2; update b:25 c:16"), row("select 1; select 2; update b:25 c:16"), done,
		tagged("UPDATE 1"), failing("select 1; select 2; update"), isReady, row(""),
	},
	"a fatal error in between": {
		asking("select"), columns("a:23"), row("select a:23"), failing("select"),
	},
	"a fatal error of an idle session": {
		asking("select"), done, isReady, failing(""),
	},
	"a Query ends what has no name": {
		parse("", "select"), bind("", "", "", "select"), executing("", "select"), syncing, parsed, bound, done, isReady,
		asking("select 2"), done, isReady,
		executing("", ""), syncing, failing(""), isReady, bind("", "", "", ""), describing("S", ""), syncing, failing(""), isReady,
	},
	"a Query that is skipped ends nothing": {
		parse("", "select"), syncing, parsed, isReady,
		bind("", "none", "", ""), asking("select 2"), syncing, failing(""), isReady,
		bind("", "", "", "select"), syncing, bound, isReady,
	},
	"DISCARD ALL": {
		parse("a", "select a"), syncing, parsed, isReady,
		asking("discard all"), parse("b", "select b"), syncing, tagged("DISCARD ALL"), isReady, parsed, isReady,
		bind("", "a", "", ""), syncing, failing(""), isReady, bind("", "b", "", "select b"), syncing, bound, isReady,
	},
	"DEALLOCATE": {
		parse("a", "select a"), parse("b", "select b"), parse("a b", "select a b"), parse("c", "select c"), syncing, parsed, parsed, parsed, parsed, isReady,
		asking("DEALLOCATE A"), tagged("DEALLOCATE"), isReady,
		bind("", "a", "", ""), syncing, failing(""), isReady, bind("", "b", "", "select b"), syncing, bound, isReady,
		asking("deallocate prepare \"a b\";"), tagged("DEALLOCATE"), isReady,
		bind("", "a b", "", ""), syncing, failing(""), isReady, bind("", "b", "", "select b"), syncing, bound, isReady,
		asking("deallocate c"), failing("deallocate c"), isReady, bind("", "c", "", "select c"), syncing, bound, isReady,
		asking("select 1; deallocate b"), done, tagged("DEALLOCATE"), isReady, // which of them is not looked for
		bind("", "c", "", ""), syncing, failing(""), isReady,
	},
	"DEALLOCATE ALL": {
		parse("a", "select a"), syncing, parsed, isReady, parse("", "deallocate all"), bind("", "", "", "deallocate all"),
		executing("", "deallocate all"), syncing, parsed, bound, tagged("DEALLOCATE ALL"), isReady,
		bind("", "a", "", ""), syncing, failing(""), isReady,
	},
	"names that nobody has made": {
		bind("", "a", "", ""), describing("Sa", ""), describing("Pp", ""), executing("p", ""), closing("Sa", ""), closing("Pp", ""), syncing,
		bound, columns("x:23"), columns("x:23"), row(""), done, closed, closed, isReady,
	},
}

// TestContexts plays dialogues and compares what each message is shown with.
func TestContexts(t *testing.T) {
	t.Parallel()
	for name, lines := range contextDialogues {
		for way, cut := range map[string]func(int) int{"whole": whole, "single bytes": single} {
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				p := newPump(t)
				for _, s := range loginSteps {
					p.feed(s.direction, s.bytes, whole)
				}
				playLines(t, p, lines, cut)
			})
		}
	}
}

// What a connection may remember of SQL is bounded. What it does not know is said so,
// and is never something else.
func TestSQLNotKept(t *testing.T) {
	t.Parallel()
	long, longer := strings.Repeat("x", maxSQL+7), strings.Repeat("z", 300)
	wide := strings.Repeat("y", maxSQL)
	withoutSQL := fmt.Sprintf(" [%d not kept]", len("select 1"))
	for name, test := range map[string]struct {
		budget int64
		lines  []line
	}{
		"one that is long": {1 << 30, []line{
			parse("a", long), bind("", "a", "", long[:maxSQL]+" [7 not kept]"), asking(long), failing(long[:maxSQL] + " [7 not kept]"),
		}},
		"many": {1 << 30, append(parseMany(16, wide), bind("", "14", "", wide), bind("", "15", "", fmt.Sprintf(" [%d not kept]", len(wide))))},
		"no budget": {100, []line{
			parse("a", "select 1", 23), bind("", "a", "", withoutSQL+" (23)"), describing("Sa", withoutSQL+" (23)"), executing("", withoutSQL+" (23)"), syncing,
			parsed, bound, columns("x:23"), row(withoutSQL + " x:23"), done, isReady,
		}},
		"no budget, and an error": {300, []line{
			parse("a", "select 1"), syncing, parsed, isReady, parse("a", longer), syncing, failing(" [300 not kept]"), isReady,
			bind("", "a", "", "select 1"), closing("Sa", "select 1"), syncing,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			budget := NewBudget(test.budget)
			p := newPump(t)
			p.tracker = New(budget)
			for _, s := range loginSteps {
				p.feed(s.direction, s.bytes, whole)
			}
			playLines(t, p, test.lines, whole)
			p.tracker.Close()
			if used := budget.used.Load(); used != 0 {
				t.Errorf("%d bytes of the budget are not given back", used)
			}
		})
	}
}

// parseMany makes statements "0", "1", … of the same SQL.
func parseMany(count int, sql string) []line {
	var lines []line
	for i := range count {
		lines = append(lines, parse(fmt.Sprint(i), sql))
	}
	return lines
}

// A client that makes ever more statements and portals is not followed forever.
func TestNamesAreBounded(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	for _, s := range loginSteps {
		p.feed(s.direction, s.bytes, whole)
	}
	for i := range maxNames + 10 {
		p.feed(toServer, parse(fmt.Sprint(i), "x").bytes+bind(fmt.Sprint(i), "0", "", "").bytes, whole)
	}
	n := &p.tracker.memory.names
	if len(n.statements) > maxNames || len(n.portals) > maxNames {
		t.Errorf("%d statements and %d portals are remembered", len(n.statements), len(n.portals))
	}
	playLines(t, p, []line{bind("", fmt.Sprint(maxNames+5), "", ""), bind("", "0", "", "x")}, whole)
}

// A Bind whose end was not kept does not say in which formats its result comes.
func TestLargeBind(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	p.tracker.Kept = 100
	for _, s := range loginSteps {
		p.feed(s.direction, s.bytes, whole)
	}
	large := "\x00a\x00\x00\x00\x00\x01\x00\x01\x00\x00" + strings.Repeat("x", 1<<16) + "\x00\x01\x00\x01"
	playLines(t, p, []line{
		parse("a", "select"), describing("Sa", "select"), syncing, parsed, columns("x:23"), isReady,
		{toServer, typed('B', large), "select"}, executing("", "select"), syncing, bound, row("select"), done, isReady,
		{toServer, typed('B', large), "select"}, describing("P", "select"), executing("", "select"), syncing,
		bound, columns("x:23b"), row("select x:23b"), done, isReady,
	}, whole)
}

// If a name was cut off, it is not known which name it is.
func TestCutNames(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	p.tracker.Kept = 0
	for _, s := range loginSteps {
		p.feed(s.direction, s.bytes, whole)
	}
	large := strings.Repeat("x", 1<<16)
	playLines(t, p, []line{
		parse("abc", "select abc"), parse("ab", "select ab"), syncing, parsed, parsed, isReady,
		{toServer, typed('B', "\x00abcdef\x00"+large), ""}, executing("", ""), syncing,
		bound, row(""), done, isReady,
		parse("abcdef", large), bind("", "abc", "", "select abc"), syncing, parsed, bound, isReady,
		{toServer, typed('B', "\x00ab\x00"+large), "select ab"}, executing("", "select ab"), syncing, bound, done, isReady,
	}, whole)
}

// The settings of a session are those that the server has reported last, from the message
// that reports them on.
func TestSettings(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	check := func(want event.Settings) {
		t.Helper()
		if p.last.Settings == nil || *p.last.Settings != want {
			t.Errorf("%s has the settings %+v, want %+v", p.last.Type, p.last.Settings, want)
		}
	}
	p.feed(toServer, startup, whole)
	p.feed(toClient, ok, whole)
	if p.last.Settings != nil {
		t.Error("settings are known before the server has told any")
	}
	p.feed(toClient, status("client_encoding", "LATIN1")+status("DateStyle", "German, DMY")+status("IntervalStyle", "iso_8601")+
		status("TimeZone", "Asia/Tokyo")+status("server_version", "18.4")+status("is_superuser", "off"), whole)
	want := event.Settings{ClientEncoding: "LATIN1", DateStyle: "German, DMY", IntervalStyle: "iso_8601", TimeZone: "Asia/Tokyo", ServerVersion: "18.4"}
	check(want)
	p.feed(toClient, ready, whole)
	check(want)
	p.feed(toServer, query("set client_encoding to utf8"), whole)
	check(want)
	p.feed(toClient, status("client_encoding", "UTF8"), whole)
	want.ClientEncoding = "UTF8"
	check(want)
}

// SQL is shown with the settings by which the server has read it, whatever they are by the time
// that it is used.
func TestSettingsOfSQL(t *testing.T) {
	p := newPump(t)
	for _, s := range loginSteps {
		p.feed(s.direction, s.bytes, whole)
	}
	for i, step := range []struct {
		direction event.Direction
		bytes     string
		want      string // the setting of the message's SQL
	}{
		{toClient, status("standard_conforming_strings", "on"), ""},
		{toServer, parse("", "select").bytes, ""},
		{toServer, parse("s", "select").bytes, ""},
		{toServer, bind("", "", "", "").bytes, "on"},
		{toServer, syncing.bytes, ""},
		{toClient, parsed.bytes + parsed.bytes + bound.bytes + isReady.bytes, ""},
		{toClient, status("standard_conforming_strings", "off"), ""},
		{toServer, bind("", "s", "", "").bytes, "on"},
		{toServer, parse("", "select").bytes, ""},
		{toServer, bind("", "", "", "").bytes, "off"},
		{toServer, bind("", "s", "", "").bytes, "on"},
		{toServer, parse("s", "select").bytes, ""},
		{toServer, bind("", "s", "", "").bytes, "off"},
	} {
		p.feed(step.direction, step.bytes, whole)
		got := ""
		if c := p.last.Context; c != nil && c.Settings != nil {
			got = c.Settings.StandardStrings
		}
		if got != step.want {
			t.Errorf("step %d: %q, not %q", i, got, step.want)
		}
	}
}

// TestNeverParsed has names that were in no Parse. Of those that may have been, nothing is said.
func TestNeverParsed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(p *pump)
		want   bool
	}{
		"nothing":      {func(*pump) {}, true},
		"another":      {func(p *pump) { p.feed(toServer, parse("b", "select").bytes, whole) }, true},
		"a Parse":      {func(p *pump) { p.feed(toServer, parse("a", "select").bytes, whole) }, false},
		"Parse, Close": {func(p *pump) { p.feed(toServer, parse("a", "select").bytes+typed('C', "Sa\x00"), whole) }, false},
		"a gap":        {func(p *pump) { p.tracker.Gap(toServer, 5) }, false},
		"a cut-off one": {func(p *pump) {
			p.tracker.Kept = 10
			p.feed(toServer, parse("long"+strings.Repeat("x", 1<<16), "").bytes, whole)
		}, false},
	} {
		p := newPump(t)
		for _, s := range loginSteps {
			p.feed(s.direction, s.bytes, whole)
		}
		test.before(p)
		for _, b := range []string{typed('D', "Sa\x00"), typed('B', "\x00a\x00\x00\x00\x00\x00\x00\x00")} {
			piece := p.tracker.Scan(toServer, []byte(b))
			if c := piece.Messages[0].Context; (c != nil && c.NeverParsed) != test.want {
				t.Errorf("after %s, %q has %+v", name, b, c)
			}
		}
	}
}
