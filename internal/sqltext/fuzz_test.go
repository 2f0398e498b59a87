package sqltext

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgpi/test/sqlgen"
)

// check tests what is true of any text: each byte is in one token, parts are in order and inside
// their token, and the tokens for unknown settings are those for any possible settings, unless a
// token says otherwise.
func check(t *testing.T, sql []byte) {
	t.Helper()
	for _, encoding := range []Encoding{ASCIISafe, Pairs, ShiftJIS} {
		unknown := scan(t, sql, Settings{Encoding: encoding})
		known := len(unknown)
		if i := slices.IndexFunc(unknown, func(one Token) bool { return one.Doubt == CutInDoubt }); i >= 0 {
			known = i
		}
		for r := range (Settings{Encoding: encoding}).Readings() {
			tokens := scan(t, sql, r)
			for i, one := range unknown[:known] {
				compareTokens(t, sql, one, tokens[i], r)
			}
			if known == len(unknown) && len(tokens) != known {
				t.Fatalf("%q by %v: %d tokens, without doubt %d", sql, r, len(tokens), known)
			}
		}
	}
	scan(t, sql, Settings{})
	constant := append([]byte("E'"), sql...)
	if first := scan(t, constant, Settings{Strings: StandardStrings})[0]; first.Doubt != CutInDoubt {
		for r := range (Settings{Strings: StandardStrings}).Readings() {
			compareTokens(t, constant, first, scan(t, constant, r)[0], r)
		}
	}
	FindCopy(string(sql), 0, Settings{})
	ParseReplication(string(sql))
	DeallocatedName(string(sql), Settings{})
}

// compareTokens compares a token for unknown settings with one for known settings.
func compareTokens(t *testing.T, sql []byte, unknown, known Token, r Settings) {
	t.Helper()
	doubt := unknown.Doubt
	unknown.Doubt = NoDoubt
	if unknown != known {
		t.Fatalf("%q by %v: %+v, without doubt %+v", sql, r, known, unknown)
	}
	if doubt == ValueInDoubt || known.Kind == UnicodeString || known.Kind == UnicodeName { // UESCAPE has doubts of its own
		return
	}
	a, b := NewScanner(sql, Settings{Encoding: r.Encoding}), NewScanner(sql, r)
	valueA, okA := a.AppendValue(nil, unknown)
	valueB, okB := b.AppendValue(nil, known)
	if !bytes.Equal(valueA, valueB) || okA != okB {
		t.Fatalf("%q by %v: %+v means %q, without doubt %q", sql, r, known, valueB, valueA)
	}
}

func scan(t *testing.T, sql []byte, settings Settings) (all []Token) {
	t.Helper()
	s := NewScanner(sql, settings)
	end, inDoubt := 0, false
	for one := s.Next(); one.Kind != End; one = s.Next() {
		if one.Start != end || one.End <= one.Start || one.End > len(sql) || one.Kind > Other || one.Unterminated && one.End < len(sql) {
			t.Fatalf("%q with %v: %+v after %d", sql, settings, one, end)
		}
		if one.Doubt == CutInDoubt && settings.Strings != UnknownStrings && settings.Encoding != UnknownEncoding || inDoubt && one.Doubt != CutInDoubt {
			t.Fatalf("%q by %v: the doubt of %+v", sql, settings, one)
		}
		end, inDoubt = one.End, one.Doubt == CutInDoubt
		at := one.Start
		for p := s.Parts(one); p.Next(); at = p.End {
			if p.Start < at || p.End < p.Start || p.End > one.End {
				t.Fatalf("%q by %v: part %d..%d of %+v", sql, settings, p.Start, p.End, one)
			}
		}
		if _, ok := s.AppendValue(nil, one); ok && one.Unterminated {
			t.Fatalf("%q by %v: %+v has a value", sql, settings, one)
		}
		all = append(all, one)
	}
	if end != len(sql) || s.Next() != (Token{Span: Span{end, end}, Doubt: map[bool]Doubt{true: CutInDoubt}[inDoubt]}) {
		t.Fatalf("%q by %v: the last token ends at %d", sql, settings, end)
	}
	return all
}

func FuzzScanner(f *testing.F) {
	for _, sql := range append(sqlgen.Statements(), "E'\x95\\'", "$\x83\\$'$\x83\\$", "'\\''\n'\\'", `START_REPLICATION SLOT "s" LOGICAL 0/0 (a 'b')`, "\x00'") {
		f.Add([]byte(sql))
	}
	f.Fuzz(func(t *testing.T, sql []byte) { check(t, sql) })
}

// TestTexts checks texts from sqlgen, with bytes of other encodings in them.
func TestTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 5_000 {
		sql := []byte(sqlgen.Text(r))
		if !utf8.Valid(sql) || bytes.IndexByte(sql, 0) >= 0 {
			t.Fatalf("%q is not what a server scans", sql)
		}
		for range r.IntN(3) {
			sql = slices.Insert(sql, r.IntN(len(sql)+1), []byte("\x95\\")[:1+r.IntN(2)]...)
		}
		check(t, sql)
	}
}

