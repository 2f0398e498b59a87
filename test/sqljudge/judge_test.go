package sqljudge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/internal/sqltext"
	"pgpi/test/servers"
	"pgpi/test/sqlgen"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// TestJudge has real servers judge what constants and names are and mean, with
// standard_conforming_strings on and off: they must return what we say.
func TestJudge(t *testing.T) {
	for _, version := range servers.Versions {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			conn := connect(t, version)
			judgeCatalogs(t, conn)
			for _, setting := range []string{"on", "off"} {
				j := judge{conn: conn, version: version, settings: sqltext.SettingsOf(setting, "UTF8")}
				j.set(t, "standard_conforming_strings", setting)
				j.texts(t)
				j.set(t, "backslash_quote", "on") // otherwise \' is refused in most of what follows
				for encoding, characters := range pairs {
					j.set(t, "client_encoding", encoding)
					j.settings = sqltext.SettingsOf(setting, encoding)
					j.characters(t, encoding, characters)
				}
				j.set(t, "client_encoding", "UTF8")
			}
			for sql, want := range numbers {
				result := conn.ExecParams(t.Context(), "select "+sql, nil, nil, nil, nil).Read()
				got := ""
				if result.Err == nil {
					got = string(result.Rows[0][0])
				}
				if got != want[version-14] {
					t.Errorf("%s is %q, not %q", sql, got, want[version-14])
				}
			}
		})
	}
}

// judgeCatalogs has a server say which tables and views are its own. It finds them without a schema.
func judgeCatalogs(t *testing.T, conn *pgconn.PgConn) {
	t.Helper()
	result := conn.ExecParams(t.Context(), "select relname from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v')", nil, nil, nil, nil).Read()
	if result.Err != nil || len(result.Rows) == 0 {
		t.Fatalf("it names %d catalogs: %v", len(result.Rows), result.Err)
	}
	var shaper sqltext.Shaper
	for _, row := range result.Rows {
		sql := "select from " + string(row[0])
		if !sqltext.TraitsOf(shaper.Shape([]byte(sql), sqltext.Settings{})).OnlyCatalogs {
			t.Errorf("%s is not taken for one that reads the catalogs", sql)
		}
	}
}

// numbers are how servers from 14 on read these, as [sqltext.Number] says; "" is an error.
var numbers = map[string][5]string{
	"1_000": {"1", "", "1000", "1000", "1000"}, "0x1F": {"0", "", "31", "31", "31"}, "12abc": {"12"}, "1e": {"1"}, "$1abc::text": {},
	"1..2": {}, "5.": {"5", "5", "5", "5", "5"}, "1.e1": {"10", "10", "10", "10", "10"}, "1_": {"1"}, "0x": {"0"}, "1.5.5": {},
}

// pairs are characters whose second byte is an ASCII one: a backslash if the encoding has such a
// character.
var pairs = map[string][]string{
	"SJIS": {"\x83\x5c", "\x95\x5c", "\x83\x7c", "\xb1"}, "SHIFT_JIS_2004": {"\x83\x5c", "\x95\x5c"}, "BIG5": {"\xa5\x5c", "\xb3\x5c", "\xa4\x7c"},
	"GBK": {"\x81\x5c", "\x81\x7c", "\x95\x60"}, "GB18030": {"\x81\x5c", "\x81\x30\x84\x36"}, "UHC": {"\x81\x41", "\x81\x61"},
}

type judge struct {
	conn     *pgconn.PgConn
	version  int
	settings sqltext.Settings
}

func connect(t *testing.T, version int) *pgconn.PgConn {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, version), Settings: map[string]string{"fsync": "off", "escape_string_warning": "off", "log_min_messages": "panic"},
	})
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
	return conn
}

