package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/sqltext"
	"pgpi/test/golden"
	"pgpi/test/sqlgen"
)

var start = time.Date(2026, 11, 28, 17, 0, 0, 0, time.UTC)

const ms = time.Millisecond

// history is a sequence of events of one connection.
type history struct {
	events []event.Event
	shaper sqltext.Shaper
	now    time.Duration
	number uint32
}

func (h *history) say(f event.Fact) { h.add(event.Event{Kind: event.Said, Fact: f}) }

func (h *history) add(e event.Event) {
	e.Conn, e.Elapsed, e.At = 1, h.now, start.Add(h.now)
	e.Identity = &event.Identity{Known: true, User: "app", Database: "shop", Address: "127.0.0.1"}
	h.events = append(h.events, e)
}

// run adds an exchange.
func (h *history) run(sql string, idle, took time.Duration, changes ...func(*event.Exchange)) {
	h.number++
	asked := h.now + idle
	x := &event.Exchange{
		Number: h.number, RoundTrip: h.number, RoundTrips: 1, Context: &event.Context{SQL: sql}, Shape: h.shaper.Shape([]byte(sql), sqltext.Settings{}), Rows: 1,
		Attributes: sqltext.Attributes([]byte(sql), sqltext.Settings{}), Sent: 30, Got: 40, Transaction: 'I',
		Times: event.Times{Idle: h.now, Asked: asked, Sent: asked, Turn: event.NotSeen, Done: asked + took},
	}
	for _, change := range changes {
		change(x)
	}
	h.now = asked + took
	h.add(event.Event{Kind: event.Exchanged, Exchange: x})
}

func failed(state, message string) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Outcome, x.SQLState, x.Message = event.Failed, state, message }
}

// shop is what a small application does.
func shop() *history {
	h := &history{}
	h.say(event.Opened{Time: start, Client: "127.0.0.1:4711"})
	for i := range 40 {
		h.run(fmt.Sprintf("select * from items where order_id = %d /*controller='orders'*/", i), ms, time.Duration(i+1)*ms/4)
	}
	h.run("select id from orders where user_id = 42 and state in ('new', 'paid')", 3*ms, 150*ms)
	h.run("insert into orders (id) values (7)", ms, 2*ms, failed("23505", "duplicate key value violates unique constraint \"orders_pkey\""))
	h.run("update orders set state = 'paid' where id = 7", ms, ms)
	h.say(event.Ended{})
	return h
}

// usual is the limit that users have if they name none.
var usual = Limit{95, 20}

// find adds a finding about the last statement.
func (h *history) find(rule string, severity event.Severity, text, remedy string, changes ...func(*event.Finding)) {
	shape := h.shaper.Shape([]byte("select * from items where order_id = 1"), sqltext.Settings{})
	f := &event.Finding{
		Rule: rule, Severity: severity, Signature: rule + ":0123456789abcdef", Shape: shape, Text: text, Remedy: remedy, Connections: []uint32{1},
		Attributes: []sqltext.Attribute{{Key: "controller", Value: "orders"}},
		Evidence:   []event.Evidence{{Conn: 1, Exchange: h.number, At: start.Add(h.now - ms), Elapsed: h.now - ms}},
	}
	for _, change := range changes {
		change(f)
	}
	h.add(event.Event{Kind: event.Found, Finding: f})
}

// rules are those of tests. Those of package insight change more often than reports do.
func rules() (all []Rule) {
	for _, r := range []insight.Rule{
		{Name: "n+1", Severity: event.Warning, Title: "One statement for each row of another", Fires: "It fires.", Help: "Ask for all rows at once."},
		{Name: "duplicate", Severity: event.Warning, Title: "The same statement again, with the same result", Fires: "It fires.", Help: "Remember the result."},
		{Name: "errors", Severity: event.Error, Title: "The same statement fails again and again", Fires: "It fires.", Silent: "Once.", Help: "Look at the message."},
		{Name: "slow", Severity: event.Note, Timed: true, Title: "A statement took longer than --slow", Fires: "It fires.", Help: "Ask for its plan."},
	} {
		all = append(all, Rule{&r, r.Name != "slow"})
	}
	return all
}

// found is what a small application does, and what was found in it.
func found() *history {
	h := shop()
	h.find("n+1", event.Warning,
		`40 × select * from items where order_id = $1: $1 took, in order, the values of column id of the 40 rows of "select id from orders where user_id = $1"; about 198 ms in 39 round trips`,
		"One statement would do: where order_id = any($1)")
	h.find("errors", event.Error, "5 of 5 executions of \"insert into \x1b[31mørder\" failed with 23505:\nduplicate  key --\x00", "Look at what the server says about the statement.", func(f *event.Finding) {
		f.Shape, f.Connections, f.More, f.Count = nil, []uint32{1, 2, 3, 4, 5}, 7, 5
	})
	h.find("n+1", event.Warning, "40 × select", "One statement would do", func(f *event.Finding) { f.Again, f.Took = true, 2*ms })
	return h
}

