package wire_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/wire"
)

// Walking a message allocates nothing where the caller's slice has room.
func TestAppendFieldsDoesNotAllocate(t *testing.T) {
	for _, e := range examples {
		m := e.message()
		dst := make([]wire.Field, 0, 64)
		if n := testing.AllocsPerRun(100, func() { dst = wire.AppendFields(dst[:0], &m) }); n != 0 {
			t.Errorf("%s: %v allocations", e.typ, n)
		}
	}
}

func BenchmarkAppendFields(b *testing.B) {
	for _, bench := range []struct {
		name    string
		typ     wire.Type
		message message
	}{
		{"DataRow of 10 columns", wire.DataRow, &pgproto3.DataRow{Values: repeat(10)}},
		{"Bind of 5 parameters", wire.Bind, &pgproto3.Bind{
			PreparedStatement: "statement", ParameterFormatCodes: []int16{1}, Parameters: repeat(5), ResultFormatCodes: []int16{1},
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			encoded, err := bench.message.Encode(nil)
			if err != nil {
				b.Fatal(err)
			}
			m := wire.Message{Type: bench.typ, Bytes: encoded, Size: int64(len(encoded))}
			var dst []wire.Field
			b.SetBytes(m.Size)
			b.ReportAllocs()
			for b.Loop() {
				dst = wire.AppendFields(dst[:0], &m)
			}
		})
	}
}

// repeat makes values of a usual size.
func repeat(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = []byte(strings.Repeat("x", 8))
	}
	return all
}
