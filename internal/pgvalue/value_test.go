package pgvalue_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgpi/internal/pgvalue"
)

// Types that the tests name by more than their number.
const (
	boolOID, byteaOID, int8OID, int4OID, textOID, numericOID   = 16, 17, 20, 23, 25, 1700
	float8OID, int4ArrayOID, recordOID, int4RangeOID           = 701, 1007, 2249, 3904
	timestamptzOID, intervalOID, uuidOID, tsqueryOID, inetOID  = 1184, 1186, 2950, 3615, 869
	recordArrayOID, jsonbOID, dateOID, multirangeOID, vectorID = 2287, 3802, 1082, 4451, 3614
	userOID                                                    = 16402
)

// int32s are integers as values have them.
func int32s(values ...int32) string {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(v))
	}
	return string(b)
}

func TestAppendText(t *testing.T) {
	for _, test := range []struct {
		name  string
		oid   uint32
		value string
		want  string
	}{
		{"int4", int4OID, "\x00\x00\x00\x2a", "42"},
		{"text", textOID, "now", "now"},
		{"void", 2278, "", ""},
		{"regclass keeps its OID", 2205, "\x00\x00\x04\xeb", "1259"},
		{"array", int4ArrayOID, "\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x17\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x07\xff\xff\xff\xff", "[0:1]={7,NULL}"},
		{"array with a dimension of 0", int4ArrayOID, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x00\x00\x00\x00\x01", "{}"},
		{"user's type, printable", userOID, "happy", "happy (oid 16402)"},
		{"user's type, not printable", userOID, "\x00\x01", `\x0001 (oid 16402)`},
		{"user's type in a record", recordOID, "\x00\x00\x00\x01\x00\x00\x40\x12\x00\x00\x00\x05happy", `("happy (oid 16402)")`},
		{"type of initdb", 13221, "\x00\x00\x00\x05", `\x00000005 (oid 13221)`},
		{"no binary form", 1033, "=r/me", "=r/me (oid 1033)"},
		{"numeric zero has no sign", numericOID, "\x00\x01\x00\x00\x40\x00\x00\x01\x00\x00", "0.0"},
		{"numeric with leading zeros", numericOID, "\x00\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07", "7"},
		{"numeric cut to its scale", numericOID, "\x00\x02\x00\x00\x00\x00\x00\x01\x00\x01\x22\x2e", "1.8"},
		{"box with its corners turned", 603, strings.Repeat("\x00", 16) + strings.Repeat("\x3f\xf0\x00\x00\x00\x00\x00\x00", 2), "(1,1),(0,0)"},
		{"pg_ndistinct of a big-endian server", 3361, "\xa3\x52\xbf\xa4\x00\x00\x00\x01\x00\x00\x00\x01\x40\x8f\x40\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x00\x02", `[{"attributes": [1, 2], "ndistinct": 1000}]`},
		{"oid8 has no sign", 6437, "\xff\xff\xff\xff\xff\xff\xff\xfe", "18446744073709551614"},
		{"oid8[]", 6442, int32s(1, 0, 6437, 2, 1, 8, 0, 7, -1), "{7,NULL}"},
		{"regdatabase keeps its OID", 6490, "\x00\x00\x00\x05", "5"},
		{"regdatabase of nothing", 6490, "\x00\x00\x00\x00", "-"},
		{"regdatabase[]", 6491, int32s(1, 0, 6490, 2, 1, 4, 5, 4, 0), "{5,-}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := pgvalue.AppendText([]byte("before "), test.oid, pgvalue.Binary, []byte(test.value), nil)
			if err != nil || string(got) != "before "+test.want {
				t.Errorf("got %q (%v), want %q", got, err, "before "+test.want)
			}
		})
	}
}

// TestIsText holds the types whose binary format is shown as it came.
func TestIsText(t *testing.T) {
	var names []string
	for oid := range uint32(20_000) {
		if !pgvalue.IsText(oid) {
			continue
		}
		names = append(names, pgvalue.TypeName(oid))
		if got, err := pgvalue.AppendText(nil, oid, pgvalue.Binary, []byte("x"), nil); err != nil || string(got) != "x" {
			t.Errorf("%s: x is read as %q, %v", pgvalue.TypeName(oid), got, err)
		}
	}
	const want = "char name text json xml unknown bpchar varchar refcursor cstring"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the types are %s, want %s", got, want)
	}
}

