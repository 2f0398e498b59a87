package redact

import (
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// hidden is SQL with "•" in the place of what it calls a secret.
func hidden(t *testing.T, sql string) (string, named) {
	t.Helper()
	found := findNamed([]byte(sql), hintsOf([]byte(sql)))
	var out strings.Builder
	end := 0
	for _, s := range joinSpans(slices.Clone(found.spans)) {
		if s.Start < end || s.End <= s.Start || s.End > len(sql) {
			t.Fatalf("%q: span %v is empty, out of order or out of range", sql, s)
		}
		out.WriteString(sql[end:s.Start] + "•")
		end = s.End
	}
	return out.String() + sql[end:], found
}

// TestNamed has SQL with what it calls a secret, and the words of that which are remembered.
func TestNamed(t *testing.T) {
	for _, test := range []struct{ sql, want, words string }{
		{`ALTER ROLE joe PASSWORD 'swordfish' VALID UNTIL 'never'`, `ALTER ROLE joe PASSWORD '•' VALID UNTIL 'never'`, "swordfish"},
		{`ALTER ROLE joe SET password 'swordfish'`, `ALTER ROLE joe SET password '•'`, "swordfish"},
		{`ALTER ROLE joe PASSWORD Swordfish`, `ALTER ROLE joe PASSWORD •`, "Swordfish;swordfish"},
		{`ALTER ROLE joe PASSWORD "swordfish"; SELECT 'x'`, `ALTER ROLE joe PASSWORD "•"; SELECT 'x'`, "swordfish"},
		{`ALTER ROLE joe PASSWORD NULL`, `ALTER ROLE joe PASSWORD NULL`, ""},
		{`CREATE ROLE joe passwrd 'swordfish'`, `CREATE ROLE joe passwrd '•'`, ""},
		{`CREATE USER MAPPING FOR joe SERVER s OPTIONS (user 'joe', auth 'herring', password 'swordfish')`,
			`CREATE USER MAPPING FOR joe SERVER s OPTIONS (user 'joe', auth '•', password '•')`, "swordfish"},
		{`ALTER SERVER s OPTIONS (SET host 'h', ADD license 'herring')`, `ALTER SERVER s OPTIONS (SET host 'h', ADD license '•')`, ""},
		{`CREATE SUBSCRIPTION s CONNECTION 'host=h password=swordfish' PUBLICATION p`, `CREATE SUBSCRIPTION s CONNECTION '•' PUBLICATION p`, "swordfish"},
		{`CREATE SUBSCRIPTION s CONNECTION 'password=my swordfish' PUBLICATION p`, `CREATE SUBSCRIPTION s CONNECTION '•' PUBLICATION p`,
			"my;password=my swordfish;swordfish"},
		{`SELECT dblink('host=h password=swordfish', 'select 1')`, `SELECT dblink('host=h password=•', 'select 1')`, "swordfish"},
		{`SELECT dblink('postgres://joe:sword%20fish@h/d?sslpassword=cod', 'x')`, `SELECT dblink('postgres://joe:•@h/d?sslpassword=•', 'x')`, "cod;sword fish;sword%20fish"},
		{`UPDATE users SET name = 'joe', password = crypt('swordfish', gen_salt('bf')) WHERE id = 7`,
			`UPDATE users SET name = 'joe', password = crypt('•', gen_salt('•')) WHERE id = 7`, "bf;swordfish"},
		{`INSERT INTO users (id, password) VALUES (1, 'swordfish'), (2, 'herring')`, `INSERT INTO users (id, password) VALUES (1, '•'), (2, '•')`, "herring;swordfish"},
		{`INSERT INTO users (id, token) SELECT 1, 'swordfish' FROM t WHERE x = 'y'`, `INSERT INTO users (id, token) SELECT 1, '•' FROM t WHERE x = 'y'`, "swordfish"},
		{`UPDATE users SET (name, password) = ('joe', 'swordfish')`, `UPDATE users SET (name, password) = ('joe', '•')`, "swordfish"},
		{`SELECT * FROM users WHERE name = 'joe' AND users.password = 'swordfish' OR x = 'y'`, `SELECT * FROM users WHERE name = 'joe' AND users.password = '•' OR x = 'y'`, "swordfish"},
		{`SELECT * FROM users WHERE 'swordfish' = password`, `SELECT * FROM users WHERE '•' = password`, "swordfish"},
		{`SELECT * FROM users WHERE password IN ('swordfish', 'herring') AND x = 'y'`, `SELECT * FROM users WHERE password IN ('•', '•') AND x = 'y'`, "herring;swordfish"},
		{`SELECT password FROM users WHERE name = 'joe'`, `SELECT password FROM users WHERE name = 'joe'`, ""},
		{`SELECT 'swordfish'::text AS password, 'joe' AS name`, `SELECT '•'::text AS password, 'joe' AS name`, "swordfish"},
		{`SET app.token = 'swordfish'`, `SET app.token = '•'`, "swordfish"},
		{`SET "app.api_key" TO swordfish`, `SET "app.api_key" TO •`, "swordfish"},
		{`SELECT set_config('app.secret', 'swordfish', false)`, `SELECT set_config('app.secret', '•', false)`, "swordfish"},
		{`SELECT check_password('joe', 'swordfish')`, `SELECT check_password('•', '•')`, "joe;swordfish"},
		{`DO $$ DECLARE password text := 'swordfish'; BEGIN ALTER ROLE x PASSWORD 'herring'; END $$`,
			`DO $$ DECLARE password text := '•'; BEGIN ALTER ROLE x PASSWORD '•'; END $$`, "herring;swordfish"},
		{`DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''swordfish'''; END $$`, `DO $$ BEGIN EXECUTE 'ALTER ROLE x PASSWORD ''swordfish'''; END $$`, "swordfish"},
		{`SELECT data->>'password' = 'swordfish'`, `SELECT data->>'password' = '•'`, "swordfish"},
		{`SET password_encryption = 'md5'`, `SET password_encryption = 'md5'`, ""},
		{`SELECT 'my secret plan'`, `SELECT 'my secret plan'`, ""},
	} {
		got, found := hidden(t, test.sql)
		var words []string
		for _, w := range found.words {
			words = append(words, string(w))
		}
		slices.Sort(words)
		if joined := strings.Join(slices.Compact(words), ";"); got != test.want || joined != test.words {
			t.Errorf("%s\n got %s, and remembers %q\nwant %s, and %q", test.sql, got, joined, test.want, test.words)
		}
	}
}

// TestNamedParameters has SQL with the parameters that it calls secrets.
func TestNamedParameters(t *testing.T) {
	for sql, want := range map[string][]int{
		`INSERT INTO users (name, password) VALUES ($1, $2)`:                     {2},
		`UPDATE users SET password = md5($2) WHERE id = $1`:                      {2},
		`SELECT 1 FROM users WHERE name = $1 AND password = $2`:                  {2},
		`SELECT 1 FROM users WHERE $3 = token`:                                   {3},
		`SELECT set_config('app.secret', $1, true)`:                              {1},
		`SELECT name FROM users WHERE id = $1`:                                   nil,
		`SELECT password FROM users WHERE id = $1`:                               nil,
		`INSERT INTO t (token) VALUES ($99999999999999999999)`:                   {1 << 17},
		`MERGE INTO u USING s ON u.password = $1 WHEN MATCHED THEN DO NOTHING`:   {1},
		`SELECT 1 FROM users WHERE password IS DISTINCT FROM $4 OR name = $5`:    {4},
		`INSERT INTO users (name, password) VALUES ($1, crypt($2, $3)), ($4, 1)`: {2, 3},
	} {
		_, found := hidden(t, sql)
		slices.Sort(found.parameters)
		if got := slices.Compact(found.parameters); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", sql, got, want)
		}
	}
}