// TestHostileTexts scans texts of a quarter of a megabyte that would take hours if the work grew
// with more than their size.
func TestHostileTexts(t *testing.T) {
	const size = 1 << 18
	for _, piece := range []string{
		"+-", "<+", "+", "@-", "'\\'x", "'\\'", `E'\'`, "E'\x95\\'", "'a'\n", "'\n'", "B''\n", "$a", "$a$", "$", "/*", "*/", "--", "-\n", "U&'' ", "U&''/**/",
		"1.", "1_", "0x", "e'", "\"", "\x95\\", "''\n--", "N'\\' ",
	} {
		sql := []byte(strings.Repeat(piece, size/len(piece)))
		for _, settings := range []Settings{{}, standard, escapes} {
			s := NewScanner(sql, settings)
			parts := 0
			for one := s.Next(); one.Kind != End; one = s.Next() {
				for p := s.Parts(one); p.Next(); {
					parts++
				}
			}
			if parts == 0 {
				t.Errorf("%q has no parts", piece)
			}
		}
	}
}

func TestValues(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{`'a''b'`, "a'b"}, {`N'a'`, "a"}, {`''`, ""}, {"'a' -- it's\n'b'", "ab"}, {`'a\n'`, `a\n`}, {"$x$a''$x$", "a''"},
		{`E'a\'\\\n\t\b\f\r\v\q'''`, "a'\\\n\t\b\f\r\vq'"}, {`E'\x41\x4g\101\7'`, "A\x04gA\x07"}, {`E'\u00e9\U0001F600\ud83d\ude00'`, "é😀😀"},
		{`E'\u00'`, "!u00"}, {`E'\ud83d'`, "!\ufffd"}, {`E'\udc00'`, "!udc00"}, {`E'\0'`, "!\x00"}, {`E'a`, "!a"}, {`E'\U00110000'`, "!U00110000"}, {"'a'\n'b", "!ab"},
		{`U&'\0041\+01F600\\''\d83d\de00'`, "A😀\\'😀"}, {`U&'\004'`, `!\004`}, {`U&'\d83d'`, "!\ufffd"}, {`U&'!0041\0041!!' /* */ uescape '!'`, `A\0041!`},
		{`U&'\0041' uescape '1'`, "!A"}, {`U&'\0041' uescape x`, "!A"}, {`U&"!0041b" UESCAPE $$!$$`, "Ab"},
		{`B'01'`, "01"}, {`B'012'`, "!012"}, {`x'1fG'`, "!1fG"}, {`X'1F'`, "1F"},
		{`SeLECT`, "select"}, {"NAÏve", "naÏve"}, {`"a""B"`, `a"B`}, {`""`, "!"}, {`"a`, "!a"}, {"1_000", "1_000"}, {"$1", "$1"}, {"<=", "<="}, {"-- a", "-- a"}, {"/*", "!/*"},
	} {
		s := NewScanner([]byte(test.sql), standard)
		value, ok := s.AppendValue([]byte("x"), s.Next())
		if got := map[bool]string{false: "!"}[ok] + strings.TrimPrefix(string(value), "x"); got != test.want {
			t.Errorf("%s means %q, not %q", test.sql, got, test.want)
		}
	}
	for _, test := range []struct {
		sql      string
		settings Settings
		want     string
	}{
		{`'a\'b'`, escapes, "a'b"}, {`U&'a'`, escapes, "!a"}, {"E'\x83\\n\\n'", Settings{StandardStrings, ShiftJIS}, "\x83\\n\n"},
		{"\x83AB", Settings{StandardStrings, ShiftJIS}, "\x83Ab"}, {"U&'\x83\\0041\\0041'", Settings{StandardStrings, Pairs}, "\x83\\0041A"},
	} {
		s := NewScanner([]byte(test.sql), test.settings)
		value, ok := s.AppendValue(nil, s.Next())
		if got := map[bool]string{false: "!"}[ok] + string(value); got != test.want {
			t.Errorf("%q means %q by %v, not %q", test.sql, got, test.settings, test.want)
		}
	}
}

func TestDeallocatedName(t *testing.T) {
	for sql, want := range map[string]string{
		"DEALLOCATE a": "a", `deallocate prepare "A b";;`: "A b", "/* x */ Deallocate P -- y": "p", "deallocate all": "all",
		"deallocate": "", "deallocate a, b": "", "deallocate a; select 1": "", "deallocate a /*": "", `deallocate "a`: "", "select 1": "", "": "",
	} {
		if name, ok := DeallocatedName(sql, Settings{}); name != want && ok || ok != (want != "") {
			t.Errorf("%s: %q, %v", sql, name, ok)
		}
	}
}

// If it is not known where a constant ends, nothing is said about a COPY after it.
func TestFindCopyInDoubt(t *testing.T) {
	for sql, want := range map[string]string{
		`COPY t FROM STDIN (NULL '\N')`: "true", `SELECT 'C:\'; COPY t FROM STDIN`: "false", `COPY t FROM STDIN; SELECT 'C:\'`: "true",
		`COPY t FROM STDIN (NULL 'a\'b')`: "false",
	} {
		if _, ok := FindCopy(sql, 0, Settings{}); fmt.Sprint(ok) != want {
			t.Errorf("%s: found is %v", sql, ok)
		}
	}
}
