package sqltext

import (
	"fmt"
	"strings"
	"testing"
)

// marks are abbreviations for the kinds of tokens in these tests.
var marks = map[Kind]string{
	LineComment: "--", BlockComment: "/*", Word: "w", QuotedName: "q", UnicodeName: "uq", String: "s", EscapeString: "e", UnicodeString: "u",
	NationalString: "n", DollarString: "d", BitString: "b", HexString: "x", Number: "#", Parameter: "$", Operator: "o", Punctuation: "p", Other: "?",
}

// describe returns the tokens of SQL except spaces, each as its mark and its text. "!" means that a
// token is not terminated, "~" that its value is in doubt, and "~~" that its end is.
func describe(sql string, settings Settings) string {
	var all []string
	s := NewScanner([]byte(sql), settings)
	for t := s.Next(); t.Kind != End; t = s.Next() {
		if t.Kind == Space {
			continue
		}
		unterminated := map[bool]string{true: "!"}[t.Unterminated]
		all = append(all, fmt.Sprintf("%s%s%s[%s]", marks[t.Kind], unterminated, strings.Repeat("~", int(t.Doubt)), s.Text(t)))
	}
	return strings.Join(all, " ")
}

var (
	standard = Settings{StandardStrings, ASCIISafe}
	escapes  = Settings{EscapedStrings, ASCIISafe}
)

