package redact

import (
	"strings"
	"testing"
)

// blank puts "•" in the place of each span.
func blank(t *testing.T, sql string) string {
	t.Helper()
	var out strings.Builder
	end := 0
	for _, span := range new(Passwords).sqlSpans(1, []byte(sql)) {
		if span.Start < end || span.End <= span.Start || span.End > len(sql) {
			t.Fatalf("%q: span %v is empty, out of order or out of range", sql, span)
		}
		out.WriteString(sql[end:span.Start] + "•")
		end = span.End
	}
	return out.String() + sql[end:]
}

func TestSQLSecrets(t *testing.T) {
	tests := []struct{ name, sql, want string }{
		// Nothing to hide.
		{"no secret", `SELECT 'a', "b", $1, $$c$$, E'\n' -- 'd'`, `SELECT 'a', "b", $1, $$c$$, E'\n' -- 'd'`},
		{"windows path", `SELECT 'C:\dir\'; SELECT 'x'`, `SELECT 'C:\dir\'; SELECT 'x'`},
		{"settings about passwords", `SET password_encryption = 'md5'`, `SET password_encryption = 'md5'`},
		{"not CONNECTION before a literal", `ALTER DATABASE d CONNECTION LIMIT 5 TABLESPACE 'x'`,
			`ALTER DATABASE d CONNECTION LIMIT 5 TABLESPACE 'x'`},
		{"the statement before", `SELECT 'a'; ALTER ROLE x PASSWORD 'b'`, `SELECT 'a'; ALTER ROLE x PASSWORD '•'`},
		{"the statement after", `ALTER ROLE x PASSWORD 'a'; SELECT 'b'`, `ALTER ROLE x PASSWORD '•'; SELECT 'b'`},
		{"an empty password", `ALTER ROLE x PASSWORD ''`, `ALTER ROLE x PASSWORD ''`},
		{"empty", ``, ``},

		// Roles.
		{"create role", `CREATE ROLE joe LOGIN PASSWORD 'a' VALID UNTIL 'b'`, `CREATE ROLE joe LOGIN PASSWORD '•' VALID UNTIL '•'`},
		{"alter user", `alter user joe with encrypted password 'a'`, `alter user joe with encrypted password '•'`},
		{"unencrypted", `CREATE GROUP g UNENCRYPTED PASSWORD 'a'`, `CREATE GROUP g UNENCRYPTED PASSWORD '•'`},
		{"as psql's \\password", `ALTER USER "joe" PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'`, `ALTER USER "joe" PASSWORD '•'`},
		{"no space", `ALTER ROLE x PASSWORD'a'`, `ALTER ROLE x PASSWORD'•'`},
		{"comments", "PASSWORD -- '\n /* ' /* ' */ ' */ 'a'", "PASSWORD -- '\n /* ' /* ' */ ' */ '•'"},
		{"no password", `ALTER ROLE x PASSWORD NULL; SELECT 'a'`, `ALTER ROLE x PASSWORD NULL; SELECT 'a'`},
		{"the wrong quotes", `ALTER ROLE x PASSWORD "a"`, `ALTER ROLE x PASSWORD "•"`},
		{"the wrong quotes and an equals sign", `SET PASSWORD = "a"`, `SET PASSWORD = "•"`},
		{"catalog", `UPDATE pg_authid SET rolpassword = 'md5a'`, `UPDATE pg_authid SET rolpassword = '•'`},

		// Literals of every kind.
		{"doubled quote", `PASSWORD 'a''b'`, `PASSWORD '•'`},
		{"semicolon", `PASSWORD 'a;b'; SELECT 'c'`, `PASSWORD '•'; SELECT 'c'`},
		{"escape string", `PASSWORD E'a\'b\\'; SELECT 'c'`, `PASSWORD E'•'; SELECT 'c'`},
		{"unicode string", `PASSWORD u&'a!0061' UESCAPE '!'`, `PASSWORD u&'•' UESCAPE '•'`},
		{"national string", `PASSWORD N'a'`, `PASSWORD N'•'`},
		{"dollar quotes", `PASSWORD $$a'b$$; SELECT 'c'`, `PASSWORD $$•$$; SELECT 'c'`},
		{"tagged dollar quotes", `PASSWORD $t_1$a$$b$t$c$t_1$`, `PASSWORD $t_1$•$t_1$`},
		{"continued", "PASSWORD 'a'\n 'b' -- c\n 'd'", "PASSWORD '•'\n '•' -- c\n '•'"},
		{"dollar inside a name", `SELECT a$$, 'b' FROM t$$`, `SELECT a$$, 'b' FROM t$$`},
		{"dollar quote after a number", `SELECT 1$$ PASSWORD $$`, `SELECT 1$$ PASSWORD•$$`},

		{"national string behind CONNECTION", `SERVER CONNECTION N'a'`, `SERVER CONNECTION N'•'`},
		{"a comment between parts", "SELECT 'a' -- was PASSWORD b\n'c'", "SELECT 'a' -- was PASSWORD•\n'c'"},
		{"a word behind a number", `SELECT 1PASSWORD 'a', 2connection 'b'; 3connection 'c'`, `SELECT 1PASSWORD '•', 2connection '•'; 3connection '•'`},

		// Options and connection strings.
		{"user mapping", `CREATE USER MAPPING FOR joe SERVER s OPTIONS (user 'u', password 'a')`,
			`CREATE USER MAPPING FOR joe SERVER s OPTIONS (user 'u', password '•')`},
		{"altered", `ALTER USER MAPPING FOR joe SERVER s OPTIONS (SET "password" 'a')`,
			`ALTER USER MAPPING FOR joe SERVER s OPTIONS (SET "password" '•')`},
		{"server", `ALTER SERVER s OPTIONS (host 'h', ADD sslpassword 'a')`, `ALTER SERVER s OPTIONS (host 'h', ADD sslpassword '•')`},
		{"other options", `OPTIONS (AWS_Secret_Access_Key 'a'); OPTIONS (passwd 'b'); OPTIONS (scram_client_key 'c')`,
			`OPTIONS (AWS_Secret_Access_Key '•'); OPTIONS (passwd '•'); OPTIONS (scram_client_key '•')`},
		{"the word is no password", `OPTIONS (password_required 'false', user 'u')`, `OPTIONS (password_required 'false', user 'u')`},
		{"escaped name", `OPTIONS (U&"p\0061ssword" 'a')`, `OPTIONS (U&"p\0061ssword" '•')`},
		{"subscription", `CREATE SUBSCRIPTION s CONNECTION 'host=h password=a' PUBLICATION p`,
			`CREATE SUBSCRIPTION s CONNECTION '•' PUBLICATION p`},
		{"subscription without a password", `ALTER SUBSCRIPTION s CONNECTION /* */ 'host=h'`,
			`ALTER SUBSCRIPTION s CONNECTION /* */ '•'`},
		{"dblink", `SELECT * FROM dblink('n', 'select 1'), dblink('host=h password = ''a b''')`,
			`SELECT * FROM dblink('n', 'select 1'), dblink('host=h password•')`},
		{"URI", `SELECT dblink_connect('postgresql://joe:a@h/d')`, `SELECT dblink_connect('postgresql://•')`},
		{"URI without a password", `SELECT 'http://h:80/d', 'a@b', 'http://u@h'`, `SELECT 'http://h:80/d', 'a@b', 'http://u@h'`},
		{"URI after another", `SELECT 'http://h/ postgres://u:a@h'`, `SELECT 'http://•'`},
		{"URI with a password at its end", `SELECT 'postgres:///?host=h&password=a'`, `SELECT 'postgres:///?host=h&password•'`},
		{"system", `ALTER SYSTEM SET primary_conninfo = 'user=u password=a'`, `ALTER SYSTEM SET primary_conninfo = 'user=u password•'`},

		// SQL within SQL.
		{"DO", `DO $$ BEGIN ALTER ROLE x PASSWORD 'a'; END $$; SELECT 'b'`, `DO $$ BEGIN ALTER ROLE x PASSWORD•$$; SELECT 'b'`},
		{"DO with quotes", `DO 'BEGIN ALTER ROLE x PASSWORD ''a''; END'`, `DO 'BEGIN ALTER ROLE x PASSWORD•'`},
		{"EXECUTE in DO", `DO $x$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''a'''; END $x$`,
			`DO $x$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD•$x$`},
		{"format", `SELECT format('ALTER ROLE %I PASSWORD %L', 'joe', 'a')`, `SELECT format('ALTER ROLE %I PASSWORD•', '•', '•')`},
		{"concatenated", `EXECUTE 'ALTER ROLE x PASSWORD ' || quote_literal('a')`, `EXECUTE 'ALTER ROLE x PASSWORD•' || quote_literal('•')`},
		{"not SQL", `DO $$ # don't` + "\n" + `f("PASSWORD 'a'") $$ LANGUAGE plpython3u`,
			`DO $$ # don't` + "\n" + `f("PASSWORD•$$ LANGUAGE plpython3u`},
		{"JSON", `SELECT '{"user": "u", "password": "a"}'`, `SELECT '{"user": "u", "password•'`},
		{"letters behind escapes", `DO E'ALTER ROLE x P\x41SSWORD ''a'''`, `DO E'•'`},
		{"letters behind unicode escapes", `DO U&'ALTER ROLE x P\0041SSWORD ''a'''`, `DO U&'•'`},
		{"escapes that spell nothing", `SELECT E'a\\x41\n'`, `SELECT E'a\\x41\n'`},
		{"comment", "-- was PASSWORD 'a'\nSELECT 'b' /* token a */", "-- was PASSWORD•\nSELECT 'b' /* token•"},

		// Quotes that don't match, or may not.
		{"cut off", `ALTER ROLE x PASSWORD 'a`, `ALTER ROLE x PASSWORD•`},
		{"cut off in dollar quotes", `ALTER ROLE x PASSWORD $x$a$x`, `ALTER ROLE x PASSWORD•`},
		{"cut off in a body", `DO $$ BEGIN ALTER ROLE x PASSWORD 'a`, `DO $$ BEGIN ALTER ROLE x PASSWORD•`},
		{"cut off behind the quote", `ALTER ROLE x PASSWORD '`, `ALTER ROLE x PASSWORD•`},
		{"cut off without a secret", `SELECT 'a`, `SELECT 'a`},
		{"backslash", `PASSWORD 'a\'b', 'c'`, `PASSWORD•`},
		{"backslash before", `SELECT 'C:\'; ALTER ROLE x PASSWORD 'a'`, `SELECT 'C:\'; ALTER ROLE x PASSWORD•`},
		{"two backslashes", `PASSWORD 'a\\'; SELECT 'b'`, `PASSWORD '•'; SELECT 'b'`},
		{"Shift JIS before", "SELECT E'\x95\\'; ALTER ROLE x PASSWORD 'a'", "SELECT E'\x95\\'; ALTER ROLE x PASSWORD•"},
		{"backslash that both readings take for the same", `SELECT 'a\\', 'é\\'; ALTER ROLE x PASSWORD 'a'`, `SELECT 'a\\', 'é\\'; ALTER ROLE x PASSWORD '•'`},
		{"backslash, and no secret behind it but what escapes spell", `SELECT 'C:\', U&'a', 'b'`, `SELECT 'C:\', U&'•`},
		{"a bit string that is not one", `SELECT B'01', X'1F'; ALTER ROLE b'x PASSWORD 'a'`, `SELECT B'01', X'1F'; ALTER ROLE b'x PASSWORD•`},
		{"quote in the password", `PASSWORD 'it's Joe's'; SELECT 'b'`, `PASSWORD•`},
		{"quote and semicolon in the password", `PASSWORD 'it';s'`, `PASSWORD•`},
		{"quote missing before", `ALTER ROLE 'x PASSWORD 'a'`, `ALTER ROLE 'x PASSWORD•`},
		{"double quote missing", `ALTER ROLE "x PASSWORD 'a'`, `ALTER ROLE "x PASSWORD•`},
		{"double quote missing, another follows", `ALTER ROLE "x PASSWORD 'a' IN ROLE "y"`, `ALTER ROLE "x PASSWORD•`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := blank(t, test.sql); got != test.want {
				t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
			}
		})
	}
}

