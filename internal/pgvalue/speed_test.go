package pgvalue_test

import (
	"testing"

	"pgpi/internal/pgvalue"
)

// common are the values that most of a log is made of.
var common = []struct {
	name  string
	oid   uint32
	value string
}{
	{"bool", boolOID, "\x01"},
	{"int4", int4OID, "\x00\x00\x00\x2a"},
	{"int8", int8OID, "\x00\x00\x00\x00\x49\x96\x02\xd2"},
	{"float8", float8OID, "\x40\x09\x21\xfb\x54\x44\x2d\x18"},
	{"numeric", numericOID, "\x00\x03\x00\x01\x00\x00\x00\x02\x00\x7b\x11\xd7\x1e\x78"},
	{"text", textOID, "the quick brown fox"},
	{"bytea", byteaOID, "\x00\x01\x02\x03\x04\x05\x06\x07"},
	{"uuid", uuidOID, "\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11"},
	{"timestamptz", timestamptzOID, "\x00\x02\xa9\x3b\x6d\x6f\x12\x34"},
	{"interval", intervalOID, "\x00\x00\x00\x03\x6a\x45\xda\x48\x00\x00\x00\x03\x00\x00\x00\x0e"},
	{"jsonb", jsonbOID, "\x01{\"a\": 1}"},
	{"inet", inetOID, "\x02\x18\x00\x04\xc0\xa8\x01\x01"},
	{"int4 array", int4ArrayOID, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x00\x04\x00\x00\x00\x08"},
	{"int4range", int4RangeOID, "\x02\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x09"},
	{"record", recordOID, "\x00\x00\x00\x01\x00\x00\x00\x19\x00\x00\x00\x03a b"},
	{"user's type", userOID, "happy"},
}

var newYork = pgvalue.Parameters{TimeZone: "America/New_York", DateStyle: "Postgres, DMY", ClientEncoding: "LATIN1"}

func TestAllocations(t *testing.T) {
	for _, settings := range []*pgvalue.Settings{nil, pgvalue.NewSettings(newYork)} {
		dst := make([]byte, 0, 4096)
		for _, c := range common {
			value := []byte(c.value)
			var err error
			allocations := testing.AllocsPerRun(100, func() {
				_, err = pgvalue.AppendText(dst, c.oid, pgvalue.Binary, value, settings)
			})
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if allocations != 0 {
				t.Errorf("%s: %v allocations, want 0", c.name, allocations)
			}
		}
	}
	japanese, text, dst := pgvalue.NewSettings(pgvalue.Parameters{ClientEncoding: "EUC_JP"}), []byte("a\xc6\xfc\xcb\xdc\x8f\xf4\xfb"), make([]byte, 0, 64)
	allocations := testing.AllocsPerRun(100, func() { dst = japanese.AppendUTF8(dst[:0], text) })
	if allocations != 0 || string(dst) != "a日本髙" {
		t.Errorf("EUC_JP: %v allocations for %q, want 0", allocations, dst)
	}
	allocations = testing.AllocsPerRun(100, func() { pgvalue.NewSettings(newYork) })
	if allocations != 0 {
		t.Errorf("settings that were seen before: %v allocations, want 0", allocations)
	}
}

func BenchmarkAppendText(b *testing.B) {
	settings := pgvalue.NewSettings(newYork)
	for _, c := range common {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			value, dst := []byte(c.value), make([]byte, 0, 4096)
			for b.Loop() {
				if _, err := pgvalue.AppendText(dst, c.oid, pgvalue.Binary, value, settings); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
