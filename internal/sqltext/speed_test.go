package sqltext

import (
	"testing"

	"pgpi/test/sqlgen"
)

// BenchmarkScanner cuts statements of all sorts.
func BenchmarkScanner(b *testing.B) {
	var all [][]byte
	size := 0
	for _, sql := range sqlgen.Statements() {
		all = append(all, []byte(sql))
		size += len(sql)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, sql := range all {
			s := NewScanner(sql, Settings{})
			for t := s.Next(); t.Kind != End; t = s.Next() {
				_ = t
			}
		}
	}
}
