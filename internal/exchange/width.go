package exchange

import (
	"encoding/binary"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// widths counts the bytes of each column of a result.
type widths struct {
	wanted  bool
	columns []event.Column
	bytes   []int64
}

// smallResult is the size up to which the columns of a result are not counted, in bytes.
const smallResult = 512

// add counts a DataRow, or a run of them (documentation of DataRow). Of a row that was too large to
// keep, it counts the values whose lengths were kept. got is the size of the result before them: as
// long as it is small, rows are not counted, whether they are in a run or not.
func (w *widths) add(m *event.Message, got int64) {
	if m.Context == nil || len(m.Context.Columns) == 0 {
		return
	}
	if w.bytes == nil {
		w.columns, w.bytes = m.Context.Columns, make([]int64, len(m.Context.Columns))
	}
	for b := m.Bytes; len(b) > wire.HeaderSize; {
		size := 1 + int64(binary.BigEndian.Uint32(b[1:]))
		end := int(min(int64(len(b)), size))
		if got += size; got > smallResult {
			w.addRow(b[wire.HeaderSize:max(end, wire.HeaderSize)])
		}
		b = b[max(end, 1):]
	}
}

func (w *widths) addRow(b []byte) {
	if len(b) < 2 {
		return
	}
	b = b[2:]
	for i := 0; i < len(w.bytes) && len(b) >= 4; i++ {
		n := int(int32(binary.BigEndian.Uint32(b)))
		b = b[4:]
		w.bytes[i] += int64(max(0, n))
		b = b[min(max(0, n), len(b)):]
	}
}

// widest returns the column with the most bytes.
func (w *widths) widest() (name string, bytes int64) {
	for i, n := range w.bytes {
		if n > bytes {
			name, bytes = w.columns[i].Name, n
		}
	}
	return name, bytes
}
