package filter

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// journal is a sink that remembers what it was given, with the tag of each connection.
type journal struct{ words []string }

func (j *journal) Write(events []event.Event) error {
	for i := range events {
		e := &events[i]
		if e.Kind == event.End {
			j.words = append(j.words, fmt.Sprintf("%d:end", e.Conn))
		}
		if e.Kind == event.Said {
			j.words = append(j.words, fmt.Sprintf("%d:%s", e.Conn, event.Key(e.Fact)))
		}
		for k := range e.Messages {
			j.words = append(j.words, fmt.Sprintf("%d:%v", e.Conn, e.Messages[k].Type))
		}
		if strings.Contains(string(e.Data), "!!!!") {
			j.words = append(j.words, "memory of the bus")
		}
	}
	return nil
}

func (*journal) Close() error { return nil }

// chooser is a player of connections into a filter of connections.
type chooser struct {
	*player

	sink *ConnectionSink
	out  journal
	none bool // the user was told that no connection was chosen
}

func choose(t *testing.T, expression string) *chooser {
	t.Helper()
	f, err := CompileConnections(expression)
	if err != nil {
		t.Fatal(err)
	}
	c := &chooser{}
	c.sink = f.New(&c.out, func(err error) {
		if c.none = err == errNoneChosen; !c.none { //nolint:errorlint // it is not wrapped
			t.Error(err)
		}
	})
	c.player = newPlayer(t, c.sink)
	return c
}

func (c *chooser) say(conn uint32, f event.Fact) {
	c.t.Helper()
	c.conn = conn
	c.player.say(f)
}

func (c *chooser) open(conn uint32, client string) {
	c.t.Helper()
	c.say(conn, event.Opened{Client: client})
}

func (c *chooser) pass(conn uint32, direction event.Direction, b []byte) {
	c.t.Helper()
	c.conn = conn
	c.player.pass(direction, b)
}

// session is a whole connection of a user.
func (c *chooser) session(conn uint32, client, user string) {
	c.t.Helper()
	c.open(conn, client)
	c.begin(conn, user)
	c.say(conn, event.Ended{})
}

// begin is what comes up to the login, which is sent to the server too.
func (c *chooser) begin(conn uint32, user string) {
	c.t.Helper()
	c.pass(conn, event.ClientToScript, packet(tlsCode, ""))
	c.pass(conn, event.ScriptToClient, []byte("S"))
	c.say(conn, event.TLSEstablished{TLS: "TLSv1.3", Party: event.Client})
	c.pass(conn, event.ClientToScript, packet(startupCode, "user\x00"+user+"\x00application_name\x00till\x00\x00"))
	c.say(conn, event.Connected{Address: "10.0.0.9 port 5432"})
	c.pass(conn, event.ScriptToServer, packet(startupCode, "user\x00"+user+"\x00application_name\x00till\x00\x00"))
	c.pass(conn, event.ServerToClient, message('Z', "I"))
}

// got is what came through.
func (c *chooser) got() string {
	c.t.Helper()
	c.close()
	return strings.Join(c.out.words, " ")
}

// whole is everything that session has.
func whole(conn int) string {
	words := "N:opened N:SSLRequest N:SSLResponse N:tls N:StartupMessage N:connected N:StartupMessage N:ReadyForQuery N:closed"
	return strings.ReplaceAll(words, "N", fmt.Sprint(conn))
}

