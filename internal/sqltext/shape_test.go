package sqltext

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/test/sqlgen"
)

func shapeOf(sql string) *Shape {
	var s Shaper
	return s.Shape([]byte(sql), standard)
}

// TestShapeText checks the SQL that represents a shape.
func TestShapeText(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT  a -- why\n FROM t /* x */ WHERE id=42;":                    "select a from t where id = $1",
		`select "A"."b", t.* from s."A" t where c->>'k' = E'x\n'`:           `select "A"."b", t.* from s."A" t where c ->> $1 = $2`,
		"select count(*), f(1, 2), a[1:2], x::numeric(10,2), 'a'::text":     "select count(*), f($1, $2), a[$3 : $4], x::numeric($5, $6), $7::text",
		"select * from t where a in (1, 2,3) and b not in ($1)":             "select * from t where a in ($1 /*, ... */) and b not in ($2 /*, ... */)",
		"select * from t where (a, b) in ((1,2), (3, 4))":                   "select * from t where (a, b) in (($1, $2) /*, ... */)",
		"select array[1,2,3], ARRAY[[1,2],[3,4]]":                           "select array[$1 /*, ... */], array[[$2 /*, ... */] /*, ... */]",
		"insert into t (a, b) values (1, 'x'), (2, default), (-3, 'y')":     "insert into t(a, b) values ($1, $2), ($3, default)",
		"insert into t values ($1, now()), ($2, now()) returning id":        "insert into t values ($1, now()) returning id",
		"select a -1, a - -1, -1, - 2, (-3), 4 * -5, f(-6), -a, - - 7, -$1": "select a - $1, a - $2, $3, $4, ($5), $6 * $7, f($8), - a, $9, - $10",
		"select x is null, y is not true, null, true, z = false":            "select x is null, y is not true, $1, $2, z = $3",
		"create table t (a int not null default null)":                      "create table t(a int not null default $1)",
		"update t set a = null where b in (select c from d where e = 1)":    "update t set a = $1 where b in (select c from d where e = $2)",
		"select 1 where x in (a, b, a)":                                     "select $1 where x in (a, b)",
		`SAVEPOINT "s139_x7"`:                                               "savepoint $1", "release savepoint s": "release savepoint $1", "release s": "release $1",
		"ROLLBACK TO SAVEPOINT a": "rollback to savepoint $1", "rollback work to a": "rollback work to $1", "rollback": "rollback",
		`DECLARE "_django_curs_1" NO SCROLL CURSOR FOR select a from t where b = 1`: "declare $1 no scroll cursor for select a from t where b = $2",
		`FETCH FORWARD 100 FROM "c_1"`:                                              "fetch forward $1 from $2", "close c": "close $1", "CLOSE ALL": "close all",
		"deallocate prepare p1": "deallocate prepare $1", "DEALLOCATE ALL": "deallocate all", `deallocate "p 1"`: "deallocate $1",
		"BEGIN; select 1;; ":                  "begin; select $1",
		`select U&"d!0061t" UESCAPE '!', "b"`: `select "dat", "b"`, `select U&'\0041' uescape '!' from t`: "select $1 from t",
		"select interval '1 day', N'x', B'01', x'1F', $$y$$, 0x1F, 1_000, .5e3": "select interval $1, $2, $3, $4, $5, $6, $7, $8",
		"select :name, a := 1, 1..2": "select : name, a := $1, $2 .. $3", "select a . b, c :: int, d ?| e, f ? 'g'": "select a.b, c::int, d ?| e, f ? $1",
		"": "", " ; ": "", "/* nothing */": "", "select 'never": "select $1", `select "never ;`: `select "never`, "select /* never": "select /* never", "select 1\x00 from t": "select $1",
		"in (1), (2)": "in ($1 /*, ... */), ($2)", "values (1), (2), (3) order by 1": "values ($1) order by $2",
	} {
		if got := shapeOf(sql).Text; got != want {
			t.Errorf("%s\n   is %q\n want %q", sql, got, want)
		}
	}
}

// TestShapesApart checks statements that must not share a shape.
func TestShapesApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"select a from t", "select b from t"}, {`select "A"`, "select a"}, {"select x is null", "select x is not null"},
		{"select a - 1", "select a + 1"}, {"select a -1", "select a, -1"}, {"select f(1)", "select f(1, 2)"}, {"select f(1)", "select f (a)"},
		{"insert into t values (1)", "insert into t values (1, 2)"}, {"select 1", "select 1; select 1"}, {"select - a", "select a"},
		{"select x in (1)", "select x in (1, a)"}, {"savepoint a", "release a"}, {"select savepoint a", "select savepoint b"},
		{"select a.b", "select a b"}, {"select x is true", "select x is false"}, {"fetch a", "fetch b"}, {"select U&\"\\0061\"", `select "b"`},
	} {
		if a, b := shapeOf(pair[0]), shapeOf(pair[1]); a.ID == b.ID {
			t.Errorf("%q and %q share %v", pair[0], pair[1], a)
		}
	}
}

