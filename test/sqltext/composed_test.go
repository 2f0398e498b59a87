//go:build cgo

package sqltext

import (
	"math/rand/v2"
	"strings"

	"pgpi/test/sqlgen"
)

// composed returns a text of statements that have clauses, functions and names wherever the grammar
// allows them.
func composed(r *rand.Rand) string {
	c := composer{r}
	sql := c.statement()
	for r.IntN(8) == 0 {
		sql += ";" + sqlgen.Space(r) + c.statement()
	}
	return sql
}

// utilities are statements that are not made of clauses.
var utilities = []string{
	"begin", "start transaction isolation level serializable", "commit and chain", "end", "rollback", "abort", "savepoint a", "release a", "rollback work to savepoint a",
	"prepare transaction 'a'", "commit prepared 'a'", "rollback prepared 'a'", "fetch 5 from c", "move c", "close c", "set a = 1", "set local a to b", "reset a", "show a",
	"listen a", "unlisten *", "notify a, 'b'", "discard all", "deallocate a", "execute a(1)", "call p(1)", "do 'x'", "truncate t", "lock table t", "vacuum t", "checkpoint",
	"copy t from stdin", "copy t (a) to stdout with (format csv)", "copy t to program 'x'", "create table t (a int)", "create index on t (a)", "drop table t", "analyze t",
	"create policy p on t for update using (a)", "create policy p on t for delete using (a)", "create rule r as on update to t do also (insert into s values (1); delete from t)",
	"create function f() returns int begin atomic select case a when 1 then 2 end from t; select 1; end", "alter table t add a int",
}

type composer struct{ r *rand.Rand }

func (c composer) pick(all ...string) string { return all[c.r.IntN(len(all))] }

// often returns a text, or none.
func (c composer) often(text func() string) string {
	if c.r.IntN(2) == 0 {
		return ""
	}
	return " " + text()
}

func (c composer) seldom(text func() string) string {
	if c.r.IntN(6) > 0 {
		return ""
	}
	return " " + text()
}

func (c composer) statement() string {
	query := func() string { return c.query(2) }
	switch c.r.IntN(9) {
	case 0:
		return c.pick(utilities...)
	case 1:
		return c.pick("explain ", "explain analyze ", "explain (verbose, analyze) ", "declare c cursor for ", "prepare p as ", "create table x as ", "create view v as ") + query()
	case 2:
		return "copy (" + query() + ") to stdout"
	case 3, 4:
		return c.writing(2)
	}
	return query()
}

// name returns the name of a table or a column. Many are words that mean something elsewhere.
func (c composer) name() string {
	return c.pick("a", "b", "t", "users", "update", "delete", "insert", "merge", "share", "key", "analyze", "search", "cycle", "values", "prepared", "temp", "depth",
		`"select"`, `"from"`, `"user"`, "program", "transaction", "x", "y", "z", "orders", "id")
}

func (c composer) column() string {
	return c.pick(c.name(), c.name(), c.name()+"."+c.name(), "t."+c.pick("from", "into", "for", "where", "select", "returning", "in", "join", "order"))
}

// query returns a SELECT, or what can be in its place.
func (c composer) query(depth int) string {
	with := c.seldom(func() string { return c.with(depth) })
	switch c.r.IntN(12) {
	case 0:
		return with + " " + c.pick("values (1, 2)", "values (a), (b)", "table "+c.name())
	case 1:
		return with + " (" + c.query(depth-1) + ")"
	case 2:
		return with + " " + c.simple(depth) + c.pick(" union ", " union all ", " except ", " intersect ") + c.simple(depth)
	}
	return with + " " + c.simple(depth) + c.seldom(func() string { return "order by " + c.expression(depth) }) + c.seldom(func() string { return c.pick("limit 1", "offset 2", "fetch first 3 rows only") }) +
		c.seldom(func() string {
			return c.pick("for update", "for no key update nowait", "for share of t skip locked", "for key share")
		})
}

// simple returns a SELECT without what may follow it.
func (c composer) simple(depth int) string {
	into := c.seldom(func() string {
		return c.seldom(func() string { return c.pick("into x", "into temp x", "into unlogged table x") })
	})
	from := ""
	if c.r.IntN(8) > 0 {
		from = " from " + c.tables(depth)
	}
	return "select " + c.seldom(func() string { return c.pick("all", "distinct", "distinct on (a)") }) + " " + c.expressions(depth) + c.seldom(func() string { return c.pick("as from", "as into", "as returning", "as x", "y") }) + into +
		from + c.often(func() string { return "where " + c.expression(depth) }) + c.seldom(func() string { return "group by " + c.expressions(depth) }) +
		c.seldom(func() string { return "having " + c.expression(depth) }) + c.seldom(func() string { return "window w as (order by a)" })
}

// tables returns what may be in FROM.
func (c composer) tables(depth int) string {
	all := make([]string, 1+c.r.IntN(5)/3)
	for i := range all {
		all[i] = c.table(depth)
		for c.r.IntN(3) == 0 {
			all[i] += c.pick(" join ", " left join ", " inner join ") + c.table(depth) + c.pick(" on "+c.expression(depth), " using (a, b)")
		}
		if c.r.IntN(8) == 0 {
			all[i] += c.pick(" cross join ", " natural join ") + c.table(depth)
		}
	}
	return strings.Join(all, ", ")
}

