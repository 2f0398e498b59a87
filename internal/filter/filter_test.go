package filter

import (
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

func TestMatch(t *testing.T) {
	for expression, want := range map[string]string{
		`type in ["Query", "Parse"] and sql contains "orders"`: "Query",
		`type == "opened"`:                                          "opened",
		`sqlstate startsWith "40"`:                                  "Query ErrorResponse ReadyForQuery",
		`sql contains "stock" and from == "server"`:                 "ErrorResponse ReadyForQuery ParseComplete BindComplete DataRow CommandComplete ReadyForQuery",
		`tag == "SELECT 7"`:                                         "Parse Bind Execute Sync ParseComplete BindComplete DataRow CommandComplete ReadyForQuery",
		`"99" in params and from == "client"`:                       "Bind Execute Sync",
		`"id" in columns and type == "DataRow"`:                     "DataRow DataRow",
		`user == "bob" and type == "StartupMessage"`:                "StartupMessage",
		`database == "shop" and app == "till" and type == "opened"`: "opened",
		`bytes > 50 and from == "client"`:                           "StartupMessage",
		`tx == "idle" and type == "CommandComplete"`:                "CommandComplete CommandComplete CommandComplete",
		`sqlstate == "42P01" or type == "closed"`:                   "closed",
		`sqlstate != "" ? from == "client" : type == "closed"`:      "Query closed",
		`$env.sqlstate == "40001" and $env["from"] == "server"`:     "ErrorResponse ReadyForQuery",
		`conn == 2`: "",
	} {
		for _, inBatches := range []bool{false, true} {
			d := begin(t, expression)
			d.inBatches = inBatches
			d.login("bob")
			d.query("select * from orders", "")
			d.query("update stock", "40001")
			d.prepared(99)
			d.query("select 1", "")
			if got := d.end(); got != want {
				t.Errorf("%s, in batches %t:\ngot  %s\nwant %s", expression, inBatches, got, want)
			}
			if len(d.said) > 0 {
				t.Errorf("%s: it is said that %s", expression, d.said)
			}
		}
	}
}

// What is known already decides at once, where the rest can't matter. What is let through waits for
// those before it.
func TestWhatWaits(t *testing.T) {
	for _, test := range []struct {
		expression string
		before     string // the exchange ends
		held       int
		after      string
	}{
		{`from == "server" and (type == "DataRow" or sqlstate > "")`, "DataRow DataRow", 0, "DataRow DataRow ErrorResponse ReadyForQuery"},
		{`type == "DataRow" or sqlstate == "40001"`, "", 3, "Query DataRow DataRow ErrorResponse ReadyForQuery"},
		{`type == "DataRow" or sqlstate == "40002"`, "", 3, "DataRow DataRow"},
		{`type == "Query" and sqlstate > ""`, "", 1, "Query"},
		{`not (from == "client" or sqlstate > "")`, "", 2, ""},
		{`type == "DataRow" and (sqlstate > "" or bytes > 5)`, "DataRow DataRow", 0, "DataRow DataRow"},
		{`type == "ErrorResponse" and sqlstate == "40001"`, "", 0, "ErrorResponse"},
		{`user == "bob"`, "Query DataRow DataRow", 0, "Query DataRow DataRow ErrorResponse ReadyForQuery"},
	} {
		d := begin(t, test.expression)
		d.login("bob")
		d.out.words = nil
		d.pass(event.ClientToServer, message('Q', "select\x00"))
		d.pass(event.ServerToClient, message('D', "\x00\x00"))
		d.pass(event.ServerToClient, message('D', "\x00\x00"))
		held := 0
		if c := d.sink.connections[1]; c != nil {
			held = len(c.held.events.all())
		}
		if got := strings.Join(d.out.words, " "); got != test.before || held != test.held {
			t.Errorf("%s: before the end %q came through, and %d are held, not %q and %d", test.expression, got, held, test.before, test.held)
		}
		d.pass(event.ServerToClient, failure("40001"), message('Z', "I"))
		if got := strings.Join(d.out.words, " "); got != test.after {
			t.Errorf("%s: %q came through, not %q", test.expression, got, test.after)
		}
	}
}

// A line about what was forwarded counts all messages of a write, or is not there.
func TestTotals(t *testing.T) {
	for expression, want := range map[string][]int64{
		`from == "server" and tx != "idle"`:                             {20},
		`type == "CommandComplete" and tx != "idle"`:                    {0},
		`sqlstate == "" and type == "CommandComplete" and tx != "idle"`: {0},
		`sqlstate == "" and from == "server" and tx != "idle"`:          {20},
	} {
		d := begin(t, expression)
		d.login("bob")
		d.pass(event.ClientToServer, message('Q', "begin\x00"))
		d.pass(event.ServerToClient, message('Z', "T"))
		d.out.totals = nil
		d.pass(event.ClientToServer, message('Q', "select\x00"))
		d.pass(event.ServerToClient, message('C', "SELECT 0\x00"), message('Z', "T"))
		if !slices.Equal(d.out.totals, want) {
			t.Errorf("%s: the totals are %d, not %d", expression, d.out.totals, want)
		}
	}
}

// A parameter in binary format may have a type that was not said: it is 0, or missing. Its bytes
// are what is known about it.
func TestUnknownType(t *testing.T) {
	for _, types := range []string{"\x00\x00", "\x00\x01\x00\x00\x00\x00"} {
		d := begin(t, `"bird" in params and type == "Bind"`)
		d.login("bob")
		d.pass(event.ClientToServer, message('P', "s\x00select $1\x00"+types),
			message('B', "\x00s\x00\x00\x01\x00\x01\x00\x01\x00\x00\x00\x04bird\x00\x00"))
		if got := d.end(); got != "Bind" {
			t.Errorf("with the types %q there came through: %s", types, got)
		}
	}
}

// Exchanges overlap in a pipeline: each message is decided by its own.
func TestPipelined(t *testing.T) {
	execute := func(parameter string) []byte {
		return slices.Concat(message('B', "\x00s\x00\x00\x00\x00\x01\x00\x00\x00\x01"+parameter+"\x00\x00"), message('E', "\x00\x00\x00\x00\x00"))
	}
	for expression, want := range map[string]string{
		`sqlstate == "22012"`: "Bind Execute Sync BindComplete ErrorResponse ReadyForQuery",
		`"1" in params`:       "Bind Execute BindComplete CommandComplete",
		`"2" in params`:       "Bind Execute Sync BindComplete ErrorResponse ReadyForQuery",
		`tag == "SELECT 1"`:   "Bind Execute BindComplete CommandComplete",
	} {
		d := begin(t, expression)
		d.login("bob")
		d.pass(event.ClientToServer, execute("1"), execute("2"), message('S', ""))
		d.pass(event.ServerToClient, message('2', ""), message('C', "SELECT 1\x00"), message('2', ""))
		d.pass(event.ServerToClient, failure("22012"), message('Z', "I"))
		if got := d.end(); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", expression, got, want)
		}
	}
}

