package pseudonym

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/internal/pgvalue"
	"pgpi/test/servers"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// valuesOfTypes are values of each built-in type that has some, in text.
var valuesOfTypes = map[string][]string{
	"bool":           {"t", "f"},
	"int2":           {"0", "7", "42", "-42", "999", "32767", "-32768", "10000"},
	"int4":           {"0", "7", "4711", "-4711", "2147483647", "-2147483648", "1000000000"},
	"int8":           {"0", "7", "123456789012", "9223372036854775807", "-9223372036854775808"},
	"oid":            {"0", "16384", "4294967295"},
	"xid":            {"4294967295"},
	"xid8":           {"18446744073709551615", "748"},
	"float4":         {"0", "-0", "1.5", "3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity", "123456.78", "1e+15"},
	"float8":         {"0", "1.5", "1.7976931348623157e+308", "5e-324", "NaN", "Infinity", "-Infinity", "123456789.125", "1e+15", "-2.5e-07"},
	"numeric":        {"0", "0.00", "1000000", "1234.5678", "-0.05", "NaN", "Infinity", "-Infinity", "123456789012345678901234567890.123456789", "0.000000001"},
	"money":          {"$1,234.56", "-$0.99", "$99,999,999,999,999.99"},
	"text":           {"Alice Smith", "", "{}", "----", "true", "naïve café", "日本語のテキスト", "😀 smile", `C:\temp\new\file`, "\\x41", "a\nb"},
	"varchar":        {"x", "joe@example.com"},
	"bpchar":         {"abc   "},
	"name":           {"pg_class"},
	`"char"`:         {"a", "", `\377`},
	"bytea":          {`\x`, `\x00`, `\xdeadbeef`, `\x416c69636520536d697468`},
	"bit(5)":         {"10110"},
	"varbit":         {"", "1", "101", "0000000000000000001"},
	"uuid":           {"550e8400-e29b-41d4-a716-446655440000", "00000000-0000-0000-0000-000000000000"},
	"date":           {"2024-01-15", "0001-01-01", "4713-01-01 BC", "0044-03-15 BC", "5874897-12-31", "infinity", "-infinity"},
	"time":           {"10:30:00", "23:59:59.999999", "24:00:00", "00:00:00"},
	"timetz":         {"10:30:00+02", "10:30:00.5-05:30", "24:00:00+00"},
	"timestamp":      {"2024-01-15 10:30:00", "2024-01-15 10:30:00.123456", "294276-12-31 23:59:59", "infinity", "-infinity", "0044-03-15 10:00:00 BC"},
	"timestamptz":    {"2024-01-15 10:30:00+00", "2024-01-15 10:30:00.123456+05:30", "infinity", "-infinity"},
	"interval":       {"1 year 2 mons 3 days 04:05:06.789", "-1 days +02:03:00", "100:00:00", "00:00:00", "3 days ago", "P1Y2M3DT4H5M6S", "1-2", "1 mon"},
	"inet":           {"10.1.2.3", "192.168.100.200/24", "2001:db8::1", "::1", "::ffff:1.2.3.4", "0.0.0.0", "2001:db8:85a3::8a2e:370:7334/64"},
	"cidr":           {"10.0.0.0/8", "192.168.100.0/24", "10.64.0.0/10", "2001:db8::/32", "0.0.0.0/0", "1.2.3.4/32"},
	"macaddr":        {"08:00:2b:01:02:03", "12:34:56:78:90:12"},
	"macaddr8":       {"08:00:2b:01:02:03:04:05"},
	"point":          {"(1.5,-2.25)", "(0,0)", "(1e+300,Infinity)"},
	"line":           {"{1,2,3}", "{0,1,0}"},
	"lseg":           {"[(1,2),(3,4)]"},
	"box":            {"(3,4),(1,2)"},
	"path":           {"((1,2),(3,4))", "[(1,2),(3,4)]"},
	"polygon":        {"((1,2),(3,4),(5,6))"},
	"circle":         {"<(1,2),3>"},
	"json":           {`{"name": "Alice", "age": 42, "tags": ["a", null, true, 1.5e10, -0.5, 0], "x": "\u00e9\n\t\\"}`, "[]", `"true"`, "12345"},
	"jsonb":          {`{"name": "Alice", "age": 4200, "nested": {"k": [1000, 2000.5, "C:\\temp"]}}`, "null", "true"},
	"jsonpath":       {`$."name"[0]`},
	"xml":            {"<person id=\"4711\">Alice &amp; <b>Bob</b> &#233;</person>", `<?xml version="1.0"?><a>text</a>`},
	"tsvector":       {"'alice':1A,2B 'smith':3", "'x'"},
	"tsquery":        {"'alice' & 'smith':AB | !'x':*", "'fat' <-> 'rat' <3> 'cat'"},
	"int4range":      {"[1,10)", "empty", "(,5)", "[5,)", "[999,1000)", "[-10,-5)"},
	"int8range":      {"[1,10000000000)"},
	"numrange":       {"[1.25,1.5)", "(,)"},
	"daterange":      {"[2024-01-01,2024-12-31)", "[2024-01-01,infinity)"},
	"tsrange":        {`["2024-01-01 00:00:00","2024-12-31 12:00:00")`},
	"tstzrange":      {`["2024-01-01 00:00:00+00","2024-12-31 12:00:00+00")`},
	"int4multirange": {"{[1,3),[5,9)}", "{}"},
	"pg_lsn":         {"16/B374D848", "0/0"},
	"tid":            {"(0,1)"},
	"int2vector":     {"1 2 3"},
	"oidvector":      {"16384 23"},
	"int4[]":         {"{1,2,NULL,4711}", "{}", "[0:1]={1000,2000}", "{{1,2},{3,4}}"},
	"text[]":         {`{"Alice Smith",NULL,"a\"b\\c",x}`},
	"inet[]":         {"{10.1.2.3,::1}"},
	"varbit[]":       {"{101,NULL,1}"},
	"date[]":         {`{2024-01-15,infinity,"0044-03-15 BC"}`},
	"interval[]":     {`{"1 day","04:05:06"}`},
	"jsonb[]":        {`{"{\"a\": \"x\\\\ny\"}",NULL}`},
	"int4range[]":    {`{"[1,3)","[5,9)"}`},
	"tsrange[]":      {`{"[\"2024-01-01 00:00:00\",\"2024-12-31 12:00:00\")"}`},
	"float8[]":       {"{1.5,NaN,Infinity,1e+300}"},
	"uuid[]":         {"{550e8400-e29b-41d4-a716-446655440000}"},
	"bytea[]":        {`{"\\xdeadbeef"}`},
}

