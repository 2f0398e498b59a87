package pgvalue_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/internal/pgvalue"
	"pgpi/test/servers"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// TestJudge lets real servers judge: each value is asked for as text and in
// binary format, and what pgvalue prints for the latter must be the former. Every
// type that has a binary form must have been compared, or be in notCompared.
func TestJudge(t *testing.T) {
	for _, version := range servers.Versions {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			j := newJudge(t, version)
			j.fill()
			j.compareTypes()
			j.compareOthers()
			j.compareSettings()
			j.checkCoverage()
			t.Logf("PostgreSQL %d: %d types compared, %d values, %d differences; %d types not comparable, see notCompared",
				version, len(j.compared), j.values, j.differences, len(j.skipped))
		})
	}
}

// TestTable compares the generated table with a server's catalogue.
func TestTable(t *testing.T) {
	for _, version := range servers.Versions {
		j := newJudge(t, version)
		rows := j.query(`select t.oid, t.typname, e.typname from pg_type t
			left join pg_type e on e.oid = t.typelem and e.typarray = t.oid`)
		for _, row := range rows {
			oid := parseOID(row[0])
			want := string(row[1])
			if row[2] != nil {
				want = string(row[2]) + "[]"
			}
			if oid >= 10000 {
				want = ""
			}
			if got := pgvalue.TypeName(oid); got != want {
				t.Errorf("PostgreSQL %d: TypeName(%d) = %q, want %q: run gen again", version, oid, got, want)
			}
		}
	}
}

// judge is one server and what was compared with it.
type judge struct {
	t           *testing.T
	conn        *pgconn.PgConn
	version     int
	random      *rand.Rand
	types       []candidate
	compared    map[uint32]bool
	skipped     []string
	values      int
	differences int
}

// candidate is a type whose values are in a table of its own.
type candidate struct {
	name  string
	array bool // whether there is a type of its arrays
}

func newJudge(t *testing.T, version int) *judge {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin:      servers.Require(t, version),
		Settings: map[string]string{"fsync": "off", "lc_monetary": "C", "lc_messages": "C"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := pgconn.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})

	seed := uint64(1)
	if v := os.Getenv("PGPI_SEED"); v != "" {
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (PGPI_SEED sets another)", seed)
	return &judge{
		t: t, conn: conn, version: version,
		random: rand.New(rand.NewPCG(seed, 0)), compared: map[uint32]bool{},
	}
}

func (j *judge) exec(sql string) {
	j.t.Helper()
	if _, err := j.conn.Exec(j.t.Context(), sql).ReadAll(); err != nil {
		j.t.Fatalf("%.100s: %v", sql, err)
	}
}

func (j *judge) query(sql string) [][][]byte {
	j.t.Helper()
	result := j.conn.ExecParams(j.t.Context(), sql, nil, nil, nil, nil).Read()
	if result.Err != nil {
		j.t.Fatalf("%.100s: %v", sql, result.Err)
	}
	return result.Rows
}

// settings are what the server reports now.
func (j *judge) settings() *pgvalue.Settings {
	says := j.conn.ParameterStatus
	return pgvalue.NewSettings(pgvalue.Parameters{
		TimeZone: says("TimeZone"), DateStyle: says("DateStyle"), IntervalStyle: says("IntervalStyle"),
		ClientEncoding: says("client_encoding"), ServerVersion: says("server_version"),
	})
}

// compare runs a query whose first column is the value.
func (j *judge) compare(sql string) {
	j.t.Helper()
	result := j.conn.ExecParams(j.t.Context(), "select v, v from ("+sql+") s", nil, nil, nil, []int16{0, 1}).Read()
	if result.Err != nil {
		j.t.Errorf("%s: %v", sql, result.Err)
		return
	}
	oid := result.FieldDescriptions[1].DataTypeOID
	settings := j.settings()
	before := j.differences
	for _, row := range result.Rows {
		if row[0] == nil {
			continue
		}
		want := string(settings.AppendUTF8(nil, row[0]))
		got, err := pgvalue.AppendText(nil, oid, pgvalue.Binary, row[1], settings)
		j.values++
		j.compared[oid] = true
		if err == nil && string(got) == want {
			continue
		}
		j.differences++
		if j.differences-before < 3 && j.differences < 60 { // enough to see what is wrong
			j.t.Errorf("%s %x: got %.300q (%v), the server prints %.300q [%s]; DateStyle %s, TimeZone %s, IntervalStyle %s",
				pgvalue.TypeName(oid), clip(row[1]), got, err, want, sql,
				j.conn.ParameterStatus("DateStyle"), j.conn.ParameterStatus("TimeZone"), j.conn.ParameterStatus("IntervalStyle"))
		}
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 100)] }