// TestShapeIdentifier checks identifiers that users may have written down. If the rules change,
// their version must too.
func TestShapeIdentifier(t *testing.T) {
	for sql, want := range map[string]string{
		"select * from orders where user_id = 42": "1:7575803000e57aa6", "BEGIN": "1:e6f07d43b5c21db0",
	} {
		if got := shapeOf(sql).ID; got != want {
			t.Errorf("%s has %s, not %s", sql, got, want)
		}
	}
}

// checkShape tests what is true of any shape: its text has the same shape, and the same text
// returns the same pointer. It also checks the attributes of the text.
func checkShape(t *testing.T, sql []byte, settings Settings) {
	t.Helper()
	var s Shaper
	shape := s.Shape(sql, settings)
	if again := s.Shape([]byte(shape.Text), settings); again != shape {
		t.Fatalf("%q has %+v, which has %+v", sql, shape, again)
	}
	if again := s.Shape(sql, settings); again != shape {
		t.Fatalf("%q has two shapes: %+v and %+v", sql, shape, again)
	}
	for _, a := range Attributes(sql, settings) {
		if a.Key == "" || len(a.Key) > maxAttributeKey || len(a.Value) > maxAttributeValue || strings.HasPrefix(a.Key, "trace") && (a.Key == "traceparent" || a.Key == "tracestate") {
			t.Fatalf("%q has %+v", sql, a)
		}
	}
	if file, line, ok := SourceOf(Attributes(sql, settings)); ok != (file != "" && line > 0) {
		t.Fatalf("%q is at %q:%d, %v", sql, file, line, ok)
	}
	if id := TraceID(sql, settings); id != "" && (len(id) != 32 || !bytes.Contains(sql, []byte(id))) {
		t.Fatalf("%q has the trace %q", sql, id)
	}
}

func FuzzShape(f *testing.F) {
	for _, sql := range sqlgen.Statements() {
		f.Add([]byte(sql))
	}
	for _, sql := range []string{"/*a='b',c='%20'*/", "/*a:b,c:d*/", "/*file='a:1',traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/", "select a from t where b = $1 for update", "with a as (delete from t returning b) select * from f(a)", "in (1, (2), in (3)", "values (1), (1), values", "array[[1], [1]]", "- - 5.", `U&"a" uescape '!'`} {
		f.Add([]byte(sql))
	}
	f.Fuzz(func(t *testing.T, sql []byte) {
		for _, settings := range []Settings{{}, standard, escapes, {StandardStrings, ShiftJIS}} {
			checkShape(t, sql, settings)
			checkTraits(t, sql, settings)
		}
	})
}

// TestShapes changes what makes no difference in texts from sqlgen, and checks their shapes.
func TestShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var s Shaper
	for range 20_000 {
		sql := []byte(sqlgen.Text(r))
		for range r.IntN(2) {
			sql = slices.Insert(sql, r.IntN(len(sql)+1), []byte("\x95\\")[:1+r.IntN(2)]...)
		}
		for _, settings := range []Settings{{}, standard, escapes, {StandardStrings, Pairs}} {
			checkShape(t, sql, settings)
		}
		other := vary(r, sql)
		if a, b := s.Shape(sql, standard), s.Shape(other, standard); a.ID != b.ID {
			t.Fatalf("%q has %+v\n%q has %+v", sql, a, other, b)
		}
	}
}

// vary writes a statement with other spaces, comments, constants and case.
func vary(r *rand.Rand, sql []byte) (other []byte) {
	spaces := []string{" ", "\n", " /* x */ ", "\t", " -- y\n"}
	constants := []string{"$tag$y$tag$", "$3", "e'\\n'", "X'1F'"}
	s := NewScanner(sql, standard)
	uescape := false // a constant after it is not a value
	for one := s.Next(); one.Kind != End; one = s.Next() {
		kept := uescape
		uescape = s.Is(one, "uescape") || uescape && (one.Kind == Space || one.Kind.IsComment())
		switch text := s.Text(one); {
		case one.Kind == Space || one.Kind.IsComment() && !one.Unterminated:
			other = append(other, spaces[r.IntN(len(spaces))]...)
		case one.Kind.IsString() && one.Kind != UnicodeString && !kept:
			other = append(append(append(other, ' '), constants[r.IntN(len(constants))]...), ' ')
		case one.Kind == Number:
			other = append(append(append(other, ' '), []string{"17", "1.5e3", ".5"}[r.IntN(3)]...), ' ')
		case one.Kind == Word && r.IntN(2) == 0:
			for _, c := range text {
				if fold(c) == c && c >= 'a' && c <= 'z' {
					c -= 'a' - 'A'
				}
				other = append(other, c)
			}
		default:
			other = append(other, text...)
		}
	}
	return other
}

