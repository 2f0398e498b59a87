package pgvalue_test

import (
	"bytes"
	"errors"
	"testing"

	"pgpi/internal/pgvalue"
)

// FuzzAppendText reads any bytes as any type: nothing panics, the text is
// bounded, and what is malformed is so from an offset inside the value.
func FuzzAppendText(f *testing.F) {
	for _, c := range common {
		f.Add(c.oid, []byte(c.value), uint8(0))
	}
	for oid := uint32(16); oid < 10000; oid++ {
		if pgvalue.TypeName(oid) != "" {
			f.Add(oid, []byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x17\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01"), uint8(1))
		}
	}
	f.Add(uint32(tsqueryOID), []byte("\x00\x00\x00\x04\x02\x04\x00\x02\x02\x01\x01\x00\x00a\x00\x01\x0f\x01b\x00"), uint8(2))
	f.Add(uint32(recordOID), nest(5, recordArrayOID, []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\xc9")), uint8(3))
	settings := []*pgvalue.Settings{
		nil,
		pgvalue.NewSettings(newYork),
		pgvalue.NewSettings(pgvalue.Parameters{DateStyle: "SQL, DMY", IntervalStyle: "sql_standard", ClientEncoding: "SJIS"}),
		pgvalue.NewSettings(pgvalue.Parameters{DateStyle: "German", IntervalStyle: "postgres_verbose", ClientEncoding: "GB18030", TimeZone: "FOO5BAR"}),
	}
	f.Fuzz(func(t *testing.T, oid uint32, value []byte, choice uint8) {
		s := settings[int(choice)%len(settings)]
		before := bytes.Clone(value)
		got, err := pgvalue.AppendText([]byte("before"), oid, pgvalue.Binary, value, s)
		if !bytes.HasPrefix(got, []byte("before")) {
			t.Fatalf("got %q: what was in dst is gone", got)
		}
		if !bytes.Equal(value, before) {
			t.Fatal("the value was changed")
		}
		if length := len(got) - len("before"); length > pgvalue.MaxText(len(value)) {
			t.Errorf("%d bytes make a text of %d, want at most %d", len(value), length, pgvalue.MaxText(len(value)))
		}
		var malformed *pgvalue.MalformedError
		if err == nil {
			return
		}
		if !errors.As(err, &malformed) || malformed.Offset < 0 || malformed.Offset > len(value) || malformed.Reason == "" || len(got) != len("before") {
			t.Errorf("got %q and the error %#v", got, err)
		}
	})
}
