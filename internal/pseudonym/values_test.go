package pseudonym

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// replaced is a text with its pseudonyms.
func replaced(v *Values, s string) string {
	b := []byte(s)
	v.replaceText(b, plainText, 0)
	return string(b)
}

// What is equal stays equal wherever it is, and only letters
// and digits change.
func TestEqualStaysEqual(t *testing.T) {
	v := New()
	alice, number := replaced(v, "Alice"), replaced(v, "471")
	if alice == "Alice" || alice[0] < 'A' || alice[0] > 'Z' || alice[1] < 'a' || number == "471" || number[0] == '0' {
		t.Fatalf("Alice became %q, 471 became %q", alice, number)
	}
	for _, template := range []string{
		"Alice", "Alice 471", `{"Alice": [471, true, null, "Alice"]}`, "('Alice',471)", "Alice\t471\t\\N", "Alice@Alice:-471.471%", `"Alice\nAlice"`, "#Alice / 471 %",
	} {
		want := strings.NewReplacer("Alice", alice, "471", number).Replace(template)
		if got := replaced(v, template); got != want {
			t.Errorf("%q became %q, want %q", template, got, want)
		}
	}
	for _, other := range []string{"", "----", "{}", "true", "[null,false]", "\t\r\n", "NULL"} {
		if got := replaced(v, other); got != other {
			t.Errorf("%q became %q", other, got)
		}
	}
	binary := []byte{0, 0, 0x01, 0xd7} // 471
	v.replaceBinary(binary, 23, 0)
	if got := fmt.Sprint(int(binary[2])<<8 | int(binary[3])); got != number {
		t.Errorf("471 in binary format became %s, in text %s", got, number)
	}
	if other := New(); replaced(other, "Alice in Wonderland") == replaced(v, "Alice in Wonderland") {
		t.Error("another run has the same pseudonyms")
	}
}

// The literals of SQL change, and nothing else: "•" marks what does.
func TestSQLValues(t *testing.T) {
	for _, sql := range []string{
		`SELECT '•' FROM "Orders" WHERE id = • AND x<>• -- •`,
		`SELECT $1, t1.c2, E'•', U&'•', B'•', X'•', n'•', '•'::text /*•*/ FROM t1 LIMIT •`,
		`INSERT INTO t VALUES ($$•$$, $a$•$a$, '•', •, •)`,
		`CREATE FUNCTION f(int) RETURNS text AS $f$ BEGIN RETURN '•' || x; END $f$ LANGUAGE plpgsql; SELECT '•'`,
		`DO $$ BEGIN PERFORM f('•'); END $$`,
		`COPY t FROM STDIN WITH (FORMAT 'csv', DELIMITER ';', NULL 'none', DEFAULT 'preset', QUOTE '"') WHERE name = '•'`,
		`COPY (SELECT '•') TO STDOUT NULL AS 'none'`,
		`COPY (SELECT null, '•', x LIKE '•' ESCAPE '•', (default), '•') TO STDOUT (NULL 'none')`,
		`COPY "T" ("null") FROM STDIN (NULL 'none', DEFAULT 'preset') WHERE name = '•' or "null" = '•'`,
		`SET "app.tenant" = '•'; SET LOCAL "app.tenant" TO '•'; SET search_path = "$user", 'public'`,
		`SET TIME ZONE 'Europe/Berlin'; SET work_mem = '64MB'; SET app.tenant = '•'; SELECT '•'`,
		`START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '1', publication_names '"p"')`,
		`SELECT '•`,
		`COPY (SELECT a FROM t WHERE format = '•' AND delimiter '•') TO STDOUT (DELIMITER ',') ; SELECT '•'`,
		`COPY t (a) FROM '•' WHERE null = '•'`,
		`SELECT a FROM t WHERE interval = '•' AND "interval" = '•'`,
		`SET "app.tenant" = '•'; SET app.tenant TO •; SET LOCAL app.tenant = •; SET work_mem = 12; SET search_path = a, b`,
		`ALTER ROLE joe SET app.tenant = •; ALTER ROLE joe SET search_path = a`,
		`CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN '•'; END $$`,
		`CREATE FUNCTION f() RETURNS text AS $$ SELECT '•' $$ LANGUAGE 'sql'; DO $$ BEGIN x := '•'; END $$ LANGUAGE plpgsql`,
		`CREATE FUNCTION f() RETURNS text LANGUAGE plpython3u AS $$•$$`,
		`CREATE FUNCTION f() RETURNS text AS $$•$$ LANGUAGE 'plperl'; DO LANGUAGE plv8 $$•$$; SELECT '•'`,
	} {
		b := []byte(strings.ReplaceAll(sql, "•", "12345"))
		before := bytes.Clone(b)
		New().replaceSQL(b)
		for i, part := range strings.Split(sql, "•") {
			if i > 0 {
				if bytes.Equal(b[:5], before[:5]) {
					t.Errorf("%s: literal %d stayed", sql, i)
				}
				b, before = b[5:], before[5:]
			}
			if !bytes.HasPrefix(b, []byte(part)) {
				t.Errorf("%s: got %q, want %q", sql, b, part)
				break
			}
			b, before = b[len(part):], before[len(part):]
		}
	}
}

