package servertext

import (
	"strings"
	"testing"
)

// shown is a text with marks around its parts: «what is not known», ‹data›, ⟨names⟩, ⟦SQL⟧,
// #numbers#.
func shown(text string) string {
	marks := map[Kind][2]string{Unknown: {"«", "»"}, Data: {"‹", "›"}, Name: {"⟨", "⟩"}, SQL: {"⟦", "⟧"}, Number: {"#", "#"}}
	var b strings.Builder
	end := 0
	for _, p := range AppendParts(nil, []byte(text)) {
		b.WriteString(text[end:p.Start] + marks[p.Kind][0] + text[p.Start:p.End] + marks[p.Kind][1])
		end = p.End
	}
	return b.String() + text[end:]
}

// unmarked takes the marks out.
var unmarked = strings.NewReplacer("«", "", "»", "", "‹", "", "›", "", "⟨", "", "⟩", "", "⟦", "", "⟧", "", "#", "")

// TestParts has texts of servers, each with the parts that it has. The last ones are not quite a
// server's.
func TestParts(t *testing.T) {
	for want := range strings.SplitSeq(strings.TrimSpace(`
relation "⟨orders⟩" does not exist
column "⟨name⟩" of relation "⟨orders⟩" does not exist
duplicate key value violates unique constraint "⟨orders_pkey⟩"
Key (⟨id, name⟩)=(‹1, joe›) already exists.
Key (⟨r⟩)=(‹[1,2)›) conflicts with existing key (⟨r⟩)=(‹[1,3)›).
Key (⟨id⟩)=(‹42›) is not present in table "⟨customers⟩".
Failing row contains ‹(1, 2, null)›.
invalid input syntax for type ⟨integer⟩: "‹abc›"
invalid input syntax for type ⟨json⟩
Token "‹abc›" is invalid.
JSON data, line #1#: «{"abc»
value "‹999›" is out of range for type ⟨integer⟩
syntax error at or near "⟦FROM⟧"
syntax error at end of input
unterminated quoted string at or near "⟦'abc⟧"
COPY ⟨orders⟩, line #3#, column ⟨id⟩: "‹x›"
COPY ⟨orders⟩, line #3#: "‹x	y›"
SQL statement "⟦INSERT INTO t VALUES ('x', 1)⟧"
unnamed portal with parameters: ⟦$1 = '1'⟧
function ⟨foo(integer, text)⟩ does not exist
operator does not exist: ⟨integer = text⟩
No function matches the given name and argument types. You might need to add explicit type casts.
division by zero
deadlock detected
permission denied for table ⟨orders⟩
null value in column "⟨id⟩" of relation "⟨orders⟩" violates not-null constraint
new row for relation "⟨orders⟩" violates check constraint "⟨c⟩"
value too long for type character varying(#5#)
numeric field overflow
A field with precision #3#, scale #1# must round to an absolute value less than «10^2».
cannot drop ⟨table orders⟩ because other objects depend on it
Use DROP ... CASCADE to drop the dependent objects too.
relation "«orders»" already exists
column "⟨x⟩" does not exist
Perhaps you meant to reference the column "⟨orders⟩.⟨y⟩".
missing FROM-clause entry for table "⟨o⟩"
column reference "«id»" is ambiguous
column "⟨t⟩.⟨x⟩" must appear in the GROUP BY clause or be used in an aggregate function
aggregate functions are not allowed in ⟨WHERE⟩
current transaction is aborted, commands ignored until end of transaction block
canceling statement due to user request
insert or update on table "⟨a⟩" violates foreign key constraint "⟨b⟩"
password authentication failed for user "⟨joe⟩"
role "⟨x⟩" does not exist
unrecognized configuration parameter "«foo»"
invalid value for parameter "⟨work_mem⟩": "‹x›"
Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".
prepared statement "⟨s⟩" does not exist
bind message supplies «1» parameters, but prepared statement "" requires «2»
could not serialize access due to concurrent update
date/time field value out of range: "‹2020-13-01›"
Perhaps you need a different "datestyle" setting.
cannot insert multiple commands into a prepared statement
there is no parameter $#1#
could not determine data type of parameter $#1#
setval: value ‹424242› is out of bounds for sequence "⟨counter⟩" («1»..«1000»)
PL/pgSQL function ⟨inline_code_block⟩ line #1# at ⟨RAISE⟩
column "⟨x⟩" is of type ⟨integer⟩ but expression is of type ⟨text⟩
You will need to rewrite or cast the expression.
more than one row returned by a subquery used as an expression
⟨UNION⟩ types ⟨integer⟩ and ⟨text⟩ cannot be matched
"⟨orders⟩" is not a view
there is no unique or exclusion constraint matching the ON CONFLICT specification
schema "⟨x⟩" already exists, skipping
«Fehlgeschlagene Zeile enthält (1, abc).»
«remote SQL command: SELECT x FROM t»
«relation "birds and 'the x' birds" does not exist»
«relation "birds" does not exist for x»
could not open file "«x»": «No such file or directory»
type "⟨x⟩" is only a shell
`), "\n") {
		if got := shown(unmarked.Replace(want)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestLines has contexts of several lines, which are texts of their own.
func TestLines(t *testing.T) {
	for _, want := range []string{
		"SQL statement \"⟦select 'x'\nfrom y⟧\"\nPL/pgSQL function ⟨f(integer)⟩ line #3# at ⟨EXECUTE⟩\n«remote SQL command: select x»",
		"«line 1: Premature end of data in tag a line 1»\n«<a>x»\n«    ^»",
		"COPY ⟨orders⟩, line #3#, column ⟨id⟩: \"‹x›\"\nSQL statement \"⟦select 1⟧\"",
		"«PL/Python function \"f\"»\n\nSQL statement \"⟦select 1⟧\"",
		"\n",
		"",
	} {
		if got := shown(unmarked.Replace(want)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestAmbiguous has data with words of the template in it: it is not known where it ends.
func TestAmbiguous(t *testing.T) {
	for _, want := range []string{
		`value "‹1" is out of range for type x" is out of range for type integer›`,
		`Key ‹(a)=(b)=(c)› already exists.`,
		`relation "⟨a⟩" does not exist`,
	} {
		if got := shown(unmarked.Replace(want)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// FuzzParts wants parts in order, for any text.
func FuzzParts(f *testing.F) {
	f.Add(`relation "orders" does not exist`)
	f.Add("SQL statement \"select 1\"\nPL/pgSQL function f() line 3 at RAISE")
	f.Add(`Key (id)=(42) already exists.`)
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, p := range AppendParts(nil, []byte(text)) {
			if p.Start < end || p.Start >= p.End || p.End > len(text) || p.Kind == Words {
				t.Fatalf("%q has the part %v", text, p)
			}
			end = p.End
		}
	})
}
