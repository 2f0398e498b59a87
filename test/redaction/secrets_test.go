package redaction

// secretStatements have a secret in SQL.
var secretStatements = []construct{
	of(secret, "create role", q("create role redaction_new login password '§'")),
	of(secret, "create user in a role", q("create user redaction_new in role redaction_joe password '§'")),
	of(secret, "alter role", q("alter role redaction_joe password '§'")),
	of(secret, "alter role, encrypted", q("alter role redaction_joe with encrypted password '§' valid until 'infinity'")),
	of(secret, "escape string", q(`alter role redaction_joe password E'§\x21'`)),
	of(secret, "unicode string", q(`alter role redaction_joe password U&'§\0021'`)),
	of(secret, "dollar quotes", q("alter role redaction_joe password $q$§$q$")),
	of(secret, "national string", wrong("alter role redaction_joe password N'§'")),
	of(secret, "continued literal", q("alter role redaction_joe password 'first'\n '§'")),
	of(secret, "doubled quote", q("alter role redaction_joe password 'it''s §'")),
	of(secret, "backslash before the quote", wrong(`alter role redaction_joe password 'x\' valid until '§'`)).
		stays("literals of other options, when the server repeats them"),
	of(secret, "comment between", q("alter role redaction_joe password /* 'x' */ '§'")),
	of(secret, "prepared statement", x("alter role redaction_joe password '§'")),
	of(secret, "several statements", q("select 1; alter role redaction_joe password '§'; select 2")),
	of(secret, "in a function's body", q("create function redaction_f() returns void language sql as $$ alter role redaction_joe password '§' $$")),
	of(secret, "in a do block", q("do $$ begin alter role redaction_joe password '§'; end $$")),
	of(secret, "in a do block, in a literal of a literal", q("do $$ begin execute 'alter role redaction_joe password ''§'''; end $$")),
	of(secret, "user mapping", q("create user mapping for redaction_joe server redaction options (user 'joe', password '§')")),
	of(secret, "altered user mapping", q("alter user mapping for current_user server redaction options (set password '§')")),
	of(secret, "option pass", q("create user mapping for redaction_joe server redaction options (pass '§')")),
	of(secret, "option passwd", q("create user mapping for redaction_joe server redaction options (passwd '§')")),
	of(secret, "option secret_access_key", q("create user mapping for redaction_joe server redaction options (secret_access_key '§')")),
	of(secret, "option auth", q("create user mapping for redaction_joe server redaction options (auth '§')")),
	of(secret, "option license", q("alter server redaction options (add license '§')")),
	of(secret, "option of a server in quotes", q(`alter server redaction options (add "Bearer" '§')`)),
	of(secret, "option of a foreign data wrapper", q("create foreign data wrapper redaction_more options (signature '§')")),
	of(secret, "misspelled password", wrong("create role redaction_new passwrd '§'")),
	of(secret, "subscription", q("create subscription redaction_s connection 'host=127.0.0.1 password=§' publication p with (connect = false, slot_name = none)")),
	of(secret, "subscription by a URI", q("create subscription redaction_s connection 'postgres://joe:§@127.0.0.1/d' publication p with (connect = false, slot_name = none)")),
	of(secret, "subscription by a URI with a parameter", q("create subscription redaction_s connection 'postgres://joe@127.0.0.1/d?password=§' publication p with (connect = false, slot_name = none)")),
	of(secret, "subscription with sslpassword", q("create subscription redaction_s connection 'host=127.0.0.1 sslpassword=''§''' publication p with (connect = false, slot_name = none)")),
	of(secret, "dblink", wrong("select * from dblink('host=127.0.0.1 port=1 password=§', 'select 1') as t(i int)")),
	of(secret, "dblink by a URI", wrong("select * from dblink('postgresql://joe:§@127.0.0.1:1/d', 'select 1') as t(i int)")),
	of(secret, "secret setting of one's own", q("set redaction.password = '§'")),
	of(secret, "secret setting of one's own, in quotes", q(`set "redaction.api_key" = '§'`)),
	of(secret, "secret setting of one's own, without quotes", q("set redaction.token to §")),
	of(secret, "set_config", q("select set_config('redaction.secret', '§', true) is null")),
	of(secret, "setting of a role", q("alter role redaction_joe set redaction.secret = '§'")),
	of(secret, "setting of a database", q("alter database postgres set redaction.token = '§'")),
	of(secret, "update", q("update users set password = '§'")),
	of(secret, "update by a function", q("update users set password = md5('§')")),
	of(secret, "insert", q("insert into users (name, password) values ('joe', '§')")),
	of(secret, "insert of several rows", q("insert into users (name, password) values ('joe', 'swordfish'), ('ann', '§')")),
	of(secret, "comparison", q("select name from users where password = '§'")),
	of(secret, "comparison, the other way around", q("select name from users where '§' = password")),
	of(secret, "comment with a password", q("select 1 -- password: §")),
	of(secret, "JSON in SQL", q(`select '{"user": "joe", "password": "§"}'::json is null`)),
	of(secret, "URI in SQL", q("select 'https://joe:§@example.com/' is null")),
	of(secret, "verifier md5 in SQL", q("select 'md5' || '0123456789abcdef' is null, 'md5§0123456789abcdef012345' is null")).
		stays("a verifier that is not of its exact form"),
	of(secret, "a password without a name", q("select '§' is null")).
		stays("A secret that nothing names"),
	of(secret, "a password in a comment", q("select 1 -- my login: joe, §")).
		stays("A secret that nothing names"),
	of(secret, "prepare", q("prepare redaction_p as insert into users (name, password) values ('joe', '§'); deallocate redaction_p")),
	of(secret, "declare", q("declare redaction_c cursor for select 1 from users where password = '§'")),
	of(secret, "explain", q("explain update users set password = '§'")),
	of(secret, "create table as", q("create temp table redaction_t as select '§'::text as password")),
	of(secret, "default of a column", q("create temp table redaction_t (password text default '§')")),
	of(secret, "merge", q("merge into users u using (select 1) s on u.password = '§' when matched then do nothing")),
}