func TestTime(t *testing.T) {
	for micros, want := range map[int64]string{
		0: "2000-01-01T00:00:00Z", -1: "1999-12-31T23:59:59.999999Z", 804_951_000_123_456: "2025-07-04T13:30:00.123456Z",
		math.MaxInt64: "294277-01-09T04:00:54.775807Z", math.MinInt64: "-290278-12-22T19:59:05.224192Z",
	} {
		if got := pgvalue.Time(micros).Format(time.RFC3339Nano); got != want {
			t.Errorf("%d is %s, want %s", micros, got, want)
		}
	}
}

func TestTextFormat(t *testing.T) {
	latin := pgvalue.NewSettings(pgvalue.Parameters{ClientEncoding: "LATIN1"})
	got, err := pgvalue.AppendText(nil, int4OID, pgvalue.Text, []byte("caf\xe9"), latin)
	if err != nil || string(got) != "café" {
		t.Errorf("got %q (%v), want café", got, err)
	}
	if got, err := pgvalue.AppendText(nil, int4OID, 2, []byte("\x00\x00\x00\x01"), nil); err == nil {
		t.Errorf("format code 2: got %q, want an error", got)
	}
}

func TestMalformed(t *testing.T) {
	for _, test := range []struct {
		name   string
		oid    uint32
		value  string
		offset int
	}{
		{"empty", int4OID, "", 0},
		{"truncated", int4OID, "\x00\x00\x00", 0},
		{"overlong", int4OID, "\x00\x00\x00\x01\x02", 4},
		{"bool of two bytes", boolOID, "\x01\x01", 1},
		{"void with bytes", 2278, "x", 0},
		{"jsonb of version 2", jsonbOID, "\x02{}", 0},
		{"bit string shorter than it says", 1560, int32s(9) + "\xff", 0},
		{"bit string of negative length", 1560, int32s(-1), 0},
		{"date out of range", dateOID, int32s(2147483646), 0},
		{"time after 24:00", 1083, "\x00\x00\x00\x14\x1d\xd7\x60\x01", 0},
		{"timestamp out of range", timestamptzOID, "\x7f\xff\xff\xff\xff\xff\xff\xfe", 0},
		{"numeric with more digits than bytes", numericOID, "\xff\xff\x00\x00\x00\x00\x00\x00\x00\x01", 8},
		{"numeric digit above 9999", numericOID, "\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\x27\x10", 10},
		{"numeric of unknown sign", numericOID, "\x00\x00\x00\x00\x12\x34\x00\x00", 4},
		{"numeric scale above 16383", numericOID, "\x00\x00\x00\x00\x00\x00\x40\x00", 6},
		{"inet of unknown family", inetOID, "\x09\x20\x00\x04\x01\x02\x03\x04", 0},
		{"inet with a netmask too long", inetOID, "\x02\x21\x00\x04\x01\x02\x03\x04", 1},
		{"array of 7 dimensions", int4ArrayOID, int32s(7, 0, 23) + strings.Repeat(int32s(1, 1), 7), 0},
		{"array of -1 dimensions", int4ArrayOID, int32s(-1, 0, 23), 0},
		{"array of negative size", int4ArrayOID, int32s(1, 0, 23, -5, 1), 12},
		{"array of more elements than bytes", int4ArrayOID, int32s(1, 0, 23, 1<<30, 1), 12},
		{"array whose sizes overflow", int4ArrayOID, int32s(6, 0, 23) + strings.Repeat(int32s(1<<30, 1), 6), 12},
		{"array bound that overflows", int4ArrayOID, int32s(1, 0, 23, 1, 1<<31-1, 4, 1), 12},
		{"array element truncated", int4ArrayOID, int32s(1, 0, 23, 1, 1, 3) + "\x00\x00\x01", 24},
		{"array element beyond the end", int4ArrayOID, int32s(1, 0, 23, 1, 1, 99, 7), 24},
		{"array with a negative length", int4ArrayOID, int32s(1, 0, 23, 1, 1, -2), 24},
		{"array with bytes left over", int4ArrayOID, int32s(0, 0, 23, 7), 12},
		{"record of 65,535 columns in 10 bytes", recordOID, int32s(65535, 23, 4)[:10], 0},
		{"record column malformed", recordOID, int32s(2, 23, 4, 7, 16, 0), 24},
		{"range without its bound", int4RangeOID, "\x02", 1},
		{"multirange count", multirangeOID, int32s(1 << 30), 0},
		{"tsvector count", vectorID, int32s(-1), 0},
		{"tsvector without NUL", vectorID, int32s(1) + "abc", 4},
		{"tsquery of unknown item", tsqueryOID, int32s(1) + "\x03\x00", 4},
		{"tsquery of unknown operator", tsqueryOID, int32s(1) + "\x02\x05", 5},
		{"tsquery without operand", tsqueryOID, int32s(1) + "\x02\x02", 6},
		{"tsquery with two roots", tsqueryOID, int32s(2) + "\x01\x00\x00a\x00\x01\x00\x00b\x00", 14},
		{"snapshot count", 5038, int32s(1<<30) + strings.Repeat("\x00", 16), 0},
		{"path count", 602, "\x01" + int32s(1<<30), 1},
		{"statistics of another magic", 3361, int32s(1, 1, 1), 0},
		{"ndistinct without columns", 3361, "\xa3\x52\xbf\xa4" + int32s(1, 1, 0, 0, 0), 24},
		{"dependency without columns", 3402, "\xb4\x54\x9a\x2c" + int32s(1, 1, 0, 0) + "\x00\x00\x00\x00", 22},
		{"oid8 of 4 bytes", 6437, int32s(7), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := pgvalue.AppendText([]byte("before"), test.oid, pgvalue.Binary, []byte(test.value), nil)
			var malformed *pgvalue.MalformedError
			if !errors.As(err, &malformed) {
				t.Fatalf("got %q (%v), want a MalformedError", got, err)
			}
			if malformed.Offset != test.offset || malformed.Reason == "" {
				t.Errorf("%v: got offset %d, want %d", err, malformed.Offset, test.offset)
			}
			if string(got) != "before" {
				t.Errorf("got %q, want what was there before", got)
			}
		})
	}
}