func (c composer) table(depth int) string {
	if depth > 0 {
		switch c.r.IntN(12) {
		case 0:
			return c.pick("", "lateral ") + "(" + c.query(depth-1) + ") x"
		case 1:
			return c.pick("", "((values (1))) v, ") + "(" + c.table(depth-1) + " join " + c.table(depth-1) + " on " + c.expression(depth-1) + ")" + c.pick("", " x")
		case 2:
			return c.pick("f(1)", "s.f(a, b) x", "lateral f(a) as x(a int)", "rows from (f(1), g(2)) x", "current_date", "current_user x", "generate_series(1, 2) n", "unnest($1) x", `"f"()`,
				"xmltable('/a' passing b columns c int)", "json_table(a, '$' columns (b int))", "cast(1 as int) x", "coalesce(a, b)", "current_schema", "current_timestamp(3) x", "s.unnest(a)",
				"t tablesample system (10)", "user", "s . f (a)")
		case 3:
			return c.pick("only t", "only (t)", "s.t", "d.s.t x", "t *", "t as x(a, b)", "t x(a, b)", `"user" u`, "s.user", `s."f" g(h)`)
		}
	}
	return c.name() + c.pick("", " x", " as y")
}

// with returns a WITH with queries, some of which write.
func (c composer) with(depth int) string {
	recursive := c.r.IntN(3) == 0
	all := make([]string, 1+c.r.IntN(3)/2)
	for i := range all {
		body := c.pick(c.query(depth-1), c.query(depth-1), c.writing(depth-1))
		if depth <= 0 {
			body = c.pick("select a from t", "select 1", "delete from t returning a")
		}
		all[i] = c.pick("a", "b", "values", "update", "search", `"x"`) + c.pick("", "(a, b)") + " as " + c.pick("", "materialized ", "not materialized ") + "(" + body + ")"
		if recursive {
			all[i] += c.pick("", " search depth first by a, b set c", " cycle a set b using c", " cycle a set b to 1 default 0 using c")
		}
	}
	return "with " + map[bool]string{true: "recursive "}[recursive] + strings.Join(all, ", ")
}

// writing returns an INSERT, UPDATE, DELETE or MERGE.
func (c composer) writing(depth int) string {
	if depth <= 0 {
		return c.pick("insert into t values (1) returning a", "update t set a = 1", "delete from t returning *")
	}
	with := c.seldom(func() string { return c.with(depth) })
	returning := c.often(func() string { return "returning " + c.expressions(depth-1) })
	where := c.often(func() string { return "where " + c.expression(depth) })
	switch c.r.IntN(4) {
	case 0:
		return with + " insert into t" + c.pick("", " (a, b)") + " " + c.pick("values (1, 2)", "values (1), (2), (a)", "default values", c.query(depth-1)) +
			c.seldom(func() string {
				return c.pick("on conflict do nothing", "on conflict (a) do update set b = 1 where a = b")
			}) + returning
	case 1:
		return with + " update " + c.pick("", "only ") + "t set a = " + c.expression(depth) + c.often(func() string { return "from " + c.tables(depth) }) + where + returning
	case 2:
		return with + " delete from t" + c.often(func() string { return "using " + c.tables(depth) }) + where + returning
	}
	return with + " merge into t using " + c.table(depth) + " on " + c.expression(depth) + " when matched then " + c.pick("delete", "update set a = 1", "do nothing") +
		c.often(func() string { return "when not matched then insert values (1, 2)" })
}

func (c composer) expressions(depth int) string {
	all := make([]string, 1+c.r.IntN(3))
	for i := range all {
		all[i] = c.expression(depth)
	}
	return strings.Join(all, ", ")
}

func (c composer) expression(depth int) string {
	if depth > 0 {
		a, b := c.expression(depth-1), c.expression(depth-1)
		switch c.r.IntN(20) {
		case 0:
			return "(" + c.query(depth-1) + ")"
		case 1:
			return "exists (" + c.query(depth-1) + ")"
		case 2:
			return c.column() + c.pick(" in (", " not in (") + c.pick(a+", "+b, c.query(depth-1)) + ")"
		case 3:
			return c.column() + " = " + c.pick("any", "all", "some") + " (" + c.pick("$1", "'{1}'", "array[1, 2]", c.query(depth-1)) + ")"
		case 4:
			return c.pick("array["+a+"]", "array("+c.query(depth-1)+")", "unnest("+a+")", "unnest", "a[1:2]")
		case 5:
			return c.pick("extract(year from "+a+")", "trim(both from "+a+")", "substring("+a+" from 2 for 3)", "overlay("+a+" placing b from 1)", "position("+a+" in "+c.column()+")")
		case 6:
			return c.column() + c.pick(" is distinct from ", " is not distinct from ") + c.column()
		case 7:
			return c.pick("f", "s.f", "now", "left", "coalesce", `"in"`, "x.any") + "(" + a + ")"
		case 8:
			return "case when " + a + " then " + b + " end"
		case 9:
			return c.pick("json_value(a, '$' returning int)", "json_query(a, '$' returning jsonb)", "count(*) filter (where b)", "row_number() over (partition by a order by b)")
		case 10:
			return c.pick("", "not ", "b between 1 and ") + c.pick(c.column()+" = ", c.column()+" + a = ", c.column()+"::int = ", "f(a) = ") + c.pick("5", "$1::int", "'x'::text[]", "-a", "7 + b", "all (a)")
		case 11:
			return c.pick("5", "$1::int", "'x'::s.y", "a + 1", "- 3") + " = " + c.pick(c.column(), c.column()+" + 1", c.column()+" is true", c.column()+"::int", "current_date")
		case 12, 13, 14:
			return a + c.pick(" and ", " or ", " = ", " + ") + b
		}
	}
	return c.pick(c.column(), c.column(), "1", "'x'", "$1", "null", "true", "current_date", "-5")
}