// An exchange may be over before its Sync is sent. What was learned of it still holds.
func TestLateSync(t *testing.T) {
	d := begin(t, `tag == "SELECT 1" and "7" in params and "id" in columns and type != "DataRow"`)
	d.login("bob")
	d.pass(event.ClientToServer, message('B', "\x00s\x00\x00\x00\x00\x01\x00\x00\x00\x017\x00\x00"), message('D', "P\x00"), message('E', "\x00\x00\x00\x00\x00"))
	d.pass(event.ServerToClient, message('2', ""), result("id"), message('D', "\x00\x00"), message('C', "SELECT 1\x00"))
	if got, want := strings.Join(d.out.words, " "), "RowDescription CommandComplete"; got != want {
		t.Errorf("before the Sync there came through %s, not %s", got, want)
	}
	d.pass(event.ClientToServer, message('S', ""))
	d.pass(event.ServerToClient, message('Z', "I"))
	if got, want := d.end(), "RowDescription CommandComplete Sync ReadyForQuery"; got != want {
		t.Errorf("there came through %s, not %s", got, want)
	}
}

// An exchange that is over and forgotten is not remembered anew.
func TestForgotten(t *testing.T) {
	var c connection
	for number := range uint32(7) {
		c.exchange(number + 1)
	}
	c.conclude(5, false)
	if c.exchange(5) == nil || c.exchange(4) != nil || c.exchange(6) == nil || len(c.exchanges) != 3 {
		t.Errorf("%d exchanges are remembered", len(c.exchanges))
	}
}

