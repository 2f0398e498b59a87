package exchanges

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// step is what a client sends at once. If wait is set, it then waits for all replies that are due.
type step struct {
	say  []pgproto3.FrontendMessage
	wait bool
}

// tables are what scripts work on, in a schema for each of those that run at the same time.
func tables(schema string) []string {
	return []string{
		"create schema " + schema, "create table " + schema + ".a (id int primary key, v text)",
		"create table " + schema + ".d (id int unique deferrable initially deferred)",
	}
}

// pool is SQL to choose from. Transactions are more frequent in it than they would be by chance.
var pool = []string{
	"select generate_series(1,3)", "select 1 where false", "select 1/(3-g) from generate_series(1,5) g", "select 1", "values (1),(2)",
	"insert into a values (%d)", "insert into a values (%d),(%d)", "insert into a values (%d) returning id", "update a set v = 'x'",
	"delete from a where id = %d", "insert into d values (1),(1)", "insert into d values (%d)", "selec 1", "select 1/0", "",
	"-- nothing", "begin", "begin", "commit", "commit", "rollback", "rollback", "savepoint p", "rollback to p", "release p", "start transaction",
	"commit and chain", "rollback and chain", "end", "/* now */ rollback work", "rollback transaction to savepoint p",
	"declare c cursor for select generate_series(1,5)", "fetch 2 from c", "move 1 from c", "close c", "listen x", "notify x",
	"do $$begin raise notice 'n'; end$$", "set constraints all immediate", "copy a from stdin", "copy (select generate_series(1,4)) to stdout",
	"explain select 1", "set extra_float_digits = 1", "prepare q as select 1", "execute q", "deallocate q", "prepare transaction 'x'",
	"create table e (n int)", "drop table e", "select * from a", "deallocate all", "rollback prepared 'x'", "truncate d",
}

// generator makes scripts.
type generator struct {
	*rand.Rand
	named []string // what s0, s1 … are prepared from in this script
	steps []step
}

// makeScript returns the script for a seed.
func makeScript(seed uint64) []step {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1))}
	for len(g.named) < 3 {
		if sql := g.sql(); !strings.Contains(sql, "stdin") {
			g.named = append(g.named, sql)
		}
	}
	g.say(false, &pgproto3.Query{String: "delete from a; delete from d; drop table if exists e"})
	for range 2 + g.IntN(7) {
		switch g.IntN(10) {
		case 0, 1:
			g.query()
		case 2:
			g.function()
		case 3:
			g.say(g.IntN(2) == 0, &pgproto3.Sync{})
		default:
			g.group()
		}
	}
	return g.steps
}

func (g *generator) say(wait bool, all ...pgproto3.FrontendMessage) {
	g.steps = append(g.steps, step{all, wait})
}

func (g *generator) sql() string {
	sql := pool[g.IntN(len(pool))]
	for strings.Contains(sql, "%d") {
		sql = strings.Replace(sql, "%d", fmt.Sprint(1+g.IntN(20)), 1)
	}
	return sql
}

// query adds a Query of one statement or several.
func (g *generator) query() {
	all := []string{g.sql()}
	for g.IntN(2) == 0 && len(all) < 5 {
		all = append(all, g.sql())
	}
	say := []pgproto3.FrontendMessage{&pgproto3.Query{String: strings.Join(all, "\n;")}}
	if len(all) == 1 && strings.HasSuffix(all[0], "stdin") && g.IntN(2) == 0 {
		say = append(say, g.data()...)
	}
	g.say(g.IntN(2) == 0, say...)
}

// data returns COPY data that is sent ahead.
func (g *generator) data() []pgproto3.FrontendMessage {
	say := []pgproto3.FrontendMessage{}
	for range g.IntN(3) {
		say = append(say, &pgproto3.CopyData{Data: fmt.Appendf(nil, "%d\tx\n", 1+g.IntN(20))})
	}
	switch g.IntN(4) {
	case 0:
		return append(say, &pgproto3.CopyFail{Message: "no"})
	case 1:
		say = append(say, &pgproto3.CopyData{Data: []byte("x\n")})
	}
	return append(say, &pgproto3.CopyDone{})
}

