package text

import (
	"strconv"

	"pgpi/internal/wire"
)

// The functions of this file put the value of a field into words, for the "#" of its
// layout.

// messageName is what the first bytes say that the message is. Those that begin with
// "R" or "d" tell only the family; its subtype follows.
func messageName(dst []byte, t wire.Type, f wire.Field) []byte {
	switch {
	case f.Name == wire.TypeByte && t.Code() == 'R':
		t = wire.Authentication
	case f.Name == wire.TypeByte && t.Code() == 'd':
		t = wire.CopyData
	}
	return append(dst, t.String()...)
}

func width(dst []byte, _ wire.Type, f wire.Field) []byte {
	return strconv.AppendInt(dst, int64(f.End-f.Start), 10)
}

// version is major and minor, in the halves of the integer (src/include/libpq/pqcomm.h).
func version(dst []byte, _ wire.Type, f wire.Field) []byte {
	dst = strconv.AppendInt(dst, f.Int>>16, 10)
	dst = append(dst, '.')
	return strconv.AppendInt(dst, f.Int&0xffff, 10)
}

// reply is the answer to SSLRequest or GSSENCRequest.
func reply(dst []byte, t wire.Type, f wire.Field) []byte {
	asked, yes := "SSL", int64('S')
	if t == wire.GSSENCResponse {
		asked, yes = "GSS encryption", 'G'
	}
	switch f.Int {
	case yes:
		dst = append(dst, asked...)
		return append(dst, " supported"...)
	case 'N':
		dst = append(dst, asked...)
		return append(dst, " not supported"...)
	}
	return append(dst, "unknown reply"...)
}

func bytesFollow(dst []byte, _ wire.Type, f wire.Field) []byte {
	if f.Int == -1 {
		return append(dst, "no data follows"...)
	}
	dst = strconv.AppendInt(dst, f.Int, 10)
	return append(dst, " bytes follow"...)
}

func bytesOrNull(dst []byte, _ wire.Type, f wire.Field) []byte {
	if f.Int == -1 {
		return append(dst, "NULL"...)
	}
	dst = strconv.AppendInt(dst, f.Int, 10)
	return append(dst, " bytes"...)
}

func format(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 0:
		return append(dst, "text"...)
	case 1:
		return append(dst, "binary"...)
	}
	return strconv.AppendInt(dst, f.Int, 10)
}

// target is what Describe and Close are about.
func target(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 'S':
		return append(dst, "statement"...)
	case 'P':
		return append(dst, "portal"...)
	}
	return append(dst, "unknown target"...)
}

func rowLimit(dst []byte, _ wire.Type, f wire.Field) []byte {
	if f.Int == 0 {
		return append(dst, "none"...)
	}
	return strconv.AppendInt(dst, f.Int, 10)
}

func transactionStatus(dst []byte, _ wire.Type, f wire.Field) []byte {
	switch f.Int {
	case 'I':
		return append(dst, "idle"...)
	case 'T':
		return append(dst, "in transaction"...)
	case 'E':
		return append(dst, "failed transaction"...)
	}
	return append(dst, "unknown transaction status"...)
}

func errorField(dst []byte, _ wire.Type, f wire.Field) []byte {
	if f.Int < int64(len(errorFields)) && errorFields[f.Int] != "" {
		return append(dst, errorFields[f.Int]...)
	}
	return append(dst, "unknown field"...)
}

// errorFields are the names of the documentation, section "Error and Notice Message
// Fields".
var errorFields = [...]string{
	'S': "severity (localized)",
	'V': "severity",
	'C': "SQLSTATE code",
	'M': "message",
	'D': "detail",
	'H': "hint",
	'P': "position",
	'p': "internal position",
	'q': "internal query",
	'W': "where",
	's': "schema name",
	't': "table name",
	'c': "column name",
	'd': "data type name",
	'n': "constraint name",
	'F': "file",
	'L': "line",
	'R': "routine",
}
