package sqltext

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"

	"pgpi/test/sqlgen"
)

func TestOperands(t *testing.T) {
	for sql, want := range map[string]string{
		"select a from t where b = 4711;": "4711", "select -5, - 5, - - 5, +5, 1 - 5, a - 5, -a, -$2": "-5|-5|5|5|1|5|5|$2",
		`select 'a''b', E'\n', $$c$$, N'd', U&'!0041' uescape '!', 1.50, 0x1F`: "a'b|\n|c|d|A|1.50|0x1F", "select true, FALSE, null, x is null": "true|false|null",
		"select $1, $12::int": "$1|$12", `savepoint "A"; release b`: "A|b", "select a in (1, 2, -3) from t where b = 'c'": "1|2|-3|c", "insert into t values (1, 'a'), (2, 'b')": "1|a|2|b",
		"select 1 limit -\n/* - */ 2\x00, 3": "1|-2", "": "", "select '": "!", "select $99999999999": "$99999999999",
	} {
		var s Shaper
		var values []string
		for _, o := range s.AppendOperands(nil, []byte(sql), standard) {
			value, ok := AppendOperand(nil, []byte(sql), standard, o)
			if (o.Token.Kind == Parameter) != (o.Parameter > 0) {
				t.Errorf("%s: %+v", sql, o)
			}
			values = append(values, map[bool]string{false: "!"}[ok]+string(value))
		}
		if got := strings.Join(values, "|"); got != want {
			t.Errorf("%s has %q, not %q", sql, got, want)
		}
	}
}

// checkOperands checks that operands are in order, and where the shape has placeholders: if they
// are replaced, the shape stays.
func checkOperands(t *testing.T, s *Shaper, sql []byte, settings Settings, traits Traits) {
	t.Helper()
	shape := s.Shape(sql, settings)
	operands := s.AppendOperands(nil, sql, settings)
	if len(operands) < traits.Operands && traits.Statements > 0 {
		t.Fatalf("%q has the shape %q, and %d operands", sql, shape.Text, len(operands))
	}
	if !strings.Contains(shape.Text, "/*") && !strings.Contains(shape.Text, "values") && !strings.Contains(shape.Text, "in (") && !strings.Contains(shape.Text, "array[") && len(operands) != traits.Operands {
		t.Fatalf("%q has the shape %q, and %d operands", sql, shape.Text, len(operands))
	}
	end := 0
	var others []byte
	for _, o := range operands {
		if o.Token.Start < end || o.Token.End <= o.Token.Start {
			t.Fatalf("%q: %+v behind %d", sql, o, end)
		}
		others = append(others, sql[end:o.Token.Start]...)
		end = o.Token.End
		switch o.Token.Kind {
		case Number:
			others = append(others, " 7 "...)
		case Parameter:
			others = append(others, " $7 "...)
		default:
			others = append(others, sql[o.Token.Start:o.Token.End]...)
		}
		AppendOperand(nil, sql, settings, o)
	}
	others = append(others, sql[end:]...)
	if other := s.Shape(others, settings); other != shape {
		t.Fatalf("%q has %q\n%q has %q", sql, shape.Text, others, other.Text)
	}
}

func TestComparedWith(t *testing.T) {
	for sql, want := range map[string]string{
		"select a from t where b = 1": "b", "select a from t where b = $5 order by c": "b", `select a from t where "Post"."authorId" = 1 and x = y`: `"Post"."authorId"`,
		"select a from t where (s.t.b = 1) limit 5": "s.t.b", "select a from t where b = $1::int4": "b", "select a from t where b = '{1}'::pg_catalog.int4[]": "b",
		"select a from t where 1 = b.c and d": "b.c", "select a from t where 'x'::uuid = b": "b", "select a from t join s on (s.b = 1) where c": "s.b", "select a from t where c or b = 1": "b",
		"select a from t where b = 1 for update": "b", "delete from t where b = 1 returning a": "b", "update t set a = b where b = 1": "b",
		"select a from t where b in ($1)": "b", "select a from t where (s.b in (1, 2)) and c = 3": "s.b", "select a from t where b in ('x'::uuid) or c": "b",
		"select a from t where b not in (1)": "", "select a from t where b in (1, c)": "", "select a from t where b in (1) is true": "", "select a from t where 1 in (b)": "", "select a from t where b in (select 1)": "",
		"update t set a = 1": "", "update t set a = b, c = 1": "", "select a = 1 from t": "", "select a from t where b + c = 1": "", "select a from t where b = 1 + c": "", "select a from t where b = - 1 * c": "",
		"select a from t where not b = 1": "", "select a from t where f(b) = 1": "", "select a from t where f(b = 1)": "", "select a from t where b[1] = 2": "", "select a from t where b > 1": "",
		"select a from t where b = 1 is true": "", "select a from t where 1 = any(b)": "", "select a from t where 1 = b::text": "", "select a from t where current_date = 1": "", "select a from t where 1 = user": "", "select a from t join s on true = 1": "", "select a.where not in (1) from t": "", "select a.and b = 1": "", "select a from t where not in (1)": "",
		"select a from t where c between d and b = 1": "", "select a from t where (b, c) = (1, 2)": "", "select a from t where b.* = 1": "", "select case when b = 1 then c end from t": "", "select a from t where b::int = 1": "",
		"select a from t where b = 1 collate c": "", "": "", "select 1": "", "where": "", "where b =": "", "where b = $1 (": "",
	} {
		if got, ok := ComparedWith(shapeOf(sql), 1); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, not %q", sql, got, ok, want)
		}
	}
	shape := shapeOf("select a from t where b = 1 and c between 2 and 3 and d.e = 4 limit 5")
	for n, want := range []string{"", "b", "", "", "d.e", "", ""} {
		if got, _ := ComparedWith(shape, n); got != want {
			t.Errorf("$%d is compared with %q, not %q", n, got, want)
		}
	}
}