// What never ends is decided by what is known.
func TestBounded(t *testing.T) {
	d := begin(t, `sqlstate == "" and type == "DataRow"`)
	d.login("bob")
	d.pass(event.ClientToServer, message('Q', "select\x00"))
	const rows = 300
	for range rows {
		d.pass(event.ServerToClient, message('D', "\x00\x01\x00\x00\x27\x10"+strings.Repeat("x", 10000)))
	}
	if n := len(d.out.words); n == 0 || n > rows {
		t.Errorf("%d rows came through before the end, of %d", n, rows)
	}
	if c := d.sink.connections[1]; c.held.size > maxHeld+20000 {
		t.Errorf("%d bytes are held back", c.held.size)
	}
	if n := len(strings.Fields(d.end())); n != rows {
		t.Errorf("%d rows came through, of %d", n, rows)
	}
}

// So is what is remembered about exchanges that are never answered.
func TestBoundedExchanges(t *testing.T) {
	d := begin(t, `sqlstate == "" and len(params) > 0`)
	d.login("bob")
	large := message('B', "\x00s\x00\x00\x00\x00\x01\x00\x00\x27\x10"+strings.Repeat("x", 10000)+"\x00\x00")
	for range 1000 {
		d.pass(event.ClientToServer, large, message('E', "\x00\x00\x00\x00\x00"))
	}
	c := d.sink.connections[1]
	weight := 0
	for _, x := range c.exchanges {
		weight += x.weight
	}
	if weight != c.weight || weight > maxRemembered {
		t.Errorf("exchanges of %d bytes are remembered, counted as %d", weight, c.weight)
	}
	if n := len(strings.Fields(d.end())); n != 2000 {
		t.Errorf("%d messages came through, of %d", n, 2000)
	}
}

// A Query may have more SQL than travels with the messages of its exchange.
func TestLongSQL(t *testing.T) {
	d := begin(t, `sql endsWith "stock"`)
	d.login("bob")
	d.query("insert into orders values "+strings.Repeat(" ", 100_000)+"stock", "")
	if got := d.end(); got != "Query" {
		t.Errorf("there came through: %s", got)
	}
}

// An ErrorResponse has its own SQLSTATE, whatever it belongs to.
func TestErrorsOfNoExchange(t *testing.T) {
	d := begin(t, `sqlstate in ["28P01", "57P05", "23505"] and from == "server"`)
	d.pass(event.ClientToServer, packet(startupCode, "user\x00bob\x00\x00"))
	d.pass(event.ServerToClient, failure("28P01"))
	d.say(event.Ended{})
	d.conn = 2
	d.login("bob")
	d.query("select", "")
	d.pass(event.ServerToClient, failure("57P05"))
	d.say(event.Ended{})
	d.conn = 3
	d.login("bob")
	d.pass(event.ClientToServer, message('P', "s\x00insert\x00\x00\x00"), message('S', ""))
	d.pass(event.ServerToClient, failure("23505"))
	if n := len(d.out.words); n != 3 {
		t.Errorf("%d errors came through at once", n)
	}
	d.pass(event.ServerToClient, failure("57P01"))
	d.end()
	if want := []string{"ErrorResponse", "ErrorResponse", "ErrorResponse"}; !slices.Equal(d.out.words, want) {
		t.Errorf("got %s, want %s", d.out.words, want)
	}
}

// A Query with several statements has several tags. One of them is enough.
func TestSeveralStatements(t *testing.T) {
	all := "Query CommandComplete CommandComplete CommandComplete ReadyForQuery"
	for expression, want := range map[string]string{
		`tag startsWith "INSERT"`:                               all,
		`tag startsWith "UPDATE"`:                               all,
		`tag startsWith "UPDATE" and tag endsWith "2"`:          all,
		`tag startsWith "UPDATE" and not (tag endsWith "2")`:    "",
		`tag startsWith "INSERT" and tag endsWith "2"`:          "",
		`tag startsWith "SELECT" and type == "Query"`:           "Query",
		`type == "Query" and not (tag startsWith "UPDATE")`:     "Query", // of the others
		`tag == "DELETE 1"`:                                     "",
		`sqlstate == "" and tag == "" and type == "closed"`:     "closed",
		`(tag startsWith "UPDATE" or tag == "") and bytes > 60`: "Query",
	} {
		d := begin(t, expression)
		d.login("bob")
		d.out.words = nil
		d.pass(event.ClientToServer, message('Q', "insert into orders values (7); update stock set count = 3; select\x00"))
		d.pass(event.ServerToClient, message('C', "INSERT 0 1\x00"), message('C', "UPDATE 2\x00"), message('C', "SELECT 3\x00"), message('Z', "I"))
		if got := d.end(); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", expression, got, want)
		}
	}
}

