package text

import (
	"strconv"

	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// The functions in this file put the value of a field into words, for the "#" in its layout.

// messageName returns what the first bytes say about the message. If it begins with "R" or "d" they
// only say the family, and the subtype follows.
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

// word returns the name of the field's value, or the number if it has no name.
func word(dst []byte, _ wire.Type, f wire.Field) []byte {
	n := len(dst)
	if dst = reading.AppendWord(dst, f.Name, f.Int); len(dst) == n {
		return strconv.AppendInt(dst, f.Int, 10)
	}
	return dst
}

// wordOr is the same for letters. Letters that are not in the documentation are unknown.
func wordOr(unknown string) func([]byte, wire.Type, wire.Field) []byte {
	return func(dst []byte, _ wire.Type, f wire.Field) []byte {
		n := len(dst)
		if dst = reading.AppendWord(dst, f.Name, f.Int); len(dst) == n {
			return append(dst, unknown...)
		}
		return dst
	}
}

// reply returns the answer to SSLRequest or GSSENCRequest.
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

func rowLimit(dst []byte, _ wire.Type, f wire.Field) []byte {
	if f.Int == 0 {
		return append(dst, "none"...)
	}
	return strconv.AppendInt(dst, f.Int, 10)
}

func errorField(dst []byte, _ wire.Type, f wire.Field) []byte {
	if f.Int < int64(len(errorFields)) && errorFields[f.Int] != "" {
		return append(dst, errorFields[f.Int]...)
	}
	return append(dst, "unknown field"...)
}

// errorFields are the names from the documentation, section "Error and Notice Message Fields".
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