// acceptErrors accepts the findings of a rule.
func acceptErrors(events []event.Event) []event.Event {
	events = slices.Clone(events)
	for i := range events {
		if f := events[i].Finding; f != nil && f.Rule == "errors" {
			accepted := *f
			accepted.Accepted, accepted.Reason = true, "the importer tries again --\nand that is meant"
			events[i].Finding = &accepted
		}
	}
	return events
}

// render returns the report of events.
func render(t *testing.T, format string, o Options, events []event.Event) string {
	t.Helper()
	f, err := FormatNamed(format)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	s := New(o, Output{Format: f, Write: func(b []byte) error { got = string(b); return nil }})
	if err := errors.Join(s.Write(events), s.Close()); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestText compares a page with the expected one.
func TestText(t *testing.T) {
	golden.Compare(t, "shop.txt", render(t, "text", Options{Limit: usual}, shop().events))
}

// TestFindingsPage compares pages with findings, accepted or not, with the expected ones.
func TestFindingsPage(t *testing.T) {
	o := Options{Limit: Limit{Count: 1}, Rules: rules()}
	pages := render(t, "text", o, found().events)
	checkPage(t, pages)
	accepted := render(t, "text", o, acceptErrors(found().events))
	checkPage(t, accepted)
	golden.Compare(t, "findings.txt", pages)
	golden.Compare(t, "accepted.txt", accepted)
	for _, test := range []struct {
		rules []Rule
		want  string
	}{
		{rules(), "-- findings none\n--          Nothing was found by 3 rules: n+1, duplicate, errors.\n--          Not looked for: slow.\n"},
		{rules()[:1], "-- findings none\n--          Nothing was found by 1 rule: n+1.\n--\n"},
		{rules()[3:], "-- findings not looked for\n--\n"},
		{nil, "-- findings not looked for\n--\n"},
	} {
		if page := render(t, "text", Options{Limit: usual, Rules: test.rules}, shop().events); !strings.Contains(page, test.want) {
			t.Errorf("there is no %q in\n%s", test.want, page)
		}
	}
}

// TestFindingsJSON reads what a program would look for.
func TestFindingsJSON(t *testing.T) {
	schema := compileSchema(t)
	o := Options{Limit: usual, Rules: rules(), Day: "2026-11-28"}
	type document struct {
		LookedFor []string `json:"looked_for"`
		Findings  []finding
	}
	read := func(o Options, events []event.Event) (d document) {
		text := render(t, "json", o, events)
		checkSchema(t, schema, text)
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := read(o, acceptErrors(found().events))
	if fmt.Sprint(d.LookedFor) != "[n+1 duplicate errors]" || len(d.Findings) != 2 {
		t.Fatalf("%+v", d)
	}
	n, e := d.Findings[0], d.Findings[1]
	if n.Rule != "n+1" || n.Count != 2 || n.Shape != "1:8175983df507bc06" || n.Accepted || n.Seconds != 0.002 || fmt.Sprint(n.Attributes) != "map[controller:orders]" {
		t.Errorf("%+v", n)
	}
	if e.Rule != "errors" || e.Shape != "" || e.MoreConnections != 7 || !e.Accepted || e.Reason == "" || e.Evidence[0].Exchange != 43 || e.Amount != 5 {
		t.Errorf("%+v", e)
	}
	if d := read(o, shop().events); d.Findings == nil || len(d.Findings) != 0 {
		t.Errorf("%+v instead of an empty list", d)
	}
	if d := read(Options{Rules: rules()[3:]}, shop().events); d.Findings != nil || d.LookedFor == nil {
		t.Errorf("%+v, although nothing was looked for", d)
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func checkSchema(t *testing.T, schema *jsonschema.Schema, document string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
}

// TestJSON reads what a program would look for.
func TestJSON(t *testing.T) {
	document := render(t, "json", Options{Limit: usual}, shop().events)
	checkSchema(t, compileSchema(t), document)
	var d struct {
		Shapes []struct {
			ID, SQL string
			Calls   int
			Seconds struct{ Total, Mean, P50 float64 }
			Users   map[string]int
			Worst   struct{ SQL string }
		}
		Connections []struct {
			Number int
			User   string
		}
	}
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(len(d.Shapes), d.Shapes[0], d.Connections)
	want := `4 {1:8175983df507bc06 select * from items where order_id = $1 40 {0.205 0.005125 0.005023} map[app:40] {select * from items where order_id = 39 /*controller='orders'*/}} [{1 app}]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestNotSeen: the report says what is missing.
func TestNotSeen(t *testing.T) {
	for _, test := range []struct {
		fact event.Fact
		want string
	}{
		{event.Joined{}, "1 connection began before"}, {event.Encrypted{}, "1 connection is encrypted"}, {event.Missing{Bytes: 7}, "1 gap, in which 7 bytes are missing"},
		{event.OutOfSync{}, "1 place where nothing more could be read"}, {event.Dropped{Events: 3}, "3 events were dropped"}, {event.NotPostgres{}, "1 connection did not speak"},
		{event.ObserverFailed{}, "1 time a defect"},
	} {
		h := shop()
		h.say(test.fact)
		if page := render(t, "text", Options{Limit: usual}, h.events); !strings.Contains(page, "-- not seen "+test.want) || strings.Contains(page, "everything") {
			t.Errorf("%T: %s", test.fact, page[:300])
		}
	}
	h := &history{}
	h.add(event.Event{Kind: event.Traffic, Direction: event.ServerToClient})
	h.say(event.Ended{})
	if page := render(t, "text", Options{}, h.events); !strings.Contains(page, "1 connection was heard in one direction only") {
		t.Error(page)
	}
}

// TestSelects decides what is not a comment.
func TestSelects(t *testing.T) {
	for sql, want := range map[string]bool{
		"select 1": true, "SELECT a FROM b;": true, "select 1; drop table t": false, "select a into b from c": false, "update t set a = 1": false,
		"with x as (delete from t returning a) select * from x": false, `select \! rm`: false, "select $1": false, "select 'a": false, "": false,
		"select :x": false, "select a::int": true, "select 'into ; :x'": true,
	} {
		if got := isSelect(sql); got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
}

// TestWrap breaks lines without changing the meaning of SQL.
func TestWrap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 3000 {
		line, _ := sqltext.AppendLine(nil, []byte(sqlgen.Text(r)), sqltext.Settings{}, nil)
		var a, b sqltext.Shaper
		wrapped := strings.Join(wrap(string(line), 20), "\n")
		settings := sqltext.Settings{Strings: sqltext.StandardStrings, Encoding: sqltext.ASCIISafe}
		if x, y := a.Shape(line, settings), b.Shape([]byte(wrapped), settings); x.ID != y.ID {
			t.Fatalf("%q\n%q", line, wrapped)
		}
	}
}

func TestLimits(t *testing.T) {
	for text, want := range map[string]Limit{"95%:20": {95, 20}, "50.5%": {50.5, 0}, "7": {0, 7}, "100%:1": {100, 1}} {
		if got, err := ParseLimit(text); got != want || err != nil {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "95", "0%", "101%", "%", ":", "20:95%", "95%:", "95%:0", "95%:20:3", "NaN%", "x"} {
		if got, err := ParseLimit(text); err == nil && text != "95" {
			t.Errorf("%q is %v", text, got)
		}
	}
	h := shop()
	h.run("select pg_sleep(1)", 0, 100*ms, failed("57014", "canceled")) // whose share is not small
	page := render(t, "text", Options{Limit: Limit{Count: 1}}, h.events)
	if !strings.Contains(page, "\n--     MISC (2 more)") || strings.Count(page, "because 1 exchange failed, though it is beyond the limit") != 2 {
		t.Error(page)
	}
}

// TestFile writes whole files, and leaves nothing next to them.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.txt")
	write, err := ToFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("there is a file before there is a report")
	}
	for _, content := range []string{"first, and longer", "second"} {
		if err := write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if string(got) != content || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if files, err := os.ReadDir(dir); len(files) != 1 || err != nil {
		t.Errorf("%v are there, %v", files, err)
	}
	gone := filepath.Join(dir, "gone")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	late, err := ToFile(filepath.Join(gone, "report.txt"))
	if err := errors.Join(err, os.Remove(gone)); err != nil {
		t.Fatal(err)
	}
	if err := late([]byte("x")); err == nil || !strings.Contains(err.Error(), "gone/report.txt: no such file") {
		t.Error(err)
	}
	if _, err := ToFile(filepath.Join(dir, "nowhere", "report.txt")); err == nil || !strings.Contains(err.Error(), "choose a place where you may write") {
		t.Error(err)
	}
	if _, err := ToFile(dir); err == nil || !strings.Contains(err.Error(), "it is a directory") {
		t.Error(err)
	}
}