func TestConnections(t *testing.T) {
	const bob, eve = 1, 2
	for expression, want := range map[string][]int{
		`user == "bob"`:                       {bob},
		`user != "bob"`:                       {eve},
		`user == "carol"`:                     nil,
		`database == "eve"`:                   {eve}, // it is the user's name
		`app == "till"`:                       {bob, eve},
		`client == "10.0.0.1"`:                {bob},
		`client startsWith "fe80:"`:           {eve},
		`user == "eve" and client != ""`:      {eve},
		`user in ["eve", "bob"] and app > ""`: {bob, eve},
	} {
		t.Run(expression, func(t *testing.T) {
			c := choose(t, expression)
			c.say(0, event.Listening{Address: "here"})
			c.session(bob, "10.0.0.1:4711", "bob")
			c.session(eve, "[fe80::1%eth0]:4712", "eve")
			words := []string{"0:listening"}
			for _, conn := range want {
				words = append(words, whole(conn))
			}
			if got, want := c.got(), strings.Join(words, " "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestInterleaved has connections that begin at the same time: each comes through when
// it is decided, in its own order.
func TestInterleaved(t *testing.T) {
	c := choose(t, `user != "eve"`)
	c.open(1, "10.0.0.1:1")
	c.open(2, "10.0.0.1:2")
	c.open(3, "10.0.0.1:3")
	c.begin(3, "bob")
	c.begin(2, "eve")
	c.begin(1, "bob")
	for conn := range uint32(3) {
		c.say(conn+1, event.Ended{})
	}
	three, one := strings.TrimSuffix(whole(3), " 3:closed"), strings.TrimSuffix(whole(1), " 1:closed")
	if got, want := c.got(), three+" "+one+" 1:closed 3:closed"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestUnknown: connections that end, or go on, without a StartupMessage are decided by
// the client's address, and nothing else is known of them.
func TestUnknown(t *testing.T) {
	for expression, chosen := range map[string]bool{
		`user == "bob"`: false, `user != "bob"`: true, `client == "/tmp/.s.PGSQL.5432"`: true, `client == "10.0.0.1"`: false,
	} {
		for name, play := range map[string]func(c *chooser) (want string){
			"ended": func(c *chooser) string {
				c.say(1, event.Ended{})
				return "1:opened 1:closed"
			},
			"still open": func(*chooser) string { return "1:opened" },
			"joined": func(c *chooser) string {
				c.say(1, event.Joined{})
				c.pass(1, event.ClientToServer, message('Q', "select 1\x00"))
				return "1:opened 1:joined 1:Query"
			},
			"much before it": func(c *chooser) string {
				for range maxBeginning / 1000 {
					c.say(1, event.CertificateTo{Party: event.Client, Certificate: strings.Repeat("x", 1100)})
				}
				if !c.sink.beginnings[1].decided {
					c.t.Error("all of it is held back")
				}
				return "1:opened" + strings.Repeat(" 1:certificate_to", maxBeginning/1000)
			},
		} {
			t.Run(name+" "+expression, func(t *testing.T) {
				c := choose(t, expression)
				c.open(1, "/tmp/.s.PGSQL.5432")
				want := play(c)
				if !chosen {
					want = ""
				}
				if got := c.got(); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

// A connection that had to be decided early stays so, whoever it is, until it ends.
func TestDecidedEarly(t *testing.T) {
	c := choose(t, `user != "bob"`)
	c.open(1, "10.0.0.1:1")
	for range maxBeginning / 1000 {
		c.say(1, event.CertificateTo{Party: event.Client, Certificate: strings.Repeat("x", 1100)})
	}
	c.out.words = nil
	c.begin(1, "bob")
	c.say(1, event.Ended{})
	if n := len(c.sink.beginnings); n > 0 {
		t.Errorf("%d connections are remembered", n)
	}
	if got, want := c.got(), strings.TrimPrefix(whole(1), "1:opened "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The end of a direction goes where its connection goes. No log shows it.
func TestEndsOfDirections(t *testing.T) {
	end := event.Event{Kind: event.End, Direction: event.ClientToServer}
	c := choose(t, `user == "bob"`)
	for conn, user := range []string{1: "bob", 2: "eve"} {
		if user != "" {
			c.open(uint32(conn), "10.0.0.1:1")
			c.begin(uint32(conn), user)
			c.write(end)
		}
	}
	if got, want := c.got(), strings.TrimSuffix(whole(1), "closed")+"end"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	d := begin(t, `type != "opened"`)
	d.write(end)
	if d.close(); len(d.out.totals) > 0 {
		t.Errorf("%d events came through that no log shows", len(d.out.totals))
	}
}

// TestCancelRequests: they go with the connection that they are to cancel.
func TestCancelRequests(t *testing.T) {
	const cancel = "3:opened 3:CancelRequest 3:%s 3:connecting 3:closed"
	for _, test := range []struct {
		expression string
		fact       event.Fact
		chosen     bool
	}{
		{`user == "bob"`, event.CancelForwarded{Connection: 1, SQL: "select"}, true},
		{`user == "bob"`, event.CancelForwarded{Connection: 2, SQL: "select"}, false},
		{`user == "eve"`, event.CancelFor{Connection: 2, SQL: "select"}, true},
		{`user != "bob"`, event.CancelForwarded{Connection: 1, SQL: "select"}, false},
		{`user != "bob"`, event.CancelUnknown{Server: "server"}, true},
		{`user == "bob"`, event.CancelUnknown{Server: "server"}, false},
		{`client == "10.0.0.3"`, event.CancelUnknown{Server: "server"}, true},
		{`client == "10.0.0.3"`, event.CancelForwarded{Connection: 1, SQL: "select"}, false},
		{`client == "10.0.0.3"`, event.CancelForwarded{Connection: 77, SQL: "select"}, true}, // that has ended
		{`client == "10.0.0.3"`, event.CancelForwarded{}, true},
	} {
		c := choose(t, test.expression)
		for conn, user := range []string{1: "bob", 2: "eve"} {
			if user != "" {
				c.open(uint32(conn), fmt.Sprintf("10.0.0.%d:1", conn))
				c.begin(uint32(conn), user)
			}
		}
		c.out.words = nil
		c.open(3, "10.0.0.3:1")
		c.pass(3, event.ClientToScript, packet(cancelCode, "\x00\x00\x00\x01secr"))
		c.say(3, test.fact)
		c.say(3, event.Connecting{Server: "server"})
		c.say(3, event.Ended{})
		want := ""
		if test.chosen {
			want = fmt.Sprintf(cancel, event.Key(test.fact))
		}
		if got := c.got(); got != want {
			t.Errorf("%s, %#v:\ngot  %s\nwant %s", test.expression, test.fact, got, want)
		}
	}
}

// TestNoneChosen says that an expression was true of nothing, if there was anything.
func TestNoneChosen(t *testing.T) {
	for _, test := range []struct {
		users []string
		none  bool
	}{{nil, false}, {[]string{"bob"}, false}, {[]string{"ann"}, true}, {[]string{"ann", "bob", "ann"}, false}} {
		c := choose(t, `user == "bob"`)
		for i, user := range test.users {
			c.session(uint32(i+1), "10.0.0.1:1", user)
		}
		if c.got(); c.none != test.none {
			t.Errorf("%v: %v", test.users, c.none)
		}
	}
}

func TestMistakesOfConnections(t *testing.T) {
	for expression, want := range map[string]string{
		``:                       `the expression is empty: try 'user == "bob"`,
		`app == "a" and sql > 1`: "unknown name sql; the names are app, client, database, user\n  app == \"a\" and sql > 1\n                 ^",
		`user`:                   "bool",
	} {
		if _, err := CompileConnections(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", expression, err)
		}
	}
}