func tokenHash(seed maphash.Seed, sql []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	HashTokens(&h, sql, standard)
	return h.Sum64()
}

func TestHashTokens(t *testing.T) {
	seed := maphash.MakeSeed()
	r := rand.New(rand.NewPCG(11, 12))
	for range 5_000 {
		sql := []byte(sqlgen.Text(r))
		var other []byte
		s := NewScanner(sql, standard)
		for one := s.Next(); one.Kind != End; one = s.Next() {
			if other = append(other, s.Text(one)...); one.Kind == Space {
				other = append(other, "/* x */ "...)
			}
		}
		if tokenHash(seed, sql) != tokenHash(seed, other) {
			t.Fatalf("%q and %q differ", sql, other)
		}
	}
	all := map[uint64]string{}
	for _, sql := range []string{"select 1", "select 2", "SELECT 1", "select1", "select '1'", "select 1 1", "select 11", "", "select /*", "select", "select ''''", "select '' ''"} {
		h := tokenHash(seed, []byte(sql))
		if other, found := all[h]; found {
			t.Errorf("%q and %q have the same hash", sql, other)
		}
		all[h] = sql
	}
	if sql := []byte("select a /* b */ from t -- c"); testing.AllocsPerRun(100, func() { tokenHash(seed, sql) }) > 0 {
		t.Error("hashing allocates")
	}
}

func TestSourceOf(t *testing.T) {
	for comment, want := range map[string]string{
		"source_location='app%2Fmodels%2Fx.rb%3A12'": "app/models/x.rb:12", "application:Shop,line:/app/x.rb:12:in `show'": "/app/x.rb:12", "line:/app/x.rb:12:in 'a:3'": "/app/x.rb:12",
		"db_driver='drizzle',file='src%2Fa.ts%3A94%3A14'": "src/a.ts:94", `file='src/A.php',line='21'`: "src/A.php:21", `line='21',file='C%3A%5Cx%5CA.php'`: `C:\x\A.php:21`,
		`file='C:/x.go:7'`: "C:/x.go:7", "line='21'": "", "file='a.rb'": "", "line='a.rb'": "", "file='a.rb:0'": "", "file=':5'": "", "controller='a:5'": "", "file='a:99999999999'": "",
	} {
		file, line, ok := SourceOf(Attributes([]byte("/*"+comment+"*/"), standard))
		if got := fmt.Sprintf("%s:%d", file, line); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %v, not %s", comment, got, ok, want)
		}
	}
}

func TestTraceID(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for sql, want := range map[string]string{
		"select 1 /*a='b',traceparent='00-" + id + "-00f067aa0ba902b7-01'*/": id, "/*traceparent:00-" + id + "-00f067aa0ba902b7-00*/ select 1": id, "/* c */ /* traceparent=00-" + id + "-00f067aa0ba902b7-01 */": id,
		"select '/*traceparent=00-" + id + "-00f067aa0ba902b7-01*/'": "", "/*traceparent='00-" + id + "-00f067aa0ba902b7-0'*/": "", "/*traceparent='01-" + id + "-00f067aa0ba902b7-01'*/": "",
		"/*xtraceparent='00-" + id + "-00f067aa0ba902b7-01'*/": "", "/*traceparent='00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01'*/": "", "/*traceparent": "", "/*traceparent*/": "", "select traceparent": "", "": "",
	} {
		if got := TraceID([]byte(sql), standard); got != want {
			t.Errorf("%s: %q, not %q", sql, got, want)
		}
	}
}

// BenchmarkOperands finds the operands of a statement, and its hash.
func BenchmarkOperands(b *testing.B) {
	sql := []byte("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;")
	b.Run("operands", func(b *testing.B) {
		var s Shaper
		var operands []Operand
		b.ReportAllocs()
		for b.Loop() {
			operands = s.AppendOperands(operands[:0], sql, standard)
		}
	})
	b.Run("hash", func(b *testing.B) {
		seed := maphash.MakeSeed()
		b.ReportAllocs()
		for b.Loop() {
			tokenHash(seed, sql)
		}
	})
}