// TestUnclosedLiterals has SQL that ends in a literal by the setting that is known: by the other
// one, the canary is data.
func TestUnclosedLiterals(t *testing.T) {
	for sql, standard := range map[string]sqltext.Strings{
		`insert into t values (N'C:\', 'Canary')`: sqltext.EscapedStrings, `do $$ begin perform 'C:\', 'Canary'; end $$`: sqltext.EscapedStrings,
		`select n'it\'s Canary', 'x'`: sqltext.StandardStrings,
	} {
		b := []byte(sql)
		New().replaceLiterals(b, sqltext.Settings{Strings: standard})
		if bytes.Contains(b, []byte("Canary")) {
			t.Errorf("%s became %s", sql, b)
		}
	}
}

// If a backslash is before a quote, standard_conforming_strings decides where a literal ends, also
// after an N. What is a literal with one setting or the other is replaced.
func TestLiteralsWithBackslashes(t *testing.T) {
	for _, sql := range []string{
		`insert into t values ('C:\', 'Canary')`, `insert into t values (N'C:\', 'Canary')`, `insert into t values (n'\', 'x', 'Canary')`,
		`insert into t values ('x\', ' || Canary || ')`, `insert into t values (N'x\', ' || Canary || ')`,
		`insert into t values (E'\\', 'Canary')`, `insert into t values (E'\', Canary')`, `insert into t values (U&'\', 'Canary')`,
	} {
		b := []byte(sql)
		New().replaceSQL(b)
		if bytes.Contains(b, []byte("Canary")) {
			t.Errorf("%s became %s", sql, b)
		}
	}
}

// In what servers say, the data changes: "•" marks it.
func TestErrorValues(t *testing.T) {
	for _, text := range []string{
		`Key (id, name)=(•, •) already exists.`,
		`Key (r)=([•,•)) conflicts with existing key (r)=([•,•)).`,
		`Key (id)=(•) is not present in table "customers".`,
		`Failing row contains (•, •, null).`,
		`invalid input syntax for type integer: "•"`,
		`invalid input syntax for type json: "•" • "`,
		`value "•" is out of range for type integer`,
		`relation "orders" does not exist`,
		`column "name" of relation "orders" does not exist`,
		`duplicate key value violates unique constraint "orders_pkey"`,
		`syntax error at or near "FROM"`,
		`unterminated quoted string at or near "'•"`,
		`COPY orders, line 3, column id: "•"`,
		`JSON data, line 1: {"•`,
		`SQL statement "INSERT INTO "t" VALUES ('•', •)"`,
		`unnamed portal with parameters: $1 = '•', $2 = '•'`,
		`•`,
	} {
		b := []byte(strings.ReplaceAll(text, "•", "12345"))
		New().replaceError(b)
		for _, part := range strings.Split(text, "•") {
			at := strings.Index(string(b), part)
			if at < 0 {
				t.Errorf("%s: %q has lost %q", text, b, part)
			}
		}
		if strings.Contains(string(b), "12345") {
			t.Errorf("%s: data stayed: %q", text, b)
		}
	}
}

// Of what is not known to be a server's, in whatever language, nothing stays.
func TestUnknownErrors(t *testing.T) {
	for _, text := range []string{
		`ungültige Eingabesyntax für Typ integer: »12345«`, `Can't do 12345`, `relation "orders" does not exist, and 12345 does`,
		"remote SQL command: SELECT 12345", "失敗した行は(12345)を含みます", "line 1: no end\n<a>12345\n   ^",
	} {
		b := []byte(text)
		New().replaceError(b)
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(word) >= shortest && bytes.Contains(b, []byte(word)) {
				t.Errorf("%s: %q is still in %q", text, word, b)
			}
		}
	}
}

// TestTagStays: the connection that a sentence names is not a value, but the SQL is.
func TestTagStays(t *testing.T) {
	for _, f := range []event.Fact{event.CancelForwarded{Connection: 4711, SQL: "select 4711"}, event.CancelFor{Connection: 4711, SQL: "select 4711"}} {
		e := event.Event{Kind: event.Said, Fact: f}
		New().Apply(&e)
		args := event.Arguments(e.Fact)
		if args[0].Text != "4711" || args[1].Text == "select 4711" || event.Arguments(f)[1].Text != "select 4711" {
			t.Errorf("%v has become %v", f, e.Fact)
		}
	}
}