// The rows of each statement have their own columns.
func TestSeveralResults(t *testing.T) {
	d := begin(t, `"b" in columns and type == "DataRow"`)
	d.login("bob")
	d.pass(event.ClientToServer, message('Q', "select 1 as a; select 2 as b\x00"))
	for _, name := range []string{"a", "b"} {
		d.pass(event.ServerToClient, result(name), message('D', "\x00\x01\x00\x00\x00\x011"), message('C', "SELECT 1\x00"))
	}
	d.pass(event.ServerToClient, message('Z', "I"))
	if got := d.end(); got != "DataRow" {
		t.Errorf("there came through: %s", got)
	}
}

// The statements of a Query are unlimited, but what is remembered about them is limited.
func TestManyStatements(t *testing.T) {
	d := begin(t, `tag == "SELECT 7" and type == "Query"`)
	d.login("bob")
	d.pass(event.ClientToServer, message('Q', "select\x00"))
	for i := range 10 * maxTags {
		d.pass(event.ServerToClient, message('C', "SELECT "+strings.Repeat("7", i+1)+"\x00"))
	}
	if n := len(d.sink.connections[1].exchanges[0].tags); n != maxTags {
		t.Errorf("%d tags are remembered", n)
	}
	d.pass(event.ServerToClient, message('Z', "I"))
	if got := d.end(); got != "Query" {
		t.Errorf("there came through: %s", got)
	}
}

func TestMistakes(t *testing.T) {
	for expression, want := range map[string][]string{
		``:                               {"empty"},
		`typ == "Query"`:                 {"unknown name typ", "the names are app, bytes, columns", "\n  typ == \"Query\"\n  ^"},
		`sql contains`:                   {"unexpected token"},
		`bytes + 1`:                      {"bool"},
		`user == 1`:                      {"mismatched types", "\n  user == 1\n"},
		`type == "a" und sql`:            {"^"},
		"sql != \"\" and\n7 % 0 > bytes": {"divide by zero", "\n  7 % 0 > bytes\n    ^"},
		`sql matches "("`:                {"missing closing )"},
		`now().Year() == 2026`:           {"unknown name now"},
		`user = "bob"`:                   {`: compare with ==` + "\n  user = "},
		`rows <> 5`:                      {": unequal is !="},
		`rows > 5 AND bytes > 5`:         {": and, or, not, in are lower case"},
		`sql like "%x%"`:                 {": use contains, "},
		`sql ~ "x"`:                      {": use matches"},
		`rows > 5 and`:                   {": something is missing at the end"},
		`sql`:                            {`: compare it with something, as in sql contains "orders"`},
		`duration > 100ms`:               {": write a duration as ms(100)"},
		`duration > 100`:                 {"100 is not a duration: give a number of milliseconds, as in ms(100)\n  duration > 100\n             ^"},
		`rows > 5 and not (1.5 <= server_time - network_time)`: {"1.5 is not a duration: ", "as in ms(1.5)\n"},
	} {
		_, err := Compile(expression)
		if err == nil {
			t.Errorf("%q was accepted", expression)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %q is missing in:\n%v", expression, part, err)
			}
		}
	}
}

// TestDurations compares durations with durations, with nothing, and as numbers.
func TestDurations(t *testing.T) {
	for _, expression := range []string{`duration > ms(100)`, `duration > 0`, `duration > server_time`, `duration / 1000000 > 100`, `duration > ms(1) * 5`, `server_time - network_time == ms(1.5)`} {
		if _, err := Compile(expression); err != nil {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

// FuzzCompile looks for expressions that end in a panic.
func FuzzCompile(f *testing.F) {
	f.Add(`type in ["Query"]`)
	f.Add(`len(params) / 0 > bytes`)
	f.Add(`params[0] == "42" ? tag > "" : not (sql contains params[1])`)
	f.Fuzz(func(t *testing.T, expression string) {
		if len(expression) > 200 {
			t.Skip()
		}
		compiled, err := Compile(expression)
		if err == nil {
			m := event.Message{Message: wire.Message{Type: wire.Query}}
			q := question{event: &event.Event{}, message: &m}
			v := newEvaluator(compiled.expression, func(error) {})
			if first := v.ask(&q); first != v.ask(&q) {
				t.Errorf("%q: another answer the second time", expression)
			}
		} else if err.Error() == "" {
			t.Errorf("%q: an error without words", expression)
		}
	})
}