// fill makes a table of values for each type that has literals.
func (j *judge) fill() {
	j.exec("set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres'; set standard_conforming_strings = on")
	literals := j.literals()
	for _, row := range j.query(`select t.typname, t.typarray <> 0 from pg_type t order by t.oid`) {
		name := string(row[0])
		values, ok := literals[name]
		if !ok {
			continue
		}
		delete(literals, name)
		column := `"` + name + `"`
		if name == "bit" {
			column = "bit(13)"
		}
		j.exec(fmt.Sprintf(`create temp table "values of %s" (v %s)`, name, column))
		for chunk := range slices.Chunk(values, 500) {
			quoted := make([]string, len(chunk))
			for i, v := range chunk {
				quoted[i] = "('" + strings.ReplaceAll(v, "'", "''") + "')"
			}
			j.exec(fmt.Sprintf(`insert into "values of %s" values %s`, name, strings.Join(quoted, ",")))
		}
		j.types = append(j.types, candidate{name, string(row[1]) == "t"})
	}
	for name := range literals {
		if j.version >= 18 {
			j.t.Errorf("there is no type %s", name)
		}
	}
}

// compareTypes compares every table's values: alone, in arrays and in records.
func (j *judge) compareTypes() {
	for _, c := range j.types {
		table := `"values of ` + c.name + `"`
		j.compare("select v from " + table)
		j.compareContainers(c, table)
	}
}

func (j *judge) compareContainers(c candidate, table string) {
	few := "(select v from " + table + " limit 300) s"
	for _, expression := range []string{"row(v, null, v)", "row(row(v), row(row(v, 1), 'x'::text))"} {
		j.compare("select " + expression + " as v from " + few)
	}
	if !c.array {
		return
	}
	for _, expression := range []string{
		"array[v, null, v]", "array_fill(v, array[2,1,2], array[-1,3,1])", "array[]::\"" + c.name + "\"[]",
		"array[row(v, array[v]), row(null, v)]", "row(array[array[v], array[v]], 7::int8)",
	} {
		j.compare("select " + expression + " as v from " + few)
	}
}

// compareOthers compares values that no literal makes.
func (j *judge) compareOthers() {
	j.exec(`create temp table correlated as select i a, i/3 b, i%7 c from generate_series(1, 1000) i;
		create statistics pg_temp.correlation on a, b, c from correlated; analyze correlated;
		create temp table defaulted (a int default 1 + 2 check (a > 0))`)
	for _, sql := range []string{
		`select (i - 128)::"char" v from generate_series(0, 255) i`,
		`select array[(i - 128)::"char"] v from generate_series(0, 255) i`,
		`select pg_snapshot_xmin(pg_current_snapshot()) v`,
		`select row() v`, `select row(1, row(), null) v`, `select array[row(), row(null)] v`,
		`select void_in(textout('')) v`,
		`select textout('it''s') v`, `select array[textout('a b'), textout('')] v`,
		`select most_common_vals v from pg_stats where tablename = 'correlated'`,
		`select histogram_bounds v from pg_stats where tablename in
			('correlated', 'pg_attribute', 'pg_class', 'pg_collation', 'pg_depend', 'pg_description', 'pg_index')`,
		`select adbin v from pg_attrdef`,
		`select stxdndistinct v from pg_statistic_ext_data`,
		`select stxddependencies v from pg_statistic_ext_data`,
		`select stxdmcv v from pg_statistic_ext_data`,
		`select c v from pg_class c where relacl is null limit 50`, `select array[c] v from pg_class c where relacl is null limit 50`,
		`select a v from pg_attribute a limit 500`, `select array[a] v from pg_attribute a limit 50`,
		`select repeat('long ', 100000) v`,
		`select array(select i::numeric from generate_series(1, 20000) i) v`,
		`select array_agg(array[i, -i]) v from generate_series(1, 5000) i`,
		`select array['a'::varchar, 'b c']::text[] v`, // sent with varchar as element type
		`select row('1e131071'::numeric, array['1e-16383'::numeric]) v`,
		`select array_to_tsvector(array_agg('w' || i)) v from generate_series(1, 500) i`,
		`select string_agg('w' || i, ' & ')::tsquery v from generate_series(1, 500) i`,
		`select (repeat('( a | ', 200) || 'b' || repeat(' )', 200))::tsquery v`,
		`select (repeat('( a <-> ', 200) || 'b' || repeat(' )', 200))::tsquery v`,
	} {
		j.compare(sql)
	}
}

