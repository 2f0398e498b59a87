package text

import "testing"

// TestCasts writes values so that they are read as their types: with a cast if the text by itself
// would be read as another type, and the SQL has none.
func TestCasts(t *testing.T) {
	for _, test := range []struct{ typeName, text, cast, want string }{
		{"text", "O'Neil", "", "'O''Neil'"},
		{"varchar", "x", "", "'x'"},
		{"", "of no known type", "", "'of no known type'"},
		{"unknown", "x", "int4", "'x'"},
		{"text", `C:\`, "", `E'C:\\'`},
		{"text", "two\nlines", "", `E'two\nlines'`},
		{"bool", "t", "", "true"},
		{"bool", "f", "", "false"},
		{"bool", "true", "", "true"},
		{"bool", "yes", "", "'yes'::bool"},
		{"bool", "yes", "boolean", "'yes'"},
		{"int4", "42", "", "42"},
		{"int4", "2147483647", "", "2147483647"},
		{"int4", "-42", "", "'-42'::int4"}, // - -42 would be a comment
		{"int4", "-42", "integer", "'-42'"},
		{"int4", "0x1f", "", "'0x1f'::int4"},
		{"int4", "007", "", "7"},
		{"int2", "42", "", "42::int2"}, // 42 alone is int4
		{"int2", "42", "smallint", "42"},
		{"int8", "42", "", "42::int8"},
		{"int8", "42", "bigint", "42"},
		{"int8", "42", "int4", "42::int8"}, // $1::int4 of an int8
		{"int8", "4294967296", "", "4294967296"},
		{"int8", "9223372036854775807", "", "9223372036854775807"},
		{"int8", "9223372036854775808", "", "'9223372036854775808'::int8"}, // it is not an int8
		{"oid", "42", "", "42::oid"},
		{"oid", "4294967295", "", "4294967295::oid"},
		{"numeric", "1.50", "", "'1.50'::numeric"},
		{"numeric", "1.50", "decimal", "'1.50'"},
		{"float8", "NaN", "", "'NaN'::float8"},
		{"float4", "1", "real", "'1'"},
		{"timestamptz", "2026-11-28", "", "'2026-11-28'::timestamptz"},
		{"timestamptz", "2026-11-28", "timestamptz", "'2026-11-28'"},
		{"char", "x", "", `'x'::"char"`}, // char is bpchar
		{"bit", "101", "", `'101'::"bit"`},
		{"char[]", "{x}", "", `'{x}'::"char"[]`},
		{"int4[]", "{1,2}", "", "'{1,2}'::int4[]"},
		{"int4[]", "{1,2}", "integer[]", "'{1,2}'"},
	} {
		if got := string(appendLiteral(nil, test.typeName, []byte(test.text), test.cast)); got != test.want {
			t.Errorf("%s of type %q before ::%s is %s, not %s", test.text, test.typeName, test.cast, got, test.want)
		}
	}
}

// TestNull has NULL of a type. The type matters for what it is compared with, and for which
// function is called.
func TestNull(t *testing.T) {
	for _, test := range []struct{ typeName, cast, want string }{
		{"", "", "NULL"}, {"text", "", "NULL"}, {"varchar", "", "NULL"}, {"unknown", "", "NULL"}, {"text", "int4", "NULL"},
		{"int4", "", "NULL::int4"}, {"int4", "int", "NULL"}, {"int8", "int", "NULL::int8"}, {"char", "", `NULL::"char"`},
		{"int8[]", "", "NULL::int8[]"}, {"int8[]", "bigint[]", "NULL"},
	} {
		if got := string(appendNull(nil, test.typeName, test.cast)); got != test.want {
			t.Errorf("NULL of type %q before ::%s is %s, not %s", test.typeName, test.cast, got, test.want)
		}
	}
}