// TestListLengths checks statements that differ only in the lengths of their lists.
func TestListLengths(t *testing.T) {
	for _, format := range []string{"select * from t where a in (%s) and b = 1", "select array[%s]", "insert into t values %s returning a", "merge into t using s on a = b when not matched then insert values %s"} {
		element := "-%d"
		if strings.Contains(format, "values") {
			element = "(%d, now(), 'x')"
		}
		var elements []string
		want := ""
		for n := range 50 {
			elements = append(elements, fmt.Sprintf(element, n))
			shape := shapeOf(fmt.Sprintf(format, strings.Join(elements, []string{",", " , "}[n%2])))
			if want == "" {
				want = shape.ID
			}
			if shape.ID != want {
				t.Errorf("%d elements: %+v", n+1, shape)
			}
		}
	}
}

// TestHostileShapes finds the shapes of texts of a quarter of a megabyte that would take hours, or
// all memory, if the work grew with more than their size.
func TestHostileShapes(t *testing.T) {
	const size = 1 << 18
	for _, piece := range []string{"(", "in (", "array[", "values (", "values ", "in (1,", "in ((1,2),", "values (1),", "-", "- 1", ";", ".", "a.", "in (a,b,c,d,e,f,g,h,i,", "where (", "where a", "from (", "/*a='b'*/", "U&'' "} {
		sql := []byte(strings.Repeat(piece, size/len(piece)))
		var s Shaper
		shape := s.Shape(sql, standard)
		if len(shape.Text) > 4*size || cap(s.writer.frames) > 2*maxFrames {
			t.Errorf("%q: %d bytes, %d frames", piece, len(shape.Text), cap(s.writer.frames))
		}
		Attributes(sql, standard)
		TraitsOf(shape)
		ComparedWith(shape, 1)
		s.AppendOperands(nil, sql, standard)
	}
}

// TestShaperForgets finds more shapes than are remembered.
func TestShaperForgets(t *testing.T) {
	var s Shaper
	first := *s.Shape([]byte("select a0"), standard)
	for i := range 3 * maxShapes {
		s.Shape(fmt.Appendf(nil, "select a%d", i), standard)
		if len(s.known) > maxShapes || s.size > maxShapeText {
			t.Fatalf("%d shapes of %d bytes are remembered", len(s.known), s.size)
		}
	}
	if again := *s.Shape([]byte("select a0"), standard); again != first {
		t.Errorf("%+v is %+v later", first, again)
	}
}

func TestAttributes(t *testing.T) {
	for sql, want := range map[string][]Attribute{
		"select 1 /*action='%2Fparam*d',controller='index',framework='spring',traceparent='00-5b-01',tracestate='congo%3Dt61'*/": {{"action", "/param*d"}, {"controller", "index"}, {"framework", "spring"}},
		"/*application:Shop,controller:carts,line:/app/cart.rb:12:in `add'*/ select 1":                                           {{"application", "Shop"}, {"controller", "carts"}, {"line", "/app/cart.rb:12:in `add'"}},
		`select 1 /* a='it\'s', b='c' */ /*d:e*/`:                                                                                {{"a", "it's"}, {"b", "c"}, {"d", "e"}},
		"select 1 /* see http://example.com */":                                                                                  nil, "select 1 /* note: this */": nil, "/*+ SeqScan(a) */ select 1": nil, "select '/*a:b*/'": nil,
		"/*a='b'": nil, "/*a='b' c='d'*/": nil, "/*a='b',c*/": nil, "/*='b'*/": nil, "/*a=*/": nil, "/*a='*/": nil, "/**/": nil, "-- a='b'": nil, "/*x::int*/": nil,
		"/*a='%zz%4'*/": {{"a", "%zz%4"}},
	} {
		if got := Attributes([]byte(sql), standard); !slices.Equal(got, want) {
			t.Errorf("%s has %q, not %q", sql, got, want)
		}
	}
}

// BenchmarkShape finds the shape of a statement that has been seen before with other constants.
func BenchmarkShape(b *testing.B) {
	for name, sql := range map[string]string{
		"short": "SELECT abalance FROM pgbench_accounts WHERE aid = 123456;",
		"orm":   `SELECT "app_order"."id", "app_order"."user_id", "app_order"."state" FROM "app_order" WHERE ("app_order"."user_id" = 42 AND "app_order"."state" IN ('new', 'paid', 'sent')) ORDER BY "app_order"."id" ASC LIMIT 21`,
	} {
		b.Run(name, func(b *testing.B) {
			var s Shaper
			b.SetBytes(int64(len(sql)))
			b.ReportAllocs()
			for b.Loop() {
				s.Shape([]byte(sql), standard)
			}
		})
	}
}
