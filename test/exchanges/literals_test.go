package exchanges

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/test/program"
)

// values are values of parameters, by type, as the server reads them.
var values = map[string][]string{
	"bool": {"t", "f"}, "bytea": {"", `\x00ff5c27`, "abc"}, `"char"`: {"a", "", `\`, "'"}, "name": {"a", `A "b'`},
	"text":    {"", "a", "it's", `C:\dir\n`, "a\nb\r\n\tc", "$1", "é😀", "\x01\x1b\x7f", "/* -- */", "\u0085\u202e\u00a0", "NULL", " ", `\'; --`},
	"varchar": {"", "a", `'\`}, "bpchar": {"a  ", "it's"}, "int2": {"0", "1", "-1", "32767", "-32768"},
	"int4": {"0", "5", "-5", "2147483647", "-2147483648"}, "int8": {"0", "5", "-5", "2147483648", "9223372036854775807", "-9223372036854775808"},
	"oid": {"0", "5", "4294967295"}, "float4": {"0", "-0", "1.5", "NaN", "Infinity", "-Infinity", "1e-45", "3.4028235e+38"},
	"float8": {"0", "-0", "1", "0.1", "NaN", "-Infinity", "5e-324", "1e300"}, "numeric": {"0", "1.10", "-1.5", "NaN", "1e20", "0.00001"},
	"money": {"1234.50", "-1"}, "date": {"2020-02-29", "infinity", "0044-03-15 BC"}, "time": {"12:34:56.789", "24:00"},
	"timetz": {"12:34:56+05:30"}, "timestamp": {"2020-02-29 12:34:56.789", "-infinity"}, "timestamptz": {"2020-02-29 12:34:56+03", "infinity"},
	"interval": {"1 year -2 days 03:04:05.6", "-1 mon"}, "uuid": {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	"json": {`{"a": "it's \n"}`, "null", "1"}, "jsonb": {`{"a": "it's \n"}`, "[1, 2]"}, "jsonpath": {"$.a[*]"}, "xml": {"<a>é</a>"},
	"inet": {"10.0.0.1/8", "::1"}, "cidr": {"10.0.0.0/8"}, "macaddr": {"08:00:2b:01:02:03"}, "macaddr8": {"08:00:2b:ff:fe:01:02:03"},
	`"bit"`: {"101", "0"}, "varbit": {"", "10110"}, "point": {"(1,-2)"}, "box": {"(1,2),(3,4)"}, "path": {"[(1,2),(3,4)]"}, "circle": {"<(1,2),3>"},
	"lseg": {"[(1,2),(3,4)]"}, "line": {"{1,2,3}"}, "polygon": {"((1,2),(3,4))"},
	"int4range": {"[1,5)", "empty", "(,)"}, "numrange": {"[1.5,2]"}, "tstzrange": {`["2020-01-01 00:00:00+00",)`}, "int4multirange": {"{[1,3),[5,7)}"},
	"int4[]": {"{}", "{1,-2,NULL}", "{{1,2},{3,4}}", "[2:3]={1,2}"}, "text[]": {`{a,"it's","a\\b","x,y",NULL,"NULL",""}`}, "bool[]": {"{t,f}"},
	"timestamptz[]": {`{"2020-01-01 00:00:00+00"}`}, `"bit"[]`: {"{101}"}, `"char"[]`: {"{a}"}, "varchar[]": {"{a}"}, "bpchar[]": {`{"ab "}`}, "numeric[]": {"{1.10,NaN}"},
	"tsvector": {`'it''s':3 'a b':1A`}, "tsquery": {"'a' & !'b'"}, "pg_lsn": {"16/B374D848"}, "xid8": {"18446744073709551615"}, "xid": {"5"}, "tid": {"(1,2)"},
	"int2vector": {"1 2"}, "oidvector": {"1 2"}, "regclass": {"pg_class"}, "regtype": {"int4"},
}

// contexts are places for a parameter. T is its type.
var contexts = []string{
	"select $1", "select $1::T", "select pg_typeof($1)::text", "select $1 + 1", "select 1 - $1", "select -$1", "select 1-$1", "select $1::text",
	"select $1::int4", "select $1::date", "select $1::varchar(2)", "select $1::numeric(3,1)", "select x from (select $1::T) v(x) where x = $1",
	"select -- $1\n $1 /* $1 */, '$1'", "select ($1)", "select array[$1, $1]", "select $1 is null, coalesce($1, null)", "select $1[1]", "select 2 ^ $1",
	"select * from (values ($1)) v(x)", "select 1where $1 = $1", "select 10/$1", "select 'a' || $1", "select cast($1 as text)", "select $1\n::\nT",
	"select $1 :: text :: T", "select ($1)::char", "select case when true then $1 end", "select ~$1", "select 5 # $1", "select\t$1\v", "select(1)+$1",
	"select $1::bit(2)", "select $1::\"char\"", "select $1::timestamptz at time zone 'UTC'", "select $1 collate \"C\"", "select n&$1 from (select 7) U(n)",
	"select u&$1 from (select 7) v(u)", "select e from (select 7) v(e) where e>$1", "select $1::int4[]", "select $1::text[]", "select $1::pg_catalog.int4",
}

// literal is a statement with a parameter, and what the server returned for it.
type literal struct {
	name, sql string
	result    string
}

// TestLiterals runs the SQL of lines in the log, and expects what the statements with parameters
// returned.
func TestLiterals(t *testing.T) {
	for _, version := range versions {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			server := startServer(t, version)
			pgpi, log := startQueries(t, server)
			all := runLiterals(t, connectTo(t, server.Port), connectTo(t, pgpi.Port))
			lines := sqlOfLines(t, pgpi, log)
			if len(lines) != len(all) {
				t.Fatalf("%d lines for %d statements", len(lines), len(all))
			}
			compared := 0
			for _, setting := range []string{"on", "off"} {
				replay := connectTo(t, server.Port)
				mustRun(t, replay, "set standard_conforming_strings = "+setting)
				for i, l := range all {
					if l.result == "" {
						continue // the server refused it
					}
					compared++
					if got := simple(t, replay, lines[i]); got != l.result {
						t.Errorf("%s in %q is, with standard_conforming_strings %s,\n  %s\n  which returns %s\n  instead of    %s", l.name, l.sql, setting, lines[i], got, l.result)
					}
				}
			}
			t.Logf("%d statements, %d compared", len(all), compared)
		})
	}
}

// startQueries starts a pgpi that writes lines to compare, and collects them.
func startQueries(t *testing.T, server *localpg.Server) (pgpi *program.Pgpi, log chan string) {
	t.Helper()
	pgpi = startPgpi(t, server, true, "--log-forwarded=queries", "--log-time=none", "--log-max-value=0")
	log = make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(pgpi.Output) // what is missing shows
		log <- string(text)
	}()
	return pgpi, log
}

func connectTo(t *testing.T, port int) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), fmt.Sprintf("host=127.0.0.1 port=%d user=postgres database=postgres sslmode=disable", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(t.Context()) }) // the server may have gone
	return c
}

func mustRun(t *testing.T, c *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// runLiterals runs each value in each context, in both formats.
func runLiterals(t *testing.T, direct, observed *pgconn.PgConn) (all []literal) {
	for _, typ := range slices.Sorted(maps.Keys(values)) {
		oid := direct.ExecParams(t.Context(), "select $1::regtype::oid::int8", [][]byte{[]byte(typ)}, nil, nil, []int16{1}).Read()
		if oid.Err != nil {
			t.Fatal(oid.Err)
		}
		number := uint32(0)
		for _, b := range oid.Rows[0][0] {
			number = number<<8 | uint32(b)
		}
		for _, value := range append(values[typ], "<NULL>") {
			forms := [][]byte{nil}
			if value != "<NULL>" {
				forms = [][]byte{[]byte(value)}
				binary := direct.ExecParams(t.Context(), "select $1", [][]byte{[]byte(value)}, []uint32{number}, nil, []int16{1}).Read()
				if binary.Err == nil { // some types have no binary format
					forms = append(forms, binary.Rows[0][0])
				}
			}
			for format, form := range forms {
				for _, context := range contexts {
					l := literal{name: fmt.Sprintf("%s %q, format %d", typ, value, format), sql: strings.ReplaceAll(context, "T", typ)}
					r := observed.ExecParams(t.Context(), l.sql, [][]byte{form}, []uint32{number}, []int16{int16(format)}, nil).Read()
					if r.Err == nil && (!isString(typ) || !dependsOnType(context)) {
						l.result = describeResult(r)
					}
					all = append(all, l)
				}
			}
		}
	}
	return all
}

// isString reports whether constants of a type are written without a cast. Their type follows from
// where they are, like that of a parameter without a type.
func isString(typ string) bool { return typ == "text" || typ == "varchar" }

// dependsOnType reports whether the result of a context depends on the parameter's type.
func dependsOnType(context string) bool {
	return strings.Contains(context, "pg_typeof")
}

// describeResult returns a result in words: types and values.
func describeResult(r *pgconn.Result) string {
	var b strings.Builder
	for _, f := range r.FieldDescriptions {
		oid := f.DataTypeOID
		switch oid { // see isString
		case 1043:
			oid = 25
		case 1015:
			oid = 1009
		}
		fmt.Fprintf(&b, "%d ", oid)
	}
	for _, row := range r.Rows {
		for _, value := range row {
			if value == nil {
				b.WriteString("NULL ")
			} else {
				fmt.Fprintf(&b, "%q ", value)
			}
		}
	}
	return b.String()
}

// simple runs SQL as psql does.
func simple(t *testing.T, c *pgconn.PgConn, sql string) string {
	results, err := c.Exec(t.Context(), sql).ReadAll()
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		return refused.Message
	case err != nil:
		t.Fatal(err)
	case len(results) != 1:
		return fmt.Sprintf("%d results", len(results))
	}
	return describeResult(results[0])
}

var queryLine = regexp.MustCompile(`^#\d+ +\S+@\S+  .{10} .. (.*)$`)

// sqlOfLines ends pgpi and returns the SQL of the lines in its log.
func sqlOfLines(t *testing.T, pgpi *program.Pgpi, log chan string) (all []string) {
	t.Helper()
	pgpi.Stop()
	for line := range strings.Lines(<-log) {
		if found := queryLine.FindStringSubmatch(strings.TrimSuffix(line, "\n")); found != nil {
			all = append(all, found[1])
		}
	}
	return all
}