// function calls int4div by its OID, now and then by 0.
func (g *generator) function() {
	g.say(g.IntN(2) == 0, &pgproto3.FunctionCall{Function: 154, Arguments: [][]byte{[]byte("6"), fmt.Append(nil, g.IntN(3))}})
}

// group adds messages, mostly with a Sync at their end.
func (g *generator) group() {
	for range 1 + g.IntN(4) {
		g.say(g.IntN(5) == 0, g.part()...)
	}
	if g.IntN(12) > 0 {
		g.say(g.IntN(2) == 0, &pgproto3.Sync{})
	}
}

// part returns what a client sends for one statement.
func (g *generator) part() []pgproto3.FrontendMessage {
	n := g.IntN(len(g.named))
	name := fmt.Sprintf("s%d", n)
	sql := g.sql()
	run := []pgproto3.FrontendMessage{&pgproto3.Parse{Query: sql}, &pgproto3.Bind{}}
	switch g.IntN(15) {
	case 0:
		return []pgproto3.FrontendMessage{&pgproto3.Parse{Name: name, Query: g.named[n]}, &pgproto3.Describe{ObjectType: 'S', Name: name}}
	case 1, 2:
		return []pgproto3.FrontendMessage{&pgproto3.Bind{PreparedStatement: name}, &pgproto3.Execute{}}
	case 3, 12, 13:
		run = []pgproto3.FrontendMessage{&pgproto3.Parse{Query: "select generate_series(1,5)"}, nil}
		run[1] = &pgproto3.Bind{DestinationPortal: "p"}
		run = append(run, &pgproto3.Execute{Portal: "p", MaxRows: uint32(1 + g.IntN(3))})
		for range g.IntN(3) {
			run = append(run, &pgproto3.Execute{Portal: "p", MaxRows: uint32(g.IntN(3))})
		}
		return append(run, &pgproto3.Close{ObjectType: 'P', Name: "p"})
	case 4:
		return []pgproto3.FrontendMessage{&pgproto3.Close{ObjectType: 'S', Name: name}}
	case 5:
		run[1] = &pgproto3.Bind{Parameters: [][]byte{[]byte("1")}} // there is no parameter
	case 6:
		return append(run, &pgproto3.Execute{MaxRows: 2})
	case 7:
		run = append(run, &pgproto3.Describe{ObjectType: 'P'})
	case 8:
		return run // it is never executed
	case 9:
		run[0] = &pgproto3.Parse{Query: "copy a from stdin"}
		run = append(run, &pgproto3.Execute{})
		if g.IntN(6) == 0 { // the server ignores a Sync before the data
			return append(run, &pgproto3.Sync{}, &pgproto3.CopyDone{})
		}
		return append(run, g.data()...)
	case 14:
		return append(run[1:], &pgproto3.Execute{}) // of the last statement without a name
	case 10:
		if g.IntN(4) == 0 {
			return []pgproto3.FrontendMessage{&pgproto3.Query{String: sql}} // without a Sync before it
		}
	}
	return append(run, &pgproto3.Execute{})
}

// describe returns a script in words.
func describe(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		for _, m := range s.say {
			switch m := m.(type) {
			case *pgproto3.Query:
				fmt.Fprintf(&b, "Query %q", m.String)
			case *pgproto3.Parse:
				fmt.Fprintf(&b, "Parse %s %q", m.Name, m.Query)
			case *pgproto3.Bind:
				fmt.Fprintf(&b, "Bind %s %s %d", m.DestinationPortal, m.PreparedStatement, len(m.Parameters))
			case *pgproto3.Execute:
				fmt.Fprintf(&b, "Execute %s %d", m.Portal, m.MaxRows)
			case *pgproto3.CopyData:
				fmt.Fprintf(&b, "CopyData %q", m.Data)
			default:
				fmt.Fprintf(&b, "%s %v", strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3."), m)
			}
			b.WriteString("\n")
		}
		if s.wait {
			b.WriteString("  wait\n")
		}
	}
	return b.String()
}