func (j *judge) set(t *testing.T, name, value string) {
	t.Helper()
	if _, err := j.conn.Exec(t.Context(), fmt.Sprintf("set %s = '%s'", name, value)).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// texts compares lists of constants, some of them with something wrong.
func (j *judge) texts(t *testing.T) {
	r := rand.New(rand.NewPCG(uint64(j.version), uint64(j.settings.Strings)))
	compared, refused := 0, 0
	const texts = 3000
	for range texts {
		all := make([]string, 1+r.IntN(5))
		for i := range all {
			all[i] = sqlgen.Constant(r)
			if r.IntN(3) == 0 {
				all[i] += " as " + sqlgen.Name(r)
			}
		}
		list := strings.Join(all, ","+sqlgen.Space(r))
		if r.IntN(2) == 0 {
			list = sqlgen.Mutate(r, list)
		}
		switch j.compare(t, "select "+list) {
		case yes:
			compared++
		case no:
			refused++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("by %v: %d texts, %d of them lists of constants, %d refused", j.settings, texts, compared, refused)
	if compared < texts/5 || refused < texts/50 {
		t.Errorf("only %d are lists of constants, and %d are refused", compared, refused)
	}
}

// characters compares constants and names in another encoding.
func (j *judge) characters(t *testing.T, encoding string, characters []string) {
	r := rand.New(rand.NewPCG(uint64(j.version), uint64(len(encoding))))
	pieces := append([]string{"a", "''", `\\`, `\'`, `\n`, "1"}, append(characters, characters...)...)
	compared := 0
	for range 300 {
		content := ""
		for range r.IntN(7) {
			content += pieces[r.IntN(len(pieces))]
		}
		tag := characters[r.IntN(len(characters))]
		for _, sql := range []string{
			"select E'" + content + "'", "select '" + content + "', E'" + content + "'\n'" + content + "'", "select N'" + content + "'",
			"select U&'" + tag + `\0041` + tag + "'", "select $" + tag + "$" + content + "$" + tag + "$", "select 'x' as " + tag + "a" + tag,
		} {
			if j.compare(t, sql) == yes {
				compared++
			}
		}
		if t.Failed() {
			return
		}
	}
	if compared < 1000 {
		t.Errorf("only %d texts in %s are lists of constants", compared, encoding)
	}
}

type verdict int

const (
	unclear verdict = iota
	yes
	no
)

// compare asks the server what SQL means, if that is a list of constants, perhaps with names. What
// we say that no server accepts, it must refuse.
func (j *judge) compare(t *testing.T, sql string) verdict {
	t.Helper()
	values, names, verdict := j.list(sql)
	switch {
	case verdict == unclear:
		return unclear
	case j.version < 17 && strings.Contains(sql, `\v`), j.version < 16 && strings.Contains(sql, "\v"):
		return unclear // old servers do not treat a vertical tab as one
	}
	result := j.conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
	var refused *pgconn.PgError
	switch {
	case errors.As(result.Err, &refused) && refused.Code == "22021":
		return unclear // \700 is a byte that is not text: its encoding would be unknown
	case verdict == no && result.Err == nil:
		t.Errorf("%q by %v: the server takes it, as %q", sql, j.settings, result.Rows)
	case verdict == no:
	case result.Err != nil:
		t.Errorf("%q by %v: %v", sql, j.settings, result.Err)
	case len(result.Rows[0]) != len(values):
		t.Errorf("%q by %v: the server has %d values, we have %d", sql, j.settings, len(result.Rows[0]), len(values))
	default:
		for i, value := range values {
			if got := result.Rows[0][i]; !bytes.Equal(got, value) {
				t.Errorf("%q by %v: value %d is %q to the server, %q to us", sql, j.settings, i, got, value)
			}
			if got := result.FieldDescriptions[i].Name; names[i] != nil && got != string(names[i]) {
				t.Errorf("%q by %v: name %d is %q to the server, %q to us", sql, j.settings, i, got, names[i])
			}
		}
	}
	return verdict
}

// list reads a SELECT of constants. For anything else, it is unclear whether the server accepts it.
func (j *judge) list(sql string) (values, names [][]byte, is verdict) {
	s := sqltext.NewScanner([]byte(sql), j.settings)
	is = yes
	token := s.NextSignificant()
	value := func() []byte {
		one, ok := s.AppendValue([]byte{}, token)
		if !ok {
			is = no
		}
		if token.Kind == sqltext.HexString {
			one = bitsOf(one)
		}
		kind := token.Kind
		if token = s.NextSignificant(); (kind == sqltext.UnicodeString || kind == sqltext.UnicodeName) && s.Is(token, "uescape") {
			s.NextSignificant()
			token = s.NextSignificant()
		}
		return one
	}
	for more := true; more; more = s.Is(token, ",") {
		if token = s.NextSignificant(); !token.Kind.IsString() {
			return nil, nil, unclear
		}
		values, names = append(values, value()), append(names, nil)
		if s.Is(token, "as") {
			if token = s.NextSignificant(); !token.Kind.IsName() {
				return nil, nil, unclear
			}
			names[len(names)-1] = value()
		}
	}
	if token.Kind != sqltext.End {
		return nil, nil, unclear
	}
	return values, names, is
}

// bitsOf returns the bits of hexadecimal digits, for X'…'.
func bitsOf(digits []byte) (bits []byte) {
	for _, c := range digits {
		digit, _ := strconv.ParseUint(string(c), 16, 8) // 0 if it is not a digit, which the server refuses
		bits = fmt.Appendf(bits, "%04b", digit)
	}
	return bits
}