// secretEchoes are repeated by the server.
var secretEchoes = []construct{
	of(secret, "echo: password behind set", fails("alter role redaction_joe set password '§'")),
	of(secret, "echo: password without quotes", fails("alter role redaction_joe password §")),
	of(secret, "echo: password in double quotes", fails(`alter role redaction_joe password "§"`)),
	of(secret, "echo: password before a typo", wrong("alter role redaction_joe password '§' typo")),
	of(secret, "echo: an open quote", fails("alter role redaction_joe password '§")),
	of(secret, "echo: unique key", q("insert into users (name, password) values ('joe', '§')"), fails("insert into users (name, password) values ('ann', '§')")),
	of(secret, "echo: unique key, parameter", x("insert into users (name, password) values ($1, $2)", "joe", "§"), xFails("insert into users (name, password) values ($1, $2)", "ann", "§")),
	of(secret, "echo: failing row", fails("insert into users (name, password) values ('a name that is too long', '§')")),
	of(secret, "echo: failing row, parameter", xFails("insert into users (name, password) values ($1, $2)", "a name that is too long", "§")),
	of(secret, "echo: failing row of an update", q("insert into users (name) values ('joe')"), fails("update users set password = '§', name = 'a name that is too long'")),
	of(secret, "echo: cast", fails("update users set passcode = '§'")),
	of(secret, "echo: cast, parameter", xFails("update users set passcode = 1, token = $1::int", "§")),
	of(secret, "echo: raise", fails("do $$ declare password text := '§'; begin raise exception 'got %', password; end $$")),
	of(secret, "echo: notice", says("do $$ declare password text := '§'; begin raise notice 'got %', password; end $$")),
	of(secret, "echo: context of a statement", fails("do $$ begin execute 'alter role redaction_nobody password ''§'''; end $$")),
	of(secret, "echo: context of a syntax error", fails("do $$ begin execute 'alter role redaction_nobody set password ''§'''; end $$")),
	of(secret, "echo: notification", q("alter role redaction_joe password '§'"), notifies("notify redaction_news, '§'")),
	of(secret, "echo: notification of a setting", notifies("select set_config('redaction.password', '§', true) is null, pg_notify('redaction_news', '§')")),
	of(secret, "echo: status", q("alter role redaction_joe password '§'"), q("set application_name = '§'"), q("reset application_name")),
	of(secret, "echo: another statement", q("alter role redaction_joe password '§'"), q("comment on role redaction_joe is '§'")),
	of(secret, "echo: connection string without a value", fails("create subscription redaction_s connection 'password=xyz §' publication p with (connect = false, slot_name = none)")),
	of(secret, "echo: connection string with spaces", fails("create subscription redaction_s connection 'host=127.0.0.1 password=my §' publication p with (connect = false, slot_name = none)")),
	of(secret, "echo: connection string without an end", wrong("create subscription redaction_s connection 'password=''§' publication p with (connect = false, slot_name = none)")),
	of(secret, "echo: token of a URI", fails("create subscription redaction_s connection 'postgres://joe:§%zz@127.0.0.1/d' publication p with (connect = false, slot_name = none)")),
	of(secret, "echo: host of a URI", wrong("create subscription redaction_s connection 'postgres://joe:x/§@127.0.0.1:port/d' publication p with (connect = false, slot_name = none)")),
	of(secret, "echo: dblink", fails("select * from dblink('password=xyz §', 'select 1') as t(i int)")),
	of(secret, "echo: altered subscription", q("create subscription redaction_s connection '' publication p with (connect = false, slot_name = none)"),
		fails("alter subscription redaction_s connection 'password = xyz §'")),
	of(secret, "echo: set of a setting", q("set redaction.token = '§'"), fails("set work_mem = '§'")),
	of(secret, "echo: value for a setting", fails("select set_config('redaction.token', '§', true), set_config('work_mem', '§', true)")),
	of(secret, "echo: name of a relation", q("alter role redaction_joe password '§'"), fails(`select * from "§"`)),
	of(secret, "echo: valid until", fails("alter role redaction_joe password 'swordfish' valid until '§'")).
		stays("literals of other options, when the server repeats them"),
}

