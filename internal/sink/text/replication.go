package text

import (
	"strconv"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// What is special to the rows inside CopyData.

// operation adds to the first line of a message what it does, and to which table.
func (p *page) operation(m *event.Message) {
	switch {
	case m.Type.LogicalLetter() != 0:
		p.notes = append(p.notes, " = "...)
		p.notes = append(p.notes, logicalName(m.Type)...)
	case m.Type >= wire.CopyText && m.Type <= wire.CopyBinary:
		p.notes = append(p.notes, " = COPY"...)
	default:
		return
	}
	if m.Context != nil && m.Context.Relation != "" {
		p.notes = append(p.notes, ": "...)
		p.notes = appendSafe(p.notes, m.Context.Relation)
	}
}

// logicalName is what pgoutput calls a message.
func logicalName(t wire.Type) string {
	_, name, _ := strings.Cut(t.String(), "/")
	return name
}

// absent says of which column there is no value.
func (p *page) absent(m *event.Message, f wire.Field, index int64) {
	if f.Int != 'n' && f.Int != 'u' {
		return
	}
	p.notes = append(p.notes, " = "...)
	p.notes = append(p.notes, logicalName(m.Type)...)
	switch p.tuple {
	case 'N':
		p.notes = append(p.notes, " new value"...)
	case 'O':
		p.notes = append(p.notes, " old value"...)
	case 'K':
		p.notes = append(p.notes, " old key"...)
	}
	p.valueName(m, index)
}

// payload is what a letter inside CopyData says that follows.
func payload(dst []byte, t wire.Type, f wire.Field) []byte {
	switch {
	case f.Name == wire.LogicalType:
		return append(dst, logicalName(t)...)
	case t.LogicalLetter() != 0:
		t = wire.XLogData
	}
	return append(dst, t.String()...)
}

// lsn writes a position in the WAL as the server does: 0/1A2B3C4.
func lsn(dst []byte, _ wire.Type, f wire.Field) []byte {
	dst = appendUpperHex(dst, uint64(f.Int)>>32)
	dst = append(dst, '/')
	return appendUpperHex(dst, uint64(f.Int)&0xffffffff)
}

func appendUpperHex(dst []byte, n uint64) []byte {
	const upper = 'a' - 'A'
	start := len(dst)
	dst = strconv.AppendUint(dst, n, 16)
	for i, c := range dst[start:] {
		if c >= 'a' {
			dst[start+i] = c - upper
		}
	}
	return dst
}

// timestamp writes microseconds since the beginning of 2000, in UTC.
func timestamp(dst []byte, _ wire.Type, f wire.Field) []byte {
	const beginning, million = 946684800, 1_000_000
	seconds, rest := f.Int/million, f.Int%million
	return time.Unix(beginning+seconds, rest*1000).UTC().AppendFormat(dst, "2006-01-02 15:04:05.999999-07")
}

func yesOrNo(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 0:
		return append(dst, "no"...)
	case 1:
		return append(dst, "yes"...)
	}
	return strconv.AppendInt(dst, f.Int, 10)
}

// replicaIdentity is what a table's old rows are known by (pg_class.relreplident).
func replicaIdentity(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 'd':
		return append(dst, "default"...)
	case 'n':
		return append(dst, "nothing"...)
	case 'f':
		return append(dst, "full"...)
	case 'i':
		return append(dst, "index"...)
	}
	return append(dst, "unknown"...)
}

func columnFlags(dst []byte, _ wire.Type, f wire.Field) []byte {
	if f.Int == 1 {
		return append(dst, "key"...)
	}
	return strconv.AppendInt(dst, f.Int, 10)
}

func tupleType(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 'N':
		return append(dst, "new row"...)
	case 'O':
		return append(dst, "old row"...)
	case 'K':
		return append(dst, "old key"...)
	}
	return append(dst, "unknown row"...)
}

func valueFormat(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 'n':
		return append(dst, "NULL"...)
	case 'u':
		return append(dst, "unchanged TOAST value"...)
	case 't':
		return append(dst, "text"...)
	case 'b':
		return append(dst, "binary"...)
	}
	return append(dst, "unknown format"...)
}

// bytesOrCopyNull is the length of a value in the binary format of COPY.
func bytesOrCopyNull(dst []byte, t wire.Type, f wire.Field) []byte {
	if f.Int == -1 {
		return append(dst, "COPY NULL"...)
	}
	return bytesOrNull(dst, t, f)
}

// truncateOptions are bits (src/backend/replication/logical/proto.c).
func truncateOptions(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 0:
		return append(dst, "none"...)
	case 1:
		return append(dst, "cascade"...)
	case 2:
		return append(dst, "restart identity"...)
	case 3:
		return append(dst, "cascade, restart identity"...)
	}
	return strconv.AppendInt(dst, f.Int, 10)
}
