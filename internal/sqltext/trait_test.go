package sqltext

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgpi/test/sqlgen"
)

func traitsOf(sql string) Traits { return TraitsOf(shapeOf(sql)) }

// flags returns the verb, with the number of statements if there is not one, and what is set:
// w may write, r has a RETURNING, l locks, i has a list, s has only lists that can be one value, p is plain.
func (t Traits) flags() string {
	s := t.Verb
	if t.Statements != 1 {
		s += fmt.Sprint(t.Statements)
	}
	var set string
	for _, flag := range []struct {
		set  bool
		name string
	}{{t.MayWrite, "w"}, {t.HasReturning, "r"}, {t.Locks, "l"}, {t.HasList, "i"}, {t.OnlySingles, "s"}, {t.Plain, "p"}} {
		if flag.set {
			set += flag.name
		}
	}
	return strings.TrimSuffix(s+" "+set, " ")
}

func TestVerbs(t *testing.T) {
	for sql, want := range map[string]string{
		"select 1": "select", "values (1)": "select i", "table t": "select", "((select 1))": "select", "(select 1) union all (select 2)": "select",
		"insert into t values (1), (2)": "insert w", "update t set a = 1": "update w", "delete from t": "delete w", "truncate t": "truncate w",
		"merge into t using s on a = b when matched then delete when not matched then insert values (1)": "merge w",
		"copy t from stdin": "copy w", "copy t (a, b) to stdout": "copy", "copy (select a from t) to stdout": "copy", "copy t to program 'x'": "copy w",
		"copy (delete from t returning a) to stdout": "copy wr",
		"call p(1)": "call w", "do $$x$$": "do w", "begin": "begin", "start transaction read only": "begin", "commit": "commit", "end": "commit",
		"rollback": "rollback", "abort": "rollback", "savepoint a": "savepoint", "release savepoint a": "release", "rollback work to savepoint a": "rollback to", "rollback to a": "rollback to",
		"prepare transaction 'a'": "prepare transaction w", "commit prepared 'a'": "commit prepared w", "rollback prepared 'a'": "rollback prepared w",
		"prepare a as select b from t": "prepare", "prepare a as insert into t values (1) returning b": "prepare wr", "execute a(1)": "execute w", "fetch 10 from c": "fetch", "move c": "move", "declare c cursor for select a from t": "declare",
		"set a = 1": "set", "show a": "show", "listen a": "listen", "discard all": "discard w", "vacuum t": "vacuum w", "create table t (a int)": "create w",
		"explain select 1": "explain", "explain analyze delete from t": "explain w", "explain (verbose, analyze) select 1": "explain w", "explain delete from t": "explain",
		"": "0", " ; ; ": "0", "-- nothing": "0", "select 1; delete from t": "select2 w", "begin; select 1;; commit;": "begin3", `"select"`: " w", "1": " w",
		"create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 1": "create2 w",
		"create rule r as on insert to t do (delete from s; select 1)":                                           "create w",
		"create policy p on t for update using (true)":                                                           "create w",
	} {
		if got := traitsOf(sql).flags(); got != want {
			t.Errorf("%s is %q, not %q", sql, got, want)
		}
	}
}

func TestWrites(t *testing.T) {
	for sql, want := range map[string]string{
		"with a as (select b from t) select b from a":                                             "select p",
		"with a as (insert into t values (1) returning b) select b from a":                        "select wr",
		"with a(b) as not materialized (delete from t returning b) table a":                       "select wr",
		"with recursive a as (update t set b = 1 returning b) select * from a":                    "select wr",
		"with a as (select 1) insert into t select * from a returning b":                          "insert wr",
		"with a as (select 1), b as (select 2) update t set c = 1":                                "update w",
		"with a as (select 1) delete from only t":                                                 "delete w",
		"with a as (select 1) merge into t using s on a = b when matched then delete returning c": "merge wr",
		"with a as (select 1) (select 2)":                                                         "select", "with a as (select 1) values (1)": "select i", "with a as (with b as (select 1) select c from b) select c from a": "select",
		"with values as (select c from t) insert into t select * from values":                               "insert wi",
		"with values(c) as (select c from t), update as (select c from t) select c from update":             "select i",
		"with recursive a as (select b from t) search depth first by c set d delete from t":                 "delete w",
		"with recursive a as (select b from t) cycle c, values set d using e insert into t select c from a": "insert wi",
		"select update, delete, insert, merge from t":                                                       "select p", "select (update), f(delete) from t": "select p", "select t.into, a as returning from t": "select p",
		"select a into b from t": "select w", "select a into temp b from t": "select w", "select f(a) delete from t": "select p",
		"insert into t select json_value(a, '$' returning int) from b": "insert w", "select json_value(a, '$' returning int) from b": "select p",
		"insert into t values (1) on conflict do update set a = 2 returning (select 1)": "insert wr", "update t set a = (select b from c for share)": "update wl",
	} {
		if got := traitsOf(sql).flags(); got != want {
			t.Errorf("%s is %q, not %q", sql, got, want)
		}
	}
}