func TestTokens(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"", ""},
		{"select A, b$1 from _t;", "w[select] w[A] p[,] w[b$1] w[from] w[_t] p[;]"},
		{`"a""b"."c"`, `q["a""b"] p[.] q["c"]`},
		{`"" "a`, `q[""] q!["a]`},
		{`U&"a" u&'b' u&c u & 'd'`, `uq[U&"a"] u[u&'b'] w[u] o[&] w[c] w[u] o[&] s['d']`},
		{"naïve 日本x", "w[naïve] w[日本x]"},

		// Constants.
		{`'a''b' 'C:\' ''`, `s['a''b'] s['C:\'] s['']`},
		{`E'a\'b' e'\\' E'\`, `e[E'a\'b'] e[e'\\'] e![E'\]`},
		{`N'a' n'C:\' nn'a' N 'a'`, `n[N'a'] n[n'C:\'] w[nn] s['a'] w[N] s['a']`},
		{`b'01' X'1F' B'1''0'`, `b[b'01'] x[X'1F'] b[B'1'] s['0']`},
		{`xe'a\'c'`, `w[xe] s['a\'] w[c] s![']`},
		{"$$a'b$$ $t$a$$b$t$ $é$x$é$", "d[$$a'b$$] d[$t$a$$b$t$] d[$é$x$é$]"},
		{"$a$ $b$a$ $a $c", "d[$a$ $b$a$] ?[$] w[a] ?[$] w[c]"},
		{"a$$b$$ $a b$ $1$$x$$ $1$x$", "w[a$$b$$] ?[$] w[a] w[b$] $[$1] d[$$x$$] $[$1] d![$x$]"},
		{"$a$ b $A$", "d![$a$ b $A$]"},
		{"'a' 'b'", "s['a'] s['b']"},
		{"'a'\n'b'", "s['a'\n'b']"},
		{"'a' -- it's\n\t'b'", "s['a' -- it's\n\t'b']"},
		{"'a'--\r--\n'b' 'c'", "s['a'--\r--\n'b'] s['c']"},
		{"'a'\n--'b'", "s['a'] --[--'b']"},
		{"'a'\n/**/'b'", "s['a'] /*[/**/] s['b']"},
		{"'a'\n-'b'", "s['a'] o[-] s['b']"},
		{"'a'\nE'b'", "s['a'] e[E'b']"},
		{"E'a'\n'b\\'c'", "e[E'a'\n'b\\'c']"},
		{"B'1'\n'0'", "b[B'1'\n'0']"},
		{"'a'\n'b", "s!['a'\n'b]"},
		{"$$a$$\n'b'", "d[$$a$$] s['b']"},

		// Comments and operators.
		{"a -- b\nc --", "w[a] --[-- b] w[c] --[--]"},
		{"/* /* a */ b */ c /*/ */ /**/ /*", "/*[/* /* a */ b */] w[c] /*[/*/ */] /*[/**/] /*![/*]"},
		{"1 +-- x\n2 */* y */ 3", "#[1] o[+] --[-- x] #[2] o[*] /*[/* y */] #[3]"},
		{"a<>-1 =- @- *+- ?-+ <--", "w[a] o[<>] o[-] #[1] o[=] o[-] o[@-] o[*] o[+] o[-] o[?-+] o[<] --[--]"},
		{"+-+-+ ->> || ! - ", "o[+] o[-] o[+] o[-] o[+] o[->>] o[||] o[!] o[-]"},
		{"a::b := ... .. : [1:2]", "w[a] p[::] w[b] p[:=] p[..] p[.] p[..] p[:] p[[] #[1] p[:] #[2] p[]]"},

		// Numbers and parameters.
		{"1 1.5 .5 1. 1.e5 1e-5 1E+5", "#[1] #[1.5] #[.5] #[1.] #[1.e5] #[1e-5] #[1E+5]"},
		{"1..10 1.5..2 1.5.5 1...5", "#[1] p[..] #[10] #[1.5] p[..] #[2] #[1.5] #[.5] #[1] p[..] #[.5]"},
		{"1_000 1_0.0_1e1_0 0x1F_a 0B01 0o17 0e+5", "#[1_000] #[1_0.0_1e1_0] #[0x1F_a] #[0B01] #[0o17] #[0e+5]"},
		{"12abc 1_ 1__0 1._5 1e 1e+ 1.5e- 0x 0xg 0b12 0x1.5", "#[12abc] #[1_] #[1__0] #[1._5] #[1e] #[1e] o[+] #[1.5e] o[-] #[0x] #[0xg] #[0b12] #[0x1] #[.5]"},
		{"1é 1$ 1$$a$$ $1 $12abc $1_0", "#[1é] #[1] ?[$] #[1] d[$$a$$] $[$1] $[$12] w[abc] $[$1] w[_0]"},
		{`1e'\'' 0x'1' 2u&'a' $1n'b' 1ee'c'`, `#[1] e[e'\''] #[0] x[x'1'] #[2] u[u&'a'] $[$1] n[n'b'] #[1ee] s['c']`},

		{"{a} \\ \x00\x01", "?[{] w[a] ?[}] ?[\\] ?[\x00] ?[\x01]"},
		{"a\vb\fc", "w[a] w[b] w[c]"},
	} {
		if got := describe(test.sql, standard); got != test.want {
			t.Errorf("%q\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

// What standard_conforming_strings decides, and what tokens say if it is not known.
func TestStrings(t *testing.T) {
	for _, test := range []struct{ sql, standard, escapes, unknown string }{
		{"'a' E'\\n' $$\\$$ \"\\\"", "s['a'] e[E'\\n'] d[$$\\$$] q[\"\\\"]", "s['a'] e[E'\\n'] d[$$\\$$] q[\"\\\"]", "s['a'] e[E'\\n'] d[$$\\$$] q[\"\\\"]"},
		{`'\d+' 1`, `s['\d+'] #[1]`, `s['\d+'] #[1]`, `s~['\d+'] #[1]`},
		{`'a\\' N'\\'`, `s['a\\'] n[N'\\']`, `s['a\\'] n[N'\\']`, `s~['a\\'] n~[N'\\']`},
		{`'C:\', 'a'`, `s['C:\'] p[,] s['a']`, `s['C:\', '] w[a] s![']`, `s~~['C:\'] p~~[,] s~~['a']`},
		{`N'C:\' 'a'`, `n[N'C:\'] s['a']`, `n[N'C:\' '] w[a] s![']`, `n~~[N'C:\'] s~~['a']`},
		{`1 'a\''`, `#[1] s!['a\'']`, `#[1] s['a\'']`, `#[1] s!~~['a\'']`},
		{"'a'\n'\\' 'c'", "s['a'\n'\\'] s['c']", "s['a'\n'\\' '] w[c] s![']", "s~~['a'\n'\\'] s~~['c']"},
		{`B'\' U&'\'`, `b[B'\'] u[U&'\']`, `b[B'\'] u[U&'\']`, `b[B'\'] u[U&'\']`},
	} {
		for _, reading := range []struct {
			settings Settings
			want     string
		}{{standard, test.standard}, {escapes, test.escapes}, {Settings{}, test.unknown}, {Settings{Encoding: ASCIISafe}, test.unknown}} {
			if got := describe(test.sql, reading.settings); got != reading.want {
				t.Errorf("%s by %v\n got %s\nwant %s", test.sql, reading.settings, got, reading.want)
			}
		}
	}
}

// An ASCII byte after one above 0x7f may be the second half of a character.
func TestEncodings(t *testing.T) {
	const unknown = "~"
	for _, test := range []struct{ sql, safe, pairs, shiftJIS, unknown string }{
		{"E'\x95\\' 'a'", "e[E'\x95\\' '] w[a] s![']", "e[E'\x95\\'] s['a']", "e[E'\x95\\'] s['a']", "e~~[E'\x95\\' '] w~~[a] s!~~[']"},
		{"E'\xb1\\' 'a'", "e[E'\xb1\\' '] w[a] s![']", "e[E'\xb1\\'] s['a']", "e[E'\xb1\\' '] w[a] s![']", "e~~[E'\xb1\\' '] w~~[a] s!~~[']"},
		{"E'\x95\\n' 1", "e[E'\x95\\n'] #[1]", "e[E'\x95\\n'] #[1]", "e[E'\x95\\n'] #[1]", "e~[E'\x95\\n'] #[1]"},
		{"E'é\\\\' 1", "e[E'é\\\\'] #[1]", "e[E'é\\\\'] #[1]", "e[E'é\\\\'] #[1]", "e~[E'é\\\\'] #[1]"},
		{"'\x95\\' 1", "s['\x95\\'] #[1]", "s['\x95\\'] #[1]", "s['\x95\\'] #[1]", "s['\x95\\'] #[1]"},
		{"\x83\\ $\x83]$'$\x83]$", "w[\x83] ?[\\] ?[$] w[\x83] p[]] ?[$] s!['$\x83]$]", "w[\x83\\] d[$\x83]$'$\x83]$]", "w[\x83\\] d[$\x83]$'$\x83]$]",
			"w[\x83] ?[\\] ?[$] w[\x83] p[]] ?[$] s!['$\x83]$]"},
		{"'\x95' \"\x95\" \x95'", "s['\x95'] q[\"\x95\"] w[\x95] s![']", "s['\x95'] q[\"\x95\"] w[\x95] s![']", "s['\x95'] q[\"\x95\"] w[\x95] s![']",
			"s['\x95'] q[\"\x95\"] w[\x95] s![']"},
	} {
		for encoding, want := range map[Encoding]string{ASCIISafe: test.safe, Pairs: test.pairs, ShiftJIS: test.shiftJIS, UnknownEncoding: test.unknown} {
			if got := describe(test.sql, Settings{StandardStrings, encoding}); got != want {
				t.Errorf("%q by encoding %d\n got %q\nwant %q", test.sql, encoding, got, want)
			}
		}
	}
	if got, want := describe("'\x95\\' 'a'", Settings{EscapedStrings, ShiftJIS}), "s['\x95\\'] s['a']"; got != want {
		t.Errorf("got %q, want %q%s", got, want, unknown)
	}
}

func TestSettingsOf(t *testing.T) {
	for _, test := range []struct {
		strings, encoding string
		want              Settings
	}{
		{"", "", Settings{}}, {"on", "UTF8", standard}, {"off", "LATIN1", escapes}, {"on", "SQL_ASCII", standard},
		{"on", "SJIS", Settings{StandardStrings, ShiftJIS}}, {"off", "Shift_JIS_2004", Settings{EscapedStrings, ShiftJIS}},
		{"", "big5", Settings{UnknownStrings, Pairs}}, {"maybe", "GB18030", Settings{UnknownStrings, Pairs}},
	} {
		if got := SettingsOf(test.strings, test.encoding); got != test.want {
			t.Errorf("%q, %q: got %v, want %v", test.strings, test.encoding, got, test.want)
		}
	}
	for settings, want := range map[Settings]int{{}: 6, standard: 1, {Encoding: Pairs}: 2, {Strings: EscapedStrings}: 3} {
		n := 0
		for r := range settings.Readings() {
			if r.Strings == UnknownStrings || r.Encoding == UnknownEncoding || !settings.mayBe(r) {
				t.Errorf("%v may not be %v", settings, r)
			}
			n++
		}
		if n != want {
			t.Errorf("%v has %d readings, want %d", settings, n, want)
		}
	}
}

func TestParts(t *testing.T) {
	for sql, want := range map[string]string{
		"'a'":                        "a",
		"''":                         "",
		"E'a\\'b'":                   "a\\'b",
		"U&'a'":                      "a",
		"$x$a$$b$x$":                 "a$$b",
		"$$a":                        "a",
		`"a""b"`:                     `a""b`,
		`U&"a"`:                      "a",
		`"a`:                         "a",
		"'a":                         "a",
		"'":                          "",
		"'a'\n'b'":                   "a b",
		"'a' -- it's\n -- c\n'b''c'": "a --:-- it's --:-- c b''c",
		"'a'\n'b":                    "a b",
		"B'1' -- c\n'0'":             "1 --:-- c 0",
		"-- c":                       "--:-- c",
		"12":                         "12",
	} {
		s := NewScanner([]byte(sql), Settings{})
		token := s.Next()
		var parts []string
		for p := s.Parts(token); p.Next(); {
			parts = append(parts, map[bool]string{true: "--:"}[p.Comment]+sql[p.Start:p.End])
		}
		if got := strings.Join(parts, " "); got != want || s.Next().Kind != End {
			t.Errorf("%q has %q, want %q", sql, got, want)
		}
	}
}

// Nothing is allocated, whatever the tokens and the settings are.
func TestAllocations(t *testing.T) {
	sql := []byte(`select 'a\b', E'\x95\', N'\\', $$x$$, "a""b", U&'\0041' uescape '!', 1.5, a+-b -- c` + "\n'a' -- d\n'b'")
	for settings := range (Settings{}).Readings() {
		for _, settings := range []Settings{{}, settings} {
			n := testing.AllocsPerRun(10, func() {
				s := NewScanner(sql, settings)
				for t := s.NextSignificant(); t.Kind != End; t = s.NextSignificant() {
					s.Is(t, "select")
					for p := s.Parts(t); p.Next(); {
						_ = sql[p.Start:p.End]
					}
				}
			})
			if n > 0 {
				t.Errorf("%v allocations by %v", n, settings)
			}
		}
	}
}