// compareSettings compares what depends on settings under many of them.
func (j *judge) compareSettings() {
	zones := []string{
		"UTC", "GMT", "America/New_York", "Asia/Kolkata", "Europe/Dublin", "Australia/Lord_Howe", "America/Sao_Paulo",
		"Africa/Monrovia", "Asia/Kathmandu", "Etc/GMT+5", "<+03>-3", "EST5EDT,M3.2.0,M11.1.0", "FOO-3:30", "-3.5", "Europe/Berlin",
	}
	styles := []string{"ISO, MDY", "ISO, DMY", "SQL, MDY", "SQL, DMY", "SQL, YMD", "German, DMY", "German, MDY", "Postgres, MDY", "Postgres, DMY", "Postgres, YMD"}
	for _, zone := range zones {
		j.exec("set timezone = '" + zone + "'")
		for _, style := range styles {
			j.exec("set datestyle = '" + style + "'")
			for _, name := range []string{"date", "time", "timetz", "timestamp", "timestamptz"} {
				j.compare(`select v from "values of ` + name + `"`)
			}
		}
		for _, name := range []string{"timestamptz", "tstzrange", "tstzmultirange", "daterange", "tsrange"} {
			j.compareContainers(candidate{name, true}, `"values of `+name+`"`)
		}
	}
	for _, style := range []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"} {
		j.exec("set intervalstyle = '" + style + "'")
		j.compare(`select v from "values of interval"`)
		j.compareContainers(candidate{"interval", true}, `"values of interval"`)
	}
}

// notCompared are the types with a binary form that no query can show here, and
// why.
var notCompared = map[string]string{
	"pg_ddl_command":               "its send function always fails",
	"unknown":                      "since server 10 literals of no type are sent as text",
	"pg_brin_bloom_summary":        "lives in pages of BRIN indexes, no expression has the type",
	"pg_brin_minmax_multi_summary": "lives in pages of BRIN indexes, no expression has the type",
	"anycompatiblearray":           "stands in declarations of functions only",
	"pg_type":                      "a row of it holds names of functions, for which a catalogue is needed",
	"pg_type[]":                    "a row of it holds names of functions, for which a catalogue is needed",
	"pg_proc":                      "a row of it holds names of functions, for which a catalogue is needed",
	"pg_proc[]":                    "a row of it holds names of functions, for which a catalogue is needed",
	"pg_database":                  "a row of it holds what the other rows hold",
	"pg_database[]":                "a row of it holds what the other rows hold",
	"pg_authid":                    "a row of it holds what the other rows hold",
	"pg_authid[]":                  "a row of it holds what the other rows hold",
	"pg_auth_members":              "a row of it holds what the other rows hold",
	"pg_auth_members[]":            "a row of it holds what the other rows hold",
	"pg_shseclabel":                "a row of it holds what the other rows hold",
	"pg_shseclabel[]":              "a row of it holds what the other rows hold",
	"pg_subscription":              "a row of it holds what the other rows hold",
	"pg_subscription[]":            "a row of it holds what the other rows hold",
}

// checkCoverage fails for types with a binary form that were not compared, and
// for reasons that no longer hold.
func (j *judge) checkCoverage() {
	rows := j.query(`select oid from pg_type t where typsend <> 0 and oid < 10000 and (typtype in ('b', 'r', 'm', 'p', 'c'))
		and not exists (select from pg_type e where e.oid = t.typelem and t.typcategory = 'A' and e.typsend = 0) order by oid`)
	for _, row := range rows {
		oid := parseOID(row[0])
		name := pgvalue.TypeName(oid)
		reason, excused := notCompared[name]
		switch {
		case !j.compared[oid] && !excused:
			j.t.Errorf("type %s (OID %d) has a binary form, but none of its values was compared", name, oid)
		case j.compared[oid] && excused:
			j.t.Errorf("type %s was compared, but is said not to be comparable: %s", name, reason)
		case excused:
			j.skipped = append(j.skipped, name)
		}
	}
}

func parseOID(b []byte) uint32 {
	v, err := strconv.ParseUint(string(b), 10, 32)
	if err != nil {
		panic(err)
	}
	return uint32(v)
}