const (
	md5Verifier   = "md50123456789abcdef0123456789abcdef"
	scramVerifier = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$VHWPmE2JZ2yyL4BQDDVw0mLAMu4z9UbKiU8fYKKy4cE=:0X4C5v0gq3AHAsXqGm8jvY4nqOJHFRYxP6rEt9RBW1Q="
	// verifiers are what is left of verifiers whose beginnings are kept.
	md5Hash, scramKey = "0123456789abcdef0123456789abcdef", "VHWPmE2JZ2yyL4BQDDVw0mLAMu4z9UbKiU8fYKKy4cE="
)

// secretFields are in fields of messages.
var secretFields = []construct{
	of(secret, "parameter of an insert", x("insert into users (name, password) values ($1, $2)", "joe", "§")),
	of(secret, "parameter of an update", x("update users set password = $1", "§")),
	of(secret, "parameter of a comparison", x("select name from users where name = $1 and password = $2", "joe", "§")),
	of(secret, "parameter before a comparison", x("select name from users where $1 = password", "§")),
	of(secret, "parameter of a function", x("update users set password = md5($1)", "§")),
	of(secret, "parameter of a prepared statement", prepared("insert into users (name, password) values ($1, $2) on conflict do nothing", "joe", "§")),
	of(secret, "parameter of a copy of itself", x("update users set password = $1 where password is distinct from $1", "§")),
	of(secret, "parameter with a connection string", x("select dblink_disconnect($1) from users where name = 'nobody'", "host=127.0.0.1 password=§")),
	of(secret, "parameter with a URI", x("select dblink_disconnect($1) from users where name = 'nobody'", "postgres://joe:§@127.0.0.1/d")),
	of(secret, "parameter that nothing names", x("select $1::text is null", "§")).
		stays("A secret that nothing names"),
	of(secret, "secret row", q("insert into users (name, password) values ('joe', '§')"), q("select * from users")),
	of(secret, "row of a prepared statement", x("insert into users (name, token) values ($1, $2)", "joe", "§"), prepared("select name, token from users")),
	of(secret, "row under another name", q("insert into users (name, password) values ('joe', '§')"), q("select password as p from users")).
		stays("A secret that nothing names"),
	of(secret, "row under a telling name", q("select '§' as access_token")),
	of(secret, "COPY in, text", copyIn("copy users (name, password) from stdin", "joe\t§\n")),
	of(secret, "COPY in, CSV", copyIn("copy users (name, password) from stdin (format csv)", "joe,\"§\"\n")),
	of(secret, "COPY in, CSV with header", copyIn("copy users (name, password) from stdin (format csv, header)", "name,password\njoe,§\n")),
	of(secret, "COPY in when asked for, text", copyInLater("copy users (name, password) from stdin", "joe\t§\n")),
	of(secret, "COPY in when asked for, CSV", copyInLater("copy users (name, password) from stdin (format csv)", "joe,\"§\"\n")),
	of(secret, "COPY in when asked for, in pieces", copyInLater("copy users (name, password) from stdin (format csv)", "joe,\"x§", "§y\"\n")),
	of(secret, "COPY in when asked for, an error", copyInLater("copy users (passcode) from stdin", "§\n")),
	of(secret, "COPY out, text", q("insert into users (name, password) values ('joe', '§')"), copyOut("copy users (name, password) to stdout")),
	of(secret, "COPY out, CSV", q("insert into users (name, password) values ('joe', '§')"), copyOut("copy users (name, password) to stdout (format csv, header)")),
	of(secret, "COPY out, binary", q("insert into users (name, password) values ('joe', '§')"), copyOut("copy users (name, password) to stdout (format binary)")),
	of(secret, "COPY out of a query", q("insert into users (name, password) values ('joe', '§')"), copyOut("copy (select name, password from users) to stdout")),
	of(secret, "COPY in, an error", copyFails("copy users (passcode) from stdin", "§\n")),
	of(secret, "md5 verifier in a row", q("select "+concat(md5Verifier))).and(md5Hash),
	of(secret, "SCRAM verifier in a row", q("select "+concat(scramVerifier))).and(scramKey),
	of(secret, "md5 verifier in SQL", q("select '"+md5Verifier+"' is null")).and(md5Hash),
	of(secret, "SCRAM verifier in SQL", q("select '"+scramVerifier+"' is null")).and(scramKey),
	of(secret, "md5 verifier as a parameter", x("select $1::text is null", md5Verifier)).and(md5Hash),
	of(secret, "SCRAM verifier as a parameter", x("select $1::text is null", scramVerifier)).and(scramKey),
	of(secret, "md5 verifier in COPY", copyIn("copy users (name) from stdin", md5Verifier[:4]+"\n"), copyIn("copy hashes from stdin", md5Verifier+"\n")).and(md5Hash),
	of(secret, "SCRAM verifier in COPY", copyIn("copy hashes from stdin", scramVerifier+"\n")).and(scramKey),
	of(secret, "SCRAM verifier in an array", q("select array['joe', "+concat(scramVerifier)+"]")).and(scramKey),
	of(secret, "SCRAM verifier in JSON", q("select json_build_object('joe', "+concat(scramVerifier)+")")).and(scramKey),
	of(secret, "SCRAM verifier in an error", fails("select ("+concat(scramVerifier)+")::int")).and(scramKey),
	of(secret, "md5 verifier in a notice", says("do $$ begin raise notice '%', "+concat(md5Verifier)+"; end $$")).and(md5Hash),
	of(secret, "verifier of a role", q("select 1 from pg_authid where rolpassword = "+concat(scramVerifier))).and(scramKey),
	of(secret, "md5 verifier in a notification", notifies("select pg_notify('redaction_news', "+concat(md5Verifier)+")")).and(md5Hash),
}

// concat is an expression for a text that does not contain the text itself.
func concat(text string) string {
	half := len(text) / 2
	return "'" + text[:half] + "' || '" + text[half:] + "'"
}
