package wire_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/wire"
)

func TestAppendError(t *testing.T) {
	t.Parallel()
	b := wire.AppendError([]byte("before"), "FATAL", "0A000", "no such method")
	if string(b[:6]) != "before" {
		t.Fatalf("got %q", b)
	}
	m := wire.Message{Type: wire.ErrorResponse, Bytes: b[6:], Size: int64(len(b) - 6)}
	if size := wire.Size(m.Bytes); size != m.Size {
		t.Errorf("the length says %d bytes, there are %d", size, m.Size)
	}
	decoded, err := oracle(m)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := decoded.(*pgproto3.ErrorResponse)
	if !ok || e.Severity != "FATAL" || e.SeverityUnlocalized != "FATAL" || e.Code != "0A000" || e.Message != "no such method" {
		t.Errorf("pgproto3 reads %+v", decoded)
	}
}

func TestErrorFieldOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bytes string
		code  byte
		want  string
		found bool
	}{
		{typed('E', "SERROR\x00Mno\x00\x00"), 'M', "no", true},
		{typed('E', "SERROR\x00Mno\x00\x00"), 'S', "ERROR", true},
		{typed('N', "M\x00\x00"), 'M', "", true},
		{typed('E', "SERROR\x00\x00Mno\x00\x00"), 'M', "", false}, // after the end
		{typed('E', "SM\x00\x00"), 'M', "", false},
		{typed('E', "Mno"), 'M', "", false},
		{typed('E', "M"), 'M', "", false},
		{typed('E', ""), 'M', "", false},
		{"E\x00", 'M', "", false},
		{"", 'M', "", false},
	}
	for _, test := range tests {
		got, found := wire.ErrorFieldOf([]byte(test.bytes), test.code)
		if string(got) != test.want || found != test.found {
			t.Errorf("%c of %q is %q, %t; want %q, %t", test.code, test.bytes, got, found, test.want, test.found)
		}
	}
}
