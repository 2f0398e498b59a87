package redaction

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// mistakes are statements that fail, or cause a notice, like those of people and of PostgreSQL's
// regression tests.
var mistakes = []string{
	"selec 1", "select 1 from", "select * from", "select (1", "select 'open", "create table", "select 1 where", "insert into t values 1",
	"select * from nothing", "select nothing from birds", "select birds.nothing from birds", "select b.id from birds", "select nothing()",
	"select lower(1, 2)", "select 'a' + 1", "select 1 + 'a'", "select array[1] || 'x'", "select id from birds group by name", "select id, count(*) from birds",
	"select count(*) from birds where count(*) > 1", "select * from birds, nests where id = bird and bird = name", "select 1/0", "select 2147483648::int",
	"select 99999999999999999999::bigint", "select 'x'::int", "select '1 2'::int", "select 1e400::float8", "select 'yes please'::bool", "select '2020-13-01'::date",
	"select '25:00'::time", "select 'x'::uuid", "select 'x'::inet", "select '{'::json", "select '[1,'::jsonb", "select '{1,2'::int[]", "select '(1'::point", "select B'12'",
	"select 'x'::mood", "select 123456::varchar(3)::int::smallint", "select 99999::smallint", "select 'abcdef'::bit(3)", "select '1'::money + 1",
	"insert into birds (id) values (1), (1)", "insert into birds (id, name) values (null, 'x')", "insert into birds (id, level) values (1, 100000)",
	"insert into birds (id, word) values (1, 'longer')", "insert into birds (id) values ('x')", "insert into birds (id, id) values (1, 2)", "insert into birds (nothing) values (1)",
	"insert into birds values (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)", "insert into birds (id) values (1, 2)", "insert into nests values (7)", "update birds set nothing = 1",
	"update nothing set a = 1", "delete from nothing", "insert into stays values ('[1,5)'), ('[2,3)')", "insert into parts values ('x')", "insert into small values (11, 'x')",
	"create table birds (i int)", "create table t (i nothing)", "create table t (i int, i int)", "create table t (i int primary key, j int primary key)",
	"create table t (i int references nothing)", "create index on nothing (a)", "create index on birds (nothing)", "create view small as select 1", "create schema public",
	"create role postgres", "drop table nothing", "drop table if exists nothing", "drop table birds", "drop view birds", "drop role nothing", "drop schema nothing",
	"drop function nothing()", "drop type mood, nothing", "alter table nothing add a int", "alter table birds drop nothing", "alter table birds add name text",
	"alter table birds alter name type int", "alter role nothing login", "grant select on nothing to postgres", "grant nothing on birds to postgres", "create extension nothing",
	"create function f() returns int language sql as $$ select 'x' $$", "create function f() returns int language nothing as ''", "create trigger t before insert on birds execute function nothing()",
	"create sequence counter", "select nextval('nothing')", "select setval('counter', 5000)", "select currval('counter')", "set nothing = 1", "set work_mem = 'much'", "set work_mem = 1",
	"show nothing", "set search_path to nothing; select 1", "set transaction isolation level serializable", "set time zone 'nowhere'", "commit", "rollback to s", "release s", "savepoint s",
	"begin; select 1/0; select 2; commit", "begin; start transaction; commit", "declare c cursor for select 1", "fetch c", "close c", "execute nothing", "deallocate nothing",
	"prepare p as select $1::int; prepare p as select 1", "select $1", "copy nothing from stdin", "copy birds to '/nowhere/x'", "copy birds from '/nowhere/x'",
	"copy birds (nothing) to stdout", "copy birds to stdout (format nothing)", "copy birds to stdout (nothing true)", "vacuum nothing", "analyze nothing", "begin; vacuum; commit",
	"listen", "lock nothing", "lock birds", "truncate birds", "truncate nothing", "cluster birds", "reindex table nothing", "explain nothing", "explain (nothing) select 1",
	"select * from birds limit -1", "select * from birds order by 99", "select * from birds union select 1", "select 1 union select 'x'", "select (select 1, 2)",
	"select (select i from generate_series(1, 2) i)", "select 1 where 1", "select case when 1 then 2 end", "select sum('x')", "select sum(sum(id)) from birds group by id",
	"select row_number() from birds", "select rank() over (order by) from birds", "select * from generate_series(1, 2, 0)", "select repeat('x', 2000000000)", "select chr(0)",
	"select convert_from('\\xff', 'UTF8')", "select decode('x', 'hex')", "select encode('x', 'nothing')", "select to_date('x', 'YYYY')", "select extract(nothing from now())",
	"select date_trunc('nothing', now())", "select 'x' ~ '['", "select regexp_replace('x', '(', '')", "select 'x' like 'a\\' escape '\\\\'", "select 'x'::regclass", "select 'x'::regtype",
	"select jsonb '{}' -> 1 ->> 'x' #> 1", "select jsonb_set('{}', '{a,b}', null)", "select '\"x\"'::jsonb::int", "select xmlparse(document '<a>')", "select pg_sleep('x')",
	"select lo_get(77)", "select pg_read_file('/nowhere')", "select has_table_privilege('birds', 'nothing')", "select pg_terminate_backend(1234567)",
	"do $$ begin perform 1/0; end $$", "do $$ begin perform nothing(); end $$", "do $$ begin x := 1; end $$", "do $$ begin select 1; end $$", "do $$ declare i int; begin i := 'x'; end $$",
	"do $$ begin execute 'select 1 from nothing'; end $$", "do $$ begin return 1; end $$", "do $$ begin insert into birds (id) values (null); end $$", "do nothing",
	"create table if not exists birds (i int)", "create temp table t (i serial primary key); drop table t", "create unlogged table t (i int) partition by range (i)",
	"create policy p on nothing", "create publication p for table nothing", "create user mapping for postgres server nothing", "create rule r as on insert to birds do nothing; drop rule r on birds",
	"merge into birds using nests on true when matched then delete", "select * from birds for update of nothing", "with x as (select 1) select * from y", "values (1), (1, 2)",
}