// nest puts a value into n records of one column each.
func nest(n int, oid uint32, value []byte) []byte {
	for range n {
		b := binary.BigEndian.AppendUint32(nil, 1)
		b = binary.BigEndian.AppendUint32(b, oid)
		b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
		value, oid = append(b, value...), recordOID
	}
	return value
}

func TestDepth(t *testing.T) {
	if got, err := pgvalue.AppendText(nil, recordOID, pgvalue.Binary, nest(3, int4OID, []byte{0, 0, 0, 7}), nil); err != nil || string(got) != `("(""(7)"")")` {
		t.Errorf("got %q (%v)", got, err)
	}
	// Quotes double with each level: 2^60 would print, were there no bound.
	for _, depth := range []int{30, 60, 10000} {
		value := nest(depth, textOID, []byte(`"`))
		got, err := pgvalue.AppendText(nil, recordOID, pgvalue.Binary, value, nil)
		if err == nil {
			t.Errorf("%d levels: got %d bytes, want an error", depth, len(got))
		}
	}
	nots := append(binary.BigEndian.AppendUint32(nil, 100001), []byte(strings.Repeat("\x02\x01", 100000)+"\x01\x00\x00a\x00")...)
	if _, err := pgvalue.AppendText(nil, tsqueryOID, pgvalue.Binary, nots, nil); err == nil {
		t.Error("100,000 times NOT in a tsquery: want an error")
	}
}

// TestLength asks for a text that is longer than allowed: an array of numbers of
// 131,073 digits each.
func TestLength(t *testing.T) {
	const count = 100
	var b []byte
	for _, v := range []uint32{1, 0, numericOID, count, 1} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	for range count {
		b = append(b, "\x00\x00\x00\x0a\x00\x01\x7f\xff\x00\x00\x00\x00\x00\x01"...)
	}
	got, err := pgvalue.AppendText(nil, 1231, pgvalue.Binary, b, nil)
	if err == nil {
		t.Errorf("got %d bytes, want an error", len(got))
	}
	got, err = pgvalue.AppendText(nil, numericOID, pgvalue.Binary, b[24:34], nil)
	if err != nil || len(got) != 131069 {
		t.Errorf("one number: got %d bytes (%v), want 131069", len(got), err)
	}
}

func TestTypeName(t *testing.T) {
	for oid, want := range map[uint32]string{int4OID: "int4", 1184: "timestamptz", 1007: "int4[]", 18: "char", 22: "int2vector", 10000: "", userOID: "", 0: ""} {
		if got := pgvalue.TypeName(oid); got != want {
			t.Errorf("TypeName(%d) = %q, want %q", oid, got, want)
		}
	}
}
