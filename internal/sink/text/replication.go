package text

import (
	"strconv"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// What is special about the rows inside CopyData.

// operation adds to the first line of a message what it does, and to which table.
func (p *page) operation(m *event.Message) {
	switch {
	case m.Type.LogicalLetter() != 0:
		p.notes = append(p.notes, " = "...)
		p.notes = append(p.notes, logicalName(m.Type)...)
	case m.Type == wire.CopyBothResponse && p.reader.SaysWALData(): // once for all that follow
		p.notes = append(p.notes, ": XLogData is WALData in the documentation from PostgreSQL 19 on"...)
		return
	case m.Type >= wire.CopyText && m.Type <= wire.CopyBinary:
		p.notes = append(p.notes, " = COPY"...)
	default:
		return
	}
	if m.Context != nil && m.Context.Relation != "" {
		p.notes = append(p.notes, ": "...)
		p.notes = AppendSafe(p.notes, m.Context.Relation)
	}
}

// logicalName returns pgoutput's name for a message.
func logicalName(t wire.Type) string {
	_, name, _ := strings.Cut(t.String(), "/")
	return name
}

// payload returns what follows according to a letter inside CopyData.
func payload(dst []byte, t wire.Type, f wire.Field) []byte {
	switch {
	case f.Name == wire.LogicalType:
		return append(dst, logicalName(t)...)
	case t.LogicalLetter() != 0:
		t = wire.XLogData
	}
	return append(dst, t.String()...)
}

func timestamp(dst []byte, _ wire.Type, f wire.Field) []byte {
	return pgvalue.Time(f.Int).AppendFormat(dst, "2006-01-02 15:04:05.999999-07")
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

// bytesOrCopyNull returns the length of a value in the binary format of COPY.
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