// field is a field of an error, as in the JSON log.
type field struct {
	Name  string `json:"code_name"`
	Value string `json:"text"`
}

// texts returns the messages, details, hints and contexts of the errors and notices in a log.
func texts(t *testing.T, log string) (all []string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var message struct {
			Type   string `json:"type"`
			Fields struct {
				Field []field `json:"field"`
			} `json:"fields"`
		}
		if !strings.Contains(line, `"ErrorResponse"`) && !strings.Contains(line, `"NoticeResponse"`) {
			continue
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatal(err)
		}
		for _, f := range message.Fields.Field {
			switch f.Name {
			case "message", "detail", "hint", "where":
				all = append(all, f.Value)
			}
		}
	}
	return all
}

// wordsOf returns the words of a text that consist of letters and are longer than one.
func wordsOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
}

// TestWords counts how many words of errors stay in a redacted recording, so that it can still be
// read. Of those that don't, most are data, or in texts that PostgreSQL does not translate.
func TestWords(t *testing.T) {
	server, err := localpg.Start(t.Context(), localpg.Config{Bin: servers.Require(t, 15)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	direct := connect(t, server.Port, nil)
	for _, sql := range setup {
		if _, err := direct.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	plain := &run{option: nothing, way: live, dir: t.TempDir()}
	p := plain.listen(t, server.Port)
	conn := connect(t, p.Port, nil)
	for _, sql := range mistakes {
		_, _ = conn.Exec(t.Context(), "begin").ReadAll()
		_, _ = conn.Exec(t.Context(), sql).ReadAll() // most are errors
		_, _ = conn.Exec(t.Context(), "rollback").ReadAll()
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
	p.Stop()
	safe := filepath.Join(t.TempDir(), "safe.json")
	if output, err := exec.Command(pgpiPath, "read", "--redact=values", "--log=json="+safe, filepath.Join(plain.dir, "recording.pcapng")).CombinedOutput(); err != nil {
		t.Fatalf("pgpi read: %v: %s", err, output)
	}
	before, after := texts(t, plain.file(t, "json.log")), texts(t, (&run{dir: filepath.Dir(safe)}).file(t, "safe.json"))
	if len(before) != len(after) || len(before) < len(mistakes) {
		t.Fatalf("%d texts have become %d", len(before), len(after))
	}
	stay, all := 0, 0
	for i := range before {
		was, is := wordsOf(before[i]), wordsOf(after[i])
		all += len(was)
		for j := range min(len(was), len(is)) {
			if was[j] == is[j] {
				stay++
			}
		}
		if testing.Verbose() && before[i] != after[i] {
			t.Logf("%s\n\t%s", before[i], after[i])
		}
	}
	t.Logf("%d of %d words of errors stay", stay, all)
	const enough = 85 // percent
	if stay*100 < all*enough {
		t.Errorf("only %d of %d words of errors stay", stay, all)
	}
}