// TestVerifiers has the exact forms, and what only looks like them.
func TestVerifiers(t *testing.T) {
	const hash, key = "0123456789abcdef0123456789abcdef", "SCRAM-SHA-256$4096:c2FsdA==$VHWP+E2J/w==:0X4C5v0g"
	for text, want := range map[string]string{
		"md5" + hash:                       "•",
		"{joe,md5" + hash + "}":            "{joe,•}",
		"xmd5" + hash:                      "xmd5" + hash,
		"md5" + hash + "0":                 "md5" + hash + "0",
		"md5 " + hash:                      "md5 " + hash,
		"md5" + strings.ToUpper(hash):      "md5" + strings.ToUpper(hash),
		key:                                "•",
		`"` + key + `", "x"`:               `"•", "x"`,
		"(SCRAM-SHA-256$4096:c2Fsd..., 1)": "(•..., 1)",
		"SCRAM-SHA-256$ and SCRAM-SHA-256": "SCRAM-SHA-256$ and SCRAM-SHA-256",
		"md5" + hash + " md5" + hash:       "• •",
	} {
		var out strings.Builder
		end := 0
		for _, s := range joinSpans(appendVerifiers(nil, []byte(text), 0)) {
			out.WriteString(text[end:s.Start] + "•")
			end = s.End
		}
		if got := out.String() + text[end:]; got != want {
			t.Errorf("%q has become %q, want %q", text, got, want)
		}
	}
}