// TestVagueAppends: spans that were there stay, and with room in dst nothing is allocated.
func TestVagueAppends(t *testing.T) {
	sql := []byte(`ALTER ROLE x PASSWORD 'a'; DO $$ ... $$; ALTER ROLE x PASSWORD 'it's'`)
	dst := make([]Span, 1, 10)
	dst[0] = Span{Start: 100, End: 200}
	got, _ := appendVague(dst, sql, hintsOf(sql))
	if len(got) != 2 || got[0] != dst[0] || got[1].End != len(sql) {
		t.Errorf("spans are %v, want %v and one to the end", got, dst[0])
	}
	if n := testing.AllocsPerRun(10, func() { appendVague(dst, sql, hintsOf(sql)) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// templates hold a secret at "?"; each names how the password is written there.
var templates = []struct {
	sql   string
	quote func(string) string
}{
	{`CREATE ROLE joe PASSWORD ? VALID UNTIL '2030-01-01'`, single},
	{`ALTER ROLE joe ENCRYPTED PASSWORD E?; SELECT 1`, backslashed},
	{`ALTER ROLE joe PASSWORD $canary$?$canary$; SELECT 'x'`, raw},
	{"ALTER ROLE joe PASSWORD 'x' -- '\n ?", single},
	{`CREATE USER MAPPING FOR joe SERVER s OPTIONS (user 'u', "password" ?)`, single},
	{`CREATE SUBSCRIPTION s CONNECTION ? PUBLICATION p`, single},
	{`SELECT dblink_connect(?)`, func(s string) string { return single("host=h password=" + single(s)) }},
	{`SELECT dblink_connect(?)`, func(s string) string { return single("postgres://joe:" + s + "@h/d") }},
	{`DO $canary$ BEGIN ALTER ROLE joe PASSWORD ?; END $canary$; SELECT 1`, single},
	{`DO $canary$ BEGIN EXECUTE ?; END $canary$`, func(s string) string { return single("ALTER ROLE joe PASSWORD " + single(s)) }},
	{`SELECT format('ALTER ROLE %I PASSWORD %L', 'joe', ?)`, single},
}

func single(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func backslashed(s string) string { return single(strings.ReplaceAll(s, `\`, `\\`)) }

func raw(s string) string { return s }

const canary = "CanaryBird7"

func TestCanaries(t *testing.T) {
	passwords := []string{
		canary, `'` + canary, canary + `'`, `''` + canary + `''`, `\` + canary, canary + `\`, `\\'` + canary + `\'`, `"` + canary,
		`;` + canary + `;`, `--` + canary, `/*` + canary, "\n" + canary + "\n", `$$` + canary + `$$`, "\x95\\" + canary, "é" + canary,
	}
	for _, template := range templates {
		for _, password := range passwords {
			sql := strings.Replace(template.sql, "?", template.quote(password), 1)
			if got := blank(t, sql); strings.Contains(got, canary) {
				t.Errorf("%s\n got %s", sql, got)
			}
			// Any prefix of it, as of a message too long to be kept.
			for cut := range len(sql) {
				if got := blank(t, sql[:cut]); strings.Contains(got, canary[:4]) {
					t.Errorf("%s\n got %s", sql[:cut], got)
				}
			}
		}
	}
}

// FuzzSQLSecrets: whatever precedes a statement with a canary as its password, and whatever
// the password holds beside the canary, the canary goes.
func FuzzSQLSecrets(f *testing.F) {
	for i := range templates {
		f.Add("SELECT 1; ", "a", "b", uint(i))
	}
	for _, before := range []string{"'", `"`, "$$", "E'\\", `'\'`, "/*", "--\n", `u&"`, "u&'", "$a$ ' $a$", "''''", "N'x"} {
		f.Add(before, `'`, `\`, uint(0))
	}
	f.Fuzz(func(t *testing.T, before, left, right string, which uint) {
		blank(t, before) // spans are in order, whatever the bytes
		template := templates[which%uint(len(templates))]
		password := left + canary + right
		if strings.Contains(before+password, "$canary$") || strings.Contains(before, canary) {
			t.Skip("the input holds the test's own marks")
		}
		sql := strings.Replace(template.sql, "?", template.quote(password), 1)
		if got := blank(t, sql); strings.Contains(got, canary) {
			t.Errorf("%q\n got %q", sql, got)
		}
		sql = before + "; ALTER ROLE joe PASSWORD " + single(canary)
		if got := blank(t, sql); strings.Contains(got, canary) {
			t.Errorf("%q\n got %q", sql, got)
		}
	})
}