func TestListsAndLocks(t *testing.T) {
	for sql, want := range map[string]string{
		"select a from t where b in (1, 2)": "select isp", "select a from t where b not in ($1)": "select isp", "select a from t where b in (select c from d)": "select p",
		"select a from t where b in ($1) and c in (2, 2)": "select isp", "select a from t where b in (1::int4, 2::int4)": "select isp", "select a from t where b in ($1::pg_catalog.int4[])": "select isp",
		"select a from t where b in ($1::int + 1)": "select ip", "select a from t where b in ($1, c)": "select ip", "select a from t where b in (f(1))": "select ip",
		"select a from t where b in ($1) and c = any($2)": "select ip", "select a from t where b in ($1) and c in (values (1))": "select i", "select a from t where b in ((1, 2))": "select ip",
		"select a from t where b = any($1)": "select ip", "select a from t where b <> all (array[1])": "select ip", "select a from t where b = some (select c from d)": "select p",
		"select a from t where b = any('{1,2}'::int[])": "select ip", "select array[1, 2] from t": "select ip", "select array(select c from d) from t": "select p",
		"select a from t where b in (select unnest($1) from d)": "select ip", "select a from t where b in (values (1))": "select i", "select a from (values (1)) as b(a)": "select i",
		"select a from t, unnest($1) b": "select i", "select a from t where b = 1": "select p", `select a from t where b = "any"(1)`: "select p", "select all a from t": "select p",
		"select a from t for update": "select l", "select a from t for no key update nowait": "select l", "select a from t for share of t": "select l", "select a from t for key share skip locked": "select l",
		"declare c cursor for select a from t for update": "declare l", "select a from (select b from t for update) c": "select l", "select substring(a from 1 for 2) from t": "select p",
	} {
		if got := traitsOf(sql).flags(); got != want {
			t.Errorf("%s is %q, not %q", sql, got, want)
		}
	}
}

