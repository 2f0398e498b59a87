package leak

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// read returns the literals of SQL as they are written, and what they mean where that is
// something else.
func read(sql string, q quoting) (all []string, sure bool) {
	sure = literals([]byte(sql), q, func(t token) {
		text := string(t.text)
		if t.kind == constant {
			text = string(t.body)
		}
		if meaning := t.meaning(); meaning != nil {
			text += " = " + string(meaning)
		}
		all = append(all, text)
	})
	return all, sure
}

func TestLiterals(t *testing.T) {
	standard, escaping := quoting{known: true, encoding: "UTF8"}, quoting{known: true, escapes: true, encoding: "UTF8"}
	for _, test := range []struct {
		sql  string
		q    quoting
		want []string
	}{
		{`select 'a', "b", $1, t1.c2 -- d`, standard, []string{`a`, `-- d`}},
		{`'C:\', 'x'`, standard, []string{`C:\`, `x`}},
		{`'C:\', 'x'`, escaping, []string{`C:\',  = C:', `, ``}}, // the second is not closed
		{`N'it''s', n'\'`, standard, []string{`it''s = it's`, `\`}},
		{`E'it\'s\n\x41\102\u0043\U00000044\q'`, standard, []string{`it\'s\n\x41\102\u0043\U00000044\q` + " = it's\nABCDq"}},
		{`'it\'s'`, escaping, []string{`it\'s = it's`}},
		{`U&'d\0061t\+000061\\', u&'!0041' uescape '!'`, standard, []string{`d\0061t\+000061\\ = data\`, `!0041 = A`, `!`}},
		{`B'01' x'4F'`, standard, []string{`01`, `4F`}},
		{"'a'\n'b' 'c'", standard, []string{"a'\n'b = ab", `c`}},
		{"E'a' -- it's\r\n\t'\\'b'", standard, []string{"a' -- it's\r\n\t'\\'b = a'b"}},
		{`'a' /* no */ 'b'`, standard, []string{`a`, `/* no */`, `b`}},
		{`$$a'b$$ $x$ $$ $x$ a$$ $é$c$é$`, standard, []string{`a'b`, ` $$ `, `c`}},
		{`1 .5 1.5e-10 0xFF 1_000 12abc $1 t1 1..10`, standard, []string{`1`, `.5`, `1.5e-10`, `0xFF`, `1_000`, `12abc`, `1..10`}},
		{`/* a /* b */ 'c' */ "it's" 'd'`, standard, []string{`/* a /* b */ 'c' */`, `d`}},
		{`fooe'a' "x""y" 'z'`, standard, []string{`a`, `z`}},
		{`create or replace function f() as $f$ begin return 'a' || $q$ 'b' $q$; end $f$`, standard, []string{`a`, ` 'b' `}},
		{`do $$ begin perform 'a'; end $$; select $$b$$`, standard, []string{`a`, `b`}},
		{`set x = 'a'; set local "app.x" = 'b'; set app.y to 'c', 'd'; update t set x = 'e'`, standard, []string{`b`, `c`, `d`, `e`}},
		{`copy t from stdin (format 'csv', null 'a', quote '"'); copy (select null, 'b') to 'c' null as 'd'`, standard, []string{`b`, `c`}},
		{`start_replication slot "s" logical 0/0 (proto_version '1')`, standard, nil},
		{`select 'table', 'tablet', 'SELECT'`, standard, []string{`tablet`}},
		{"'\x95\\', 'x'", quoting{known: true, escapes: true, encoding: "SJIS"}, []string{"\x95\\ = \x95\\", `x`}},
		{"'\x95', 'x'", quoting{known: true, encoding: "SJIS"}, []string{"\x95", `x`}},
		{"E'\x95\\', 'x'", quoting{known: true, encoding: "GBK"}, []string{"\x95\\ = \x95\\", `x`}},
		{`'a`, standard, []string{`a`}}, {`E'a\`, standard, []string{`a\ = a\`}}, {`$a$b`, standard, []string{`b`}}, {`/* a`, standard, []string{`/* a`}},
	} {
		if got, sure := read(test.sql, test.q); !slices.Equal(got, test.want) || !sure {
			t.Errorf("%s: %q, want %q", test.sql, got, test.want)
		}
	}
}

// TestUnsure reads SQL of a session whose settings were not seen.
func TestUnsure(t *testing.T) {
	for sql, want := range map[string]bool{
		`'a', E'b\'c', '\d+', 'C:\\', '\\d', $$\'$$, U&'\0041', X'\', "\" -- '\'`: true,
		`'C:\', 1`: false, `N'C:\', ''`: false, `'it\'s'`: false, `'\\\', 1`: false, `do $$ '\' $$`: false, `set x = '\', 1`: false,
		"E'\x95\\', 1": false, "E'\x95\\\\', 1": false, "E'\x95\\n', 1": true, `'C:\'`: true, // the same text, whether it is closed or not
	} {
		if _, sure := read(sql, quoting{}); sure != want {
			t.Errorf("%s: sure is %t", sql, sure)
		}
	}
}

// TestJudge lets real servers judge what constants mean, and where they end.
func TestJudge(t *testing.T) {
	for _, version := range []int{14, 18} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			server, err := localpg.Start(t.Context(), localpg.Config{Bin: servers.Require(t, version), Settings: map[string]string{
				"fsync": "off", "backslash_quote": "on", "escape_string_warning": "off",
			}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			conn, err := pgconn.Connect(t.Context(), server.URL())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close(context.Background()) })
			for _, q := range []quoting{{known: true}, {known: true, escapes: true}} {
				judge(t, conn, q)
			}
			tryKeyWords(t, conn)
		})
	}
}

// judged are pieces to make constants from.
var judged = []string{"a", `\`, `''`, `\'`, `\\`, `"`, "$", "é", `\n`, `\101`, `\x41`, `\u0041`, `\0041`, "--", "/*", "'\n'", "' -- x'\n  '", "!", " "}

// judge compares what all constants of three such pieces mean here and on a server.
func judge(t *testing.T, conn *pgconn.PgConn, q quoting) {
	t.Helper()
	setting := "on"
	if q.escapes {
		setting = "off"
	}
	if _, err := conn.Exec(t.Context(), "set standard_conforming_strings = "+setting).ReadAll(); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, prefix := range []string{"", "E", "N", "U&"} {
		for i := range len(judged) * len(judged) * len(judged) {
			sql := prefix + "'" + judged[i%len(judged)] + judged[i/len(judged)%len(judged)] + judged[i/len(judged)/len(judged)] + "'"
			if i%23 != 0 { // the others are slower than they are worth
				continue
			}
			result, err := conn.Exec(t.Context(), "select "+sql+"::text").ReadAll()
			if err != nil || len(result) != 1 || len(result[0].Rows) != 1 {
				continue // it is not a constant
			}
			taken++
			want := string(result[0].Rows[0][0])
			var got []string
			literals([]byte(sql+"::text"), q, func(token token) {
				if token.kind != constant {
					return
				}
				text := token.meaning()
				if text == nil {
					text = token.body
				}
				got = append(got, string(text))
			})
			if prefix == "N" { // it has the type character, which loses spaces
				want, got[0] = strings.TrimRight(want, " "), strings.TrimRight(got[0], " ")
			}
			if len(got) != 1 || got[0] != want {
				t.Errorf("standard_conforming_strings %s: %s means %q, not %q", setting, sql, want, strings.Join(got, "|"))
			}
		}
	}
	if taken < 200 {
		t.Errorf("only %d constants were taken", taken)
	}
}

// tryKeyWords redacts statements with each key word that a server knows, as a constant and
// as itself: that is not a leak.
func tryKeyWords(t *testing.T, conn *pgconn.PgConn) {
	t.Helper()
	result := conn.ExecParams(t.Context(), "select word from pg_get_keywords()", nil, nil, nil, nil).Read()
	if result.Err != nil || len(result.Rows) < 400 {
		t.Fatalf("%d key words: %v", len(result.Rows), result.Err)
	}
	for _, row := range result.Rows {
		d := login("on", "")
		d.client('Q', "select '", row[0], "', 'Canary'\x00")
		d.client('Q', row[0], " birds ", row[0], "\x00")
		safe, detector := d.redacted(t), d.learned()
		safe.track(detector.Search)
		if err := detector.Err(); err != nil {
			t.Errorf("%s: %v", row[0], err)
		}
	}
}