// TestJudge lets a real server judge whether pseudonyms parse as the type of what they replace: in
// text, in binary format, and where every number of four digits is taken.
func TestJudge(t *testing.T) {
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, 18), Settings: map[string]string{"fsync": "off", "lc_monetary": "C", "lc_messages": "C"},
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
	free, crowded := New(), New()
	for i := 1000; i < 10000; i++ {
		crowded.seen.add(fmt.Append(nil, i))
	}
	for range 8 { // with other keys each time
		free.words, crowded.words = newWords(free.seen), newWords(crowded.seen)
		for name, values := range valuesOfTypes {
			for _, value := range values {
				for _, v := range []*Values{free, crowded} {
					judgeValue(t, conn, v, name, value)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
}

// judgeValue sends a value's pseudonyms to the server.
func judgeValue(t *testing.T, conn *pgconn.PgConn, v *Values, name, value string) {
	t.Helper()
	sql := "select $1::" + name
	read := func(format int16, param []byte, oid uint32) *pgconn.Result {
		return conn.ExecParams(t.Context(), sql, [][]byte{param}, []uint32{oid}, []int16{format}, []int16{format}).Read()
	}
	asText := read(0, []byte(value), 25)
	asBinary := conn.ExecParams(t.Context(), sql, [][]byte{[]byte(value)}, []uint32{25}, nil, []int16{1}).Read()
	if asText.Err != nil || asBinary.Err != nil {
		t.Fatalf("%s %q: %v", name, value, asText.Err)
	}
	oid := asText.FieldDescriptions[0].DataTypeOID

	text := bytes.Clone(asText.Rows[0][0])
	if typed := bytes.Clone([]byte(value)); !bytes.Equal(typed, text) {
		v.replaceTyped(typed, pgvalue.TypeName(oid), 0)
		if r := read(0, typed, oid); r.Err != nil {
			t.Errorf("%s %q became %q: %v", name, value, typed, r.Err)
		}
	}
	v.replaceTyped(text, pgvalue.TypeName(oid), 0)
	if r := read(0, text, oid); r.Err != nil {
		t.Errorf("%s %q became %q: %v", name, asText.Rows[0][0], text, r.Err)
	}

	binary := bytes.Clone(asBinary.Rows[0][0])
	v.replaceBinary(binary, oid, 0)
	if r := read(1, binary, oid); r.Err != nil {
		t.Errorf("%s %q %x became %x: %v", name, value, asBinary.Rows[0][0], binary, r.Err)
	}
	if _, err := pgvalue.AppendText(nil, oid, pgvalue.Binary, binary, nil); err != nil {
		t.Errorf("%s %q %x became %x: %v", name, value, asBinary.Rows[0][0], binary, err)
	}
}
