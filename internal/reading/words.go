package reading

import (
	"strconv"

	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// AppendWord appends the name of a field's value, or nothing if it has none. It has the words that
// the outputs share; some outputs have others of their own.
func AppendWord(dst []byte, n wire.Name, value int64) []byte {
	switch n {
	// Major and minor, in the halves of the integer (src/include/libpq/pqcomm.h).
	case wire.ProtocolVersion:
		dst = append(strconv.AppendInt(dst, value>>16, 10), '.')
		return strconv.AppendInt(dst, value&0xffff, 10)
	case wire.ParameterType, wire.TypeOID:
		return append(dst, pgvalue.TypeName(uint32(value))...)
	}
	return append(dst, word(n, value)...)
}

func word(n wire.Name, value int64) string {
	switch n {
	case wire.Format, wire.ResultFormat, wire.ColumnFormat, wire.CopyFormat:
		switch value {
		case 0:
			return "text"
		case 1:
			return "binary"
		}
	case wire.Target: // of Describe and Close
		switch value {
		case 'S':
			return "statement"
		case 'P':
			return "portal"
		}
	case wire.TransactionStatus:
		switch value {
		case 'I':
			return "idle"
		case 'T':
			return "in transaction"
		case 'E':
			return "failed transaction"
		}
	case wire.ReplicaIdentity: // what identifies old rows (src/include/catalog/pg_class.h)
		switch value {
		case 'd':
			return "default"
		case 'n':
			return "nothing"
		case 'f':
			return "full"
		case 'i':
			return "index"
		}
	}
	return ""
}
