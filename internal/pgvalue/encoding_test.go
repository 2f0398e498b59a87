package pgvalue_test

import (
	"encoding/hex"
	"strconv"
	"testing"

	"pgpi/internal/pgvalue"
)

// TestEncodings has a server write characters in each encoding that it can talk
// to a client in, and compares what pgvalue reads with what the server reads.
func TestEncodings(t *testing.T) {
	j := newJudge(t, 18)
	// All characters of the first 12,032, then every third: what a table
	// leaves out comes in runs.
	j.exec(`create function pg_temp.written(encoding name) returns table (bytes text, text text) language plpgsql as $$
		declare b bytea;
		begin
			for i in 128..65535 loop
				continue when i between 55296 and 57343 or i > 12032 and i % 3 > 0;
				begin
					b := convert_to(chr(i), encoding);
					bytes := encode(b, 'hex');
					text := encode(convert_to(convert_from(b, encoding), 'UTF8'), 'hex');
					return next;
				exception when others then null; -- the encoding does not have the character
				end;
			end loop;
		end $$`)
	for _, row := range j.query(`select pg_encoding_to_char(i) from generate_series(1, 60) i where pg_encoding_to_char(i) <> ''`) {
		name := string(row[0])
		if reason, ok := notDecoded[name]; ok {
			t.Logf("%s: not decoded: %s", name, reason)
			continue
		}
		settings := pgvalue.NewSettings(pgvalue.Parameters{ClientEncoding: name})
		written := j.query(`select bytes, text from pg_temp.written('` + name + `')`)
		if len(written) < 40 {
			t.Errorf("%s: the server writes only %d characters", name, len(written))
		}
		private := 0
		for _, w := range written {
			bytes, want := decodeHex(t, w[0]), string(decodeHex(t, w[1]))
			got := string(settings.AppendUTF8(nil, bytes))
			switch {
			case got == want:
			case (name == "UHC" || name == "GB18030") && want >= "\ue000" && want < "\uf900":
				private++
			case name == "GBK" && string(bytes) == "\x80" && want == "\x80":
				// The server takes this byte for a character and leaves it as it is; it is the euro
				// sign.
			default:
				t.Errorf("%s %s: got %+q, the server reads %+q", name, w[0], got, want)
			}
		}
		t.Logf("%s: %d characters compared, %d of the private use area left as they are", name, len(written), private)
	}
}

// notDecoded are PostgreSQL's encodings whose text is left as it is.
var notDecoded = map[string]string{
	"EUC_TW":         "no table",
	"JOHAB":          "no table",
	"EUC_JIS_2004":   "no table",
	"SHIFT_JIS_2004": "no table",
	"MULE_INTERNAL":  "no table",
	"UTF8":           "it is UTF-8",
}

func decodeHex(t *testing.T, b []byte) []byte {
	t.Helper()
	out, err := hex.DecodeString(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEncodedValues reads values with text in them that come in the client's
// encoding, inside of others and with an encoding declaration in XML.
func TestEncodedValues(t *testing.T) {
	j := newJudge(t, 15)
	for _, encoding := range []string{"UTF8", "LATIN1", "WIN1252", "LATIN9", "UHC"} {
		j.exec("set client_encoding = '" + encoding + "'")
		text := `U&'\00df "\00d7'` // in all of these
		for _, sql := range []string{
			`select ` + text + ` v`, `select array[` + text + `, null] v`, `select row(` + text + `, 1) v`,
			`select to_jsonb(array[` + text + `]) v`, `select array_to_tsvector(array[` + text + `]) v`,
			`select xmlelement(name a, ` + text + `) v`, `select array[xmlelement(name a, ` + text + `)] v`,
			`select xml '<?xml version="1.0" standalone="yes"?><a/>' v`, `select xml '<?xml version="1.1"?><a/>' v`,
			`select xml ''  v`, `select xml E'<?xml version="1.0"?>\n<a/>' v`, `select quote_ident(` + text + `)::name v`,
		} {
			j.compare(sql)
		}
	}
	if j.values != 60 {
		t.Errorf("%s values compared, want 60", strconv.Itoa(j.values))
	}
}