func TestOnlyCatalogs(t *testing.T) {
	for _, sql := range []string{
		"select relname from pg_class", "select relname from pg_catalog.pg_class c where c.oid = 1", `select relname from "pg_catalog"."pg_class"`,
		"select a from information_schema.columns, pg_namespace n", "select a from PG_CLASS c left join pg_catalog.pg_namespace n on n.oid = c.relnamespace",
		"select a from (select b from pg_index where c = 1) i join pg_class on true", "select a from pg_class, unnest(b) x", "select a from shop.pg_catalog.pg_class",
		"select a from pg_class where exists (select from pg_index)", "select a from pg_class union select b from pg_stat_activity",
		"select a from pg_class order by extract(year from b)", "select a from pg_catalog.new_in_postgres_19", "select pg_get_expr(a, b) from only pg_attrdef",
	} {
		if !traitsOf(sql).OnlyCatalogs {
			t.Errorf("%s does not read only catalogs", sql)
		}
	}
	for _, sql := range []string{
		"select 1", "select pg_class", "select now() from generate_series(1, 2)", "select a from users", "select a from pg_search_documents", "select a from public.pg_class",
		"select a from pg_class, users", "select a from pg_class join users on true", "select a from pg_class where exists (select from users)",
		"select a from users where b in (select oid from pg_class)", "with x as (select a from pg_class) select b from x", "select a from class",
		"select a from pg_class union select b from users", "select a from pg_class; select a from users", "delete from pg_class", "select a from (select b from pg_class",
	} {
		if traitsOf(sql).OnlyCatalogs {
			t.Errorf("%s reads only catalogs", sql)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, sql := range []string{
		"select a from t", "select * from t;", `select distinct on (a) * from s."T" x`, "select a from only t", "select a from t * where b = 1", "select a from a.b.c as d(e, f)",
		"select count(*), now() from t group by a having max(b) > 1 window w as (order by c) order by d limit 1 offset 2", "select a from t fetch first 5 rows only",
		"select a from t join s on f(t.b) = s.b left join r using (c, d), q natural join p cross join o", "select a from (t join s on b = c) join r on d = e",
		"select a from (select b from t) c, lateral (select d from s where s.e = c.b) f", "select a from ((select b from t)) c",
		"select extract(year from a), trim(both from b), a is distinct from b, substring(c from 2) from t", "select a from t where b is not distinct from f(c), g",
		"select a from t where exists (select b from s) and c = (select max(d) from r)", `select a from "user", "current_date"`, "select a from t where current_date > b",
		"with a as (select b from t), c as (select d from a) select e from c",
	} {
		if got := traitsOf(sql); !got.Plain {
			t.Errorf("%s is not plain: %+v", sql, got)
		}
	}
	for _, sql := range []string{
		"select 1", "select now()", "select a from f()", "select a from s.f(1)", `select a from s."f"(1)`, "select a from t, f(1)", "select a from t join f(b) c on true",
		"select a from t, lateral f(b)", "select a from rows from (f(1), g(2))", "select a from (rows from (f(1)) join t on true)", "select a from current_date", "select a from t, user", "select a from generate_series(1, 2) x",
		"select a from (select now()) x", "select a from (select b from f()) x", "select a from t where b in (select c from f(1))", "select a from (t join f(1) on true)",
		"select a from xmltable('/a' passing b columns c int)", "select a from cast(1 as int)", "select a from t tablesample system (10)", "select a from t union select a from s",
		"(select a from t)", "table t", "select a into b from t", "select a from t for update", "select a from t; select a from t", "select a from t where b = (select now())",
		"with a as (select b from f()) select c from a", "select a from (table t) x", "select a from (values (1)) x", `select a from "t`, "select a from t /*", "select a from t where (b",
		"select a from t)", "select a from", "select a from t,", `select a from U&"\zzzz"`, "select a from t where b = f(c, (select d from e, g(1)))", "explain select a from t",
	} {
		if got := traitsOf(sql); got.Plain {
			t.Errorf("%s is plain: %+v", sql, got)
		}
	}
}

// TestTraitsOfAll checks of texts of all sorts what is true of any.
func TestTraitsOfAll(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, sql := range sqlgen.Statements() {
		checkTraits(t, []byte(sql), standard)
	}
	for range 20_000 {
		checkTraits(t, []byte(sqlgen.Text(r)), standard)
	}
}

// checkTraits checks that the traits of a shape do not contradict each other, and that its operands
// are its placeholders.
func checkTraits(t *testing.T, sql []byte, settings Settings) {
	t.Helper()
	var s Shaper
	shape := s.Shape(sql, settings)
	traits := TraitsOf(shape)
	if traits.Plain && (traits.Statements != 1 || traits.Verb != "select" || traits.Locks || traits.MayWrite) || traits.HasReturning && !traits.MayWrite {
		t.Fatalf("%q: %+v", sql, traits)
	}
	if settings.Encoding >= Pairs {
		return // the shape is cut differently
	}
	checkOperands(t, &s, sql, settings, traits)
	for n := range min(traits.Operands, 20) {
		if column, ok := ComparedWith(shape, n+1); ok && !strings.Contains(shape.Text, fmt.Sprint(column, " = $", n+1)) && !strings.Contains(shape.Text, "= "+column) && !strings.Contains(shape.Text, fmt.Sprint(column, " in ($", n+1)) {
			t.Fatalf("%q: $%d is compared with %q", shape.Text, n+1, column)
		}
	}
}
