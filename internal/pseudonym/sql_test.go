package pseudonym

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
	"pgpi/test/sqlgen"
)

// What is a literal depends on the session's settings: "•" marks what changes.
func TestLiteralsBySettings(t *testing.T) {
	on := &event.Settings{StandardStrings: "on", ClientEncoding: "UTF8"}
	off := &event.Settings{StandardStrings: "off", ClientEncoding: "UTF8"}
	sjis := &event.Settings{StandardStrings: "off", ClientEncoding: "SJIS"}
	for _, test := range []struct {
		settings *event.Settings
		sql      string
	}{
		{on, `insert into t values ('C:\', '•', column1, N'\', '•')`},
		{off, `insert into t values ('C:\', ••••••, ', column1, N'\', ••••••')`},
		{nil, `insert into t values ('C:\', '•', ••••••, N'\', '•')`},
		{on, `select '\d+', column1, E'\'•', column1`},
		{nil, `select '\d+', column1, E'\'•', column1`},
		{sjis, "select '\x83\\', column1, '•'"},
		{on, `create function f() as $$ select 'C:\', '•', column1 $$`},
		{on, `copy t from stdin (null '\N', delimiter $$;$$) where a = '•' 'C:\'`},
	} {
		sql := strings.NewReplacer("••••••", "Canary", "•", "Canary").Replace(test.sql)
		m := &event.Message{Settings: test.settings, Message: wire.Message{Type: wire.Query, Bytes: []byte("Q\x00\x00\x00\x00" + sql + "\x00")}}
		m.Size = int64(len(m.Bytes))
		e := &event.Event{Kind: event.Traffic, Messages: []event.Message{*m}}
		e.Messages[0].Context = &event.Context{SQL: sql, Settings: test.settings}
		New().Apply(e)
		for _, got := range []string{string(e.Messages[0].Bytes), e.Messages[0].Context.SQL} {
			if strings.Contains(got, "Canary") || strings.Contains(got, "column1") != strings.Contains(test.sql, "column1") {
				t.Errorf("%s by %+v became %q", sql, test.settings, got)
			}
		}
	}
}

// SQL that is only known from before is read by the settings of then.
func TestContextBySettings(t *testing.T) {
	const sql = `insert into t values ('C:\', column1)`
	e := &event.Event{Kind: event.Traffic, Messages: []event.Message{{
		Message:  wire.Message{Type: wire.BindComplete, Bytes: []byte("2\x00\x00\x00\x04"), Size: 5},
		Settings: &event.Settings{StandardStrings: "off", ClientEncoding: "UTF8"},
		Context:  &event.Context{SQL: sql, Settings: &event.Settings{StandardStrings: "on", ClientEncoding: "UTF8"}},
	}}}
	New().Apply(e)
	if got := e.Messages[0].Context.SQL; !strings.HasSuffix(got, `:\', column1)`) {
		t.Errorf("%s became %s", sql, got)
	}
}

// Values are known by what they mean, however SQL spells them.
func TestLiteralsByMeaning(t *testing.T) {
	for sql, value := range map[string]string{
		`select 'Ali''s'`: "Ali's", `select E'\u0041l\x69ce'`: "Alice", `select U&'!0041lice' uescape '!'`: "Alice", "select 'Ali'\n'ce W'": "Alice W",
		`select $$Alice$$`: "Alice", `do $$ begin f('Ali''s'); end $$`: "Ali's", `select 'A\154ice'`: "Alice",
	} {
		v := New()
		v.learnSQL([]byte(sql))
		if !v.seen.holds([]byte(value)) {
			t.Errorf("%s does not tell of %s", sql, value)
		}
	}
}

// Without settings, all is replaced that is a literal by any.
func TestLiteralsWithoutSettings(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	v := New()
	mask := func(sql []byte, settings sqltext.Settings) []byte {
		masked := bytes.Clone(sql)
		if v.findLiterals(sql, settings, nil) {
			v.literals = joinLiterals(v.literals)
		}
		end := 0
		for _, l := range v.literals {
			if l.start < end {
				t.Fatalf("%q by %v: literals %v", sql, settings, v.literals)
			}
			end = l.end
			for i := l.start; i < l.end; i++ {
				masked[i] = '*'
			}
		}
		return masked
	}
	inDoubt := 0
	for range 10_000 {
		sql := []byte(sqlgen.Text(r))
		if v.findLiterals(sql, sqltext.Settings{}, nil) {
			inDoubt++
		}
		unknown := mask(sql, sqltext.Settings{})
		for settings := range (sqltext.Settings{}).Readings() {
			for i, c := range mask(sql, settings) {
				if c == '*' && unknown[i] != '*' {
					t.Fatalf("%q: by %v %q is replaced, without settings %q", sql, settings, mask(sql, settings), unknown)
				}
			}
		}
	}
	if inDoubt < 250 {
		t.Errorf("only %d texts are in doubt", inDoubt)
	}
}
