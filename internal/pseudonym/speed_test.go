package pseudonym

import (
	"fmt"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// BenchmarkValues redacts rows that are all different, and use up all numbers of up to
// five digits.
func BenchmarkValues(b *testing.B) {
	const rows = 100_000
	columns := &event.Context{Columns: []event.Column{{TypeOID: 23}, {TypeOID: 25}, {TypeOID: 25}, {TypeOID: 1184}, {TypeOID: 1700}}}
	size := 0
	make1 := func(i int) *event.Event {
		body := row(value(fmt.Append(nil, i)), value(fmt.Append(nil, "Customer ", i)), value(fmt.Appendf(nil, "%x", uint64(i)*0x9e3779b97f4a7c15)),
			value(fmt.Appendf(nil, "2024-01-%02d %02d:%02d:00.123456+00", 1+i%28, i%24, i%60)), value(fmt.Appendf(nil, "%d.5", i)))
		m := wire.Message{Type: wire.DataRow, Bytes: append([]byte("D\x00\x00\x00\x00"), body...)}
		m.Size = int64(len(m.Bytes))
		size = len(m.Bytes)
		return &event.Event{Kind: event.Traffic, Messages: []event.Message{{Message: m, Context: columns}}}
	}
	v := New()
	for i := range rows {
		v.Learn(make1(i))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		v.Apply(make1(i % rows))
		i++
	}
	b.SetBytes(int64(size))
}
