package sqltext

import (
	"strconv"
	"testing"
)

func TestAppendLine(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"select 1", "select 1"},
		{"  select\n\t1 ;\n", "select 1 ;"},
		{"select 1 -- all\nfrom t", "select 1 /* all */ from t"},
		{"select 1 --all */ of /* it\n", "select 1 /*all * / of / * it */"},
		{"select /* a\n b */ 1", "select /* a  b */ 1"},
		{"select 'a\nb', $1, $12, $3", `select E'a\nb', <1>, <12>, $3`},
		{"select $$a\n'b'\\$$", `select E'a\n''b''\\'`},
		{"select 'a'\n'b\nc'", `select E'ab\nc'`},
		{"select \"a\nb\"", `select U&"a\+00000ab"`},
		{"select U&'d!0061\n' UESCAPE '!' , 1", `select E'da\n' , 1`},
		{"select U&\"d!0061\n\" UESCAPE '!' , 1", `select U&"da\+00000a" , 1`},
		{"select B'01'\n'10', N'a\n'", `select B'0110', nchar E'a\n'`},
		{"select'a\tb', 'é\u0085\u202e\x01'", `select E'a\tb', E'é\u0085\u202e\x01'`},
		{"select 1-$1from t where u&$1 > $2[1]and($1).a", "select 1-<1> from t where u& <1> > (<2>)[1]and(<1>).a"},
		{"select $1::int4[], $1::numeric(1,2), $1::timestamp with time zone, $1::pg_catalog.int4", "select <int4[]>::int4[], <1>::numeric(1,2), <1>::timestamp with time zone, <1>::pg_catalog.int4"},
		{"select 'never\nends", `select 'never ends`},
		{"select $1 ::int, $2", "select <int> ::int, <2>"},
		{"select '$1', $1$", "select '$1', <1> $"},
	} {
		got, asSent := AppendLine(nil, []byte(test.sql), Settings{Strings: StandardStrings, Encoding: ASCIISafe}, func(dst []byte, n int, cast string) ([]byte, bool) {
			if cast != "" {
				return append(dst, "<"+cast+">"...), true
			}
			return append(append(append(dst, '<'), strconv.Itoa(n)...), '>'), n != 3
		})
		if string(got) != test.want || asSent != (test.sql == test.want) {
			t.Errorf("%q\ngot  %s, as sent %t\nwant %s", test.sql, got, asSent, test.want)
		}
	}
}

// A constant means the text that it was made from.
func TestAppendQuoted(t *testing.T) {
	for _, text := range []string{"", "it's", `C:\`, "a\nb\r\t'", `\n`, "ü"} {
		for settings := range (Settings{}).Readings() {
			sql := AppendQuoted(nil, []byte(text))
			tokens := NewScanner(sql, settings)
			token := tokens.Next()
			value, ok := tokens.AppendValue(nil, token)
			if !ok || string(value) != text || tokens.Next().Kind != End {
				t.Errorf("%q: %s means %q by %+v", text, sql, value, settings)
			}
		}
	}
}