// A value that is part of a name is replaced there too, by the same pseudonym, if it is
// known early.
func TestNames(t *testing.T) {
	m := message(t, wire.DataRow, "\x00\x01\x00\x00\x00\x08joe_2024")
	row := func() *event.Event { return &event.Event{Kind: event.Traffic, Messages: []event.Message{m()}} }
	tag := &event.Event{Kind: event.Traffic, Messages: []event.Message{message(t, wire.CommandComplete, "for joe_2024 and others\x00")()}}
	v := New()
	v.Learn(row())
	v.Apply(tag)
	one := row()
	v.Apply(one)
	value := string(one.Messages[0].Bytes[11:])
	if got := string(tag.Messages[0].Bytes[5:]); got != "for "+value+" and others\x00" {
		t.Errorf("the name became %q, the value %q", got, value)
	}
	check := v.Check()
	check.Add(row())
	if err := check.Err(); err == nil || !strings.Contains(err.Error(), "column value of DataRow (1)") {
		t.Errorf("the check does not see the value itself: %v", err)
	}
}

// message returns a function that makes the message again each time.
func message(t *testing.T, typ wire.Type, body string) func() event.Message {
	t.Helper()
	return func() event.Message {
		b := append([]byte{typ.Code(), 0, 0, 0, byte(len(body) + 4)}, body...)
		return event.Message{Message: wire.Message{Type: typ, Bytes: b, Size: int64(len(b))}}
	}
}

// If all numbers of four digits are values, none of them is in the result.
func TestNumbersUsedUp(t *testing.T) {
	v := New()
	for i := range 100_000 {
		v.seen.add(fmt.Append(nil, i))
	}
	for _, text := range []string{"4711", "47114", "1234567890", "2024-01-15 10:30:00.123456", `{"a": 4711}`, "550e8400-e29b-41d4-a716-446655440000", `\xdeadbeef00112233445566778899`, "abc4711def", "1.5e+300"} {
		b := []byte(text)
		v.replaceText(b, plainText, 0)
		if string(b) == text || v.seen.holds(b) {
			t.Errorf("%q became %q", text, b)
		}
	}
}

// FuzzValues: whatever the messages are, their lengths stay, Apply ends, no value that it
// knows is left in them, and text stays text.
func FuzzValues(f *testing.F) {
	f.Add(uint64(1), uint8(wire.DataRow), []byte("Alice 4711"))
	f.Add(uint64(2), uint8(wire.Query), []byte("SELECT 'Alice', 4711 \x00"))
	f.Add(uint64(3), uint8(wire.CopyCSV), []byte("Alice,\"4711\"\n"))
	f.Add(uint64(4), uint8(wire.ErrorResponse), []byte("DKey (id)=(4711) already exists\x00\x00"))
	f.Add(uint64(5), uint8(wire.Bind), []byte(`{"a": "\u00e9", "b": [1e5, 2024-01-15]}`))
	f.Fuzz(func(t *testing.T, seed uint64, typ uint8, body []byte) {
		types := wire.Types()
		r := rand.New(rand.NewPCG(seed, 1))
		random := wire.Random(r, types[int(typ)%len(types)], wire.State{})
		written := wire.Message{Type: random.Type, Bytes: append(append([]byte{'d'}, 0, 0, 0, 0), body...)}
		written.Size = int64(len(written.Bytes)) + int64(seed%3)
		name, _, _ := strings.Cut(string(body), "\x00") // the NUL ends it on the wire
		context := &event.Context{SQL: name, Columns: make([]event.Column, 3), ParameterTypes: []uint32{uint32(seed), 1700, 1043}}
		for i := range context.Columns {
			context.Columns[i] = event.Column{Name: name, TypeOID: uint32(seed>>i) % 4100, Binary: seed&8 > 0}
		}
		v := New()
		for range 2 {
			e := event.Event{Kind: event.Traffic, Messages: []event.Message{
				{Message: clone(random), Context: context}, {Message: clone(written), Context: context},
			}}
			v.Apply(&e)
			check := v.Check()
			check.Add(&e)
			if err := check.Err(); err != nil {
				t.Errorf("%v in %+v", err, e.Messages)
			}
		}
		text := slices.Clone(body)
		v.replaceText(text, syntax(seed%11), 0)
		if utf8.Valid(body) && !utf8.Valid(text) {
			t.Errorf("%q became %q", body, text)
		}
	})
}

func clone(m wire.Message) wire.Message {
	m.Bytes = bytes.Clone(m.Bytes)
	return m
}