// say makes a message of a server's or a client's, redacts it and returns it.
func say(p *Passwords, typ wire.Type, c *event.Context, body string) string {
	b := append([]byte{typ.Code(), 0, 0, 0, byte(len(body) + 4)}, body...)
	m := event.Message{Message: wire.Message{Type: typ, Bytes: b, Size: int64(len(b))}, Context: c}
	p.message(1, &m)
	return string(m.Bytes[wire.HeaderSize:])
}

// TestKnown: what was a password is hidden wherever it is repeated as a word of its own, until the
// connection ends.
func TestKnown(t *testing.T) {
	p := new(Passwords)
	say(p, wire.Query, nil, "ALTER ROLE joe SET PASSWORD 'Swordfish'\x00")
	for body, want := range map[string]string{
		"Msyntax error at or near \"'Swordfish'\"\x00\x00": "Msyntax error at or near \"'*********'\"\x00\x00",
		"MSyntaxfehler bei »'Swordfish'«\x00\x00":          "MSyntaxfehler bei »'*********'«\x00\x00",
		"MSwordfishes are no Swordfish\x00\x00":            "MSwordfishes are no *********\x00\x00",
	} {
		if got := say(p, wire.ErrorResponse, nil, body); got != want {
			t.Errorf("%q has become %q, want %q", body, got, want)
		}
	}
	if got := say(p, wire.DataRow, nil, "\x00\x01\x00\x00\x00\x09Swordfish"); !strings.HasSuffix(got, "Swordfish") {
		t.Errorf("a row has become %q", got)
	}
	e := event.Event{Conn: 1, Kind: event.Said, Fact: event.Ended{}}
	p.Apply(&e)
	if got := say(p, wire.ErrorResponse, nil, "MSwordfish\x00\x00"); !strings.Contains(got, "Swordfish") {
		t.Errorf("after the end of the connection it is remembered: %q", got)
	}
}

// TestKnownIsBounded forgets the oldest, and remembers nothing that is short.
func TestKnownIsBounded(t *testing.T) {
	var k known
	k.add([]byte("cod"))
	for i := range 10 * maxKnown {
		k.add([]byte(strings.Repeat("x", i%7+4) + string(rune('a'+i%26)) + string(rune('a'+i/26))))
	}
	if len(k.secrets) != maxKnown {
		t.Errorf("%d are remembered", len(k.secrets))
	}
	if spans := k.appendKnown(nil, []byte("cod"), 0); spans != nil {
		t.Errorf("a short word is hidden: %v", spans)
	}
	long := strings.Repeat("long", 50)
	k.add([]byte(long))
	if spans := k.appendKnown(nil, []byte("("+long+")"), 0); len(spans) != 1 || spans[0].End != len(long)+1 {
		t.Errorf("a long one is hidden as %v", spans)
	}
}

// TestNamedColumns: rows and parameters that are called secrets are hidden whole, but moments are
// none.
func TestNamedColumns(t *testing.T) {
	const text, timestamptz = 25, 1184
	c := &event.Context{Columns: []event.Column{{Name: "name", TypeOID: text}, {Name: "password", TypeOID: text}, {Name: "password_set", TypeOID: timestamptz}}}
	got := say(new(Passwords), wire.DataRow, c, "\x00\x03\x00\x00\x00\x03joe\x00\x00\x00\x05abcde\x00\x00\x00\x042031")
	if want := "\x00\x03\x00\x00\x00\x03joe\x00\x00\x00\x05*****\x00\x00\x00\x042031"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzNamed wants spans in range, and an end, for any text.
func FuzzNamed(f *testing.F) {
	f.Add(`INSERT INTO users (a, password) VALUES (1, 'x'), (2, f('y'))`)
	f.Add(`CREATE USER MAPPING FOR joe SERVER s OPTIONS (password 'x'`)
	f.Add(`password = password = (password, ((password AS password`)
	f.Add(`SELECT 'postgres://a:b%4@c?password=d&' AS token`)
	f.Fuzz(func(t *testing.T, sql string) {
		hidden(t, sql)
		findConninfo([]byte(sql))
		for _, s := range appendVerifiers(nil, []byte(sql), 0) {
			if s.Start >= s.End || s.End > len(sql) {
				t.Fatalf("%q has the verifier %v", sql, s)
			}
		}
	})
}
