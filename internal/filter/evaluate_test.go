package filter

import (
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// What can't be computed is false, and the rest still counts. It is said once, with the place.
func TestCannotBeComputed(t *testing.T) {
	const (
		bind = "Bind Execute Sync ParseComplete BindComplete DataRow CommandComplete ReadyForQuery"
		all  = "Query RowDescription DataRow CommandComplete ReadyForQuery Parse " + bind + " closed"
	)
	for expression, test := range map[string]struct {
		want string
		said []string // places
	}{
		`params[0] == "99" or type == "Query"`:                             {"Query " + bind, []string{`      ^`}},
		`type == "Query" or params[0] == "99"`:                             {"Query " + bind, []string{`                         ^`}},
		`not (params[0] == "99") and type == "Query"`:                      {"Query", []string{`           ^`}},
		`params[0] != "99" and type in ["Query", "Bind"]`:                  {"Query", []string{`      ^`}},
		`!(params[0] != "98") and type in ["Query", "Bind"]`:               {"", []string{`        ^`}},
		`len(params) > 0 and params[0] == "99"`:                            {bind, nil},
		`(params[0] == "99" ? "no" : "yes") == "yes"`:                      {"", []string{`       ^`}},
		`params[0] == "99" ? false : type == "Query"`:                      {"Query", []string{`      ^`}},
		`if params[0] == "99" { true } else { type == "Query" }`:           {"Query " + bind, []string{`         ^`}},
		`int(tag) > 7 or bytes % 0 > 7 or type == "closed"`:                {"closed", []string{`^`, `                      ^`}},
		`int(sqlstate) == 7 and params[1] == "7"`:                          {"", []string{`^`, `                             ^`}},
		`params[0] > "0" or not (params[0] > "0")`:                         {all, []string{`      ^`, `                              ^`}},
		`"type ==" in split(params[7], " ") or` + "\n" + `type == "Query"`: {"Query", []string{`                         ^`}},
		`type in ["Query"] or` + "\n" + `params[0] == "98"`:                {"Query", []string{`      ^`}},
	} {
		d := begin(t, expression)
		d.login("bob")
		d.out.words = nil
		d.query("select", "")
		d.prepared(99)
		if got := d.end(); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", expression, got, test.want)
		}
		var places []string
		for _, said := range d.said {
			lines := strings.Split(said, "\n")
			places = append(places, lines[len(lines)-1][2:])
			if len(lines) != 3 || !strings.Contains(lines[0], "counts as false") || !strings.Contains(expression, lines[1][2:]) {
				t.Errorf("%s: it is said that %s", expression, said)
			}
		}
		if !slices.Equal(places, test.said) {
			t.Errorf("%s: it is said at %q, not %q", expression, places, test.said)
		}
	}
}

// All sinks of a filter say it once, and nothing that a terminal would obey.
func TestSaidOnce(t *testing.T) {
	f, err := Compile(`len(params) > 0 and sql matches params[0] or type == "Sync"`)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for range 2 {
		var out kept
		p := newPlayer(t, f.New(&out, false, func(err error) { said = append(said, err.Error()) }))
		p.login("bob")
		p.pass(event.ClientToServer, message('P', "\x00select\x00\x00\x00"),
			message('B', "\x00\x00\x00\x00\x00\x01\x00\x00\x01\x04(\x1bc"+strings.Repeat("x", 257)+"\x00\x00"), message('S', ""))
		p.close()
		if !slices.Equal(out.words, []string{"Sync"}) {
			t.Errorf("there came through %q", out.words)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "missing closing )") || strings.Contains(said[0], "\x1b") || len(said[0]) > 2*maxWhat {
		t.Errorf("it is said that %q", said)
	}
}
