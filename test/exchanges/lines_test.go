package exchanges

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/test/sqlgen"
)

// statements are SQL that can't be put on one line unchanged.
var statements = []string{
	"select 1 -- one\n + 2 -- two", "select /* a\n/* b\r\n*/ */ 1", "select 'a\nb\tc', E'a\nb\\n', $$a\n'b'\\$$, $x$\n$$\n$x$",
	"select 'a'\n'b\nc'", "select N'a\nb', N'a'", "select B'01'\n'10', X'1f'\n'0'", "select 1 as \"a\nb\", 2 as \"a\tb\"\"c\\\"",
	"select U&'d\\0061t\\+000061\n'", "select U&'d!0061t\n' UESCAPE '!' , 1", "select 1 as U&\"d!0061t\n\" UESCAPE '!' , 2 as x",
	"select U&'\\000a'", "select 'é\u0085\u202e\u00a0', E'\\u0085\\x01'", "select 1 --\n--\n", "select 1 --*/ /*\n, 2", "select 5 - -- x\n -3",
	"select 2*--*/\n3, 2/--/*\n1", "select 1 -- é\r, 2", "\n\tselect\f1\n;", "select'a\n'as x", "select E'a\\\nb', 'a\\\\\nb'", "select 'it''s\n', E'it\\'s\n''", "select 1 as \"\u202e\"",
	"select $a$\r\n$a$, 'a' -- c\n 'b'", "-- nothing\n", "select 1 /* -- */ + 1 -- */", "select ' -- \n'", "do $$ begin\n  -- x\n  perform 1; end $$", "select 1;\nselect 2 -- b\n;", "select '--\n', '/*\n*/'",
}

// TestLines runs the SQL of lines in the log, and expects what the statements returned.
func TestLines(t *testing.T) {
	for _, version := range versions {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			server := startServer(t, version)
			for _, setting := range []string{"on", "off"} {
				sql := randomStatements(uint64(version))
				want := make([]string, len(sql))
				pgpi, log := startQueries(t, server)
				observed, replay := connectTo(t, pgpi.Port), connectTo(t, server.Port)
				for _, c := range []*pgconn.PgConn{observed, replay} {
					mustRun(t, c, "set standard_conforming_strings = "+setting)
				}
				for i := range sql {
					want[i] = every(t, observed, sql[i])
				}
				lines := sqlOfLines(t, pgpi, log)
				if len(lines) != len(sql)+1 {
					t.Fatalf("%d lines for %d statements", len(lines), len(sql)+1)
				}
				compared := 0
				for i, line := range lines[1:] {
					if strings.HasPrefix(want[i], "refused") {
						continue
					}
					compared++
					if got := every(t, replay, line); got != want[i] {
						t.Errorf("%q is, with standard_conforming_strings %s,\n  %s\n  which returns %s\n  instead of    %s", sql[i], setting, line, got, want[i])
					}
				}
				t.Logf("%d statements, %d compared", len(sql), compared)
				if compared < len(sql)/4 {
					t.Errorf("only %d of %d statements can be compared", compared, len(sql))
				}
			}
		})
	}
}

// randomStatements returns those above, and lists of random constants with names.
func randomStatements(seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 2))
	all := append([]string{}, statements...)
	for range 2000 {
		list := make([]string, 1+r.IntN(4))
		for i := range list {
			list[i] = sqlgen.Constant(r) + sqlgen.Space(r)
			if r.IntN(3) == 0 {
				list[i] += " as " + sqlgen.Name(r)
			}
		}
		all = append(all, "select "+strings.Join(list, ","+sqlgen.Space(r)))
	}
	return all
}

// every returns all results of SQL, with column names.
func every(t *testing.T, c *pgconn.PgConn, sql string) string {
	t.Helper()
	results, err := c.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		if c.IsClosed() {
			t.Fatal(err)
		}
		return "refused: " + err.Error()
	}
	var b strings.Builder
	for _, r := range results {
		for _, f := range r.FieldDescriptions {
			fmt.Fprintf(&b, "%q ", f.Name)
		}
		b.WriteString(describeResult(r) + "; ")
	}
	return b.String()
}

// TestUnknownValues has values of a type that pgpi can't know. In binary format they stay
// parameters.
func TestUnknownValues(t *testing.T) {
	server := startServer(t, 15, "create type mood as enum ('sad', 'it''s')")
	pgpi, log := startQueries(t, server)
	direct, observed := connectTo(t, server.Port), connectTo(t, pgpi.Port)
	r := direct.ExecParams(t.Context(), "select 'mood'::regtype::oid::int8", nil, nil, nil, []int16{1}).Read()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	number := uint32(0)
	for _, b := range r.Rows[0][0] {
		number = number<<8 | uint32(b)
	}
	for format := range int16(2) {
		for _, value := range [][]byte{[]byte("it's"), nil} {
			if r := observed.ExecParams(t.Context(), "select $1::mood", [][]byte{value}, []uint32{number}, []int16{format}, nil).Read(); r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	}
	want := []string{`select 'it''s'::mood`, `select NULL::mood`, `select $1 /* $1 = \x69742773 */::mood`, `select NULL::mood`}
	if got := sqlOfLines(t, pgpi, log); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
}
