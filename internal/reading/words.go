package reading

import (
	"strconv"

	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// AppendWord appends what the value of a field is called, or nothing where it has no name. It
// has the words that the outputs share; some have others of their own.
func AppendWord(dst []byte, n wire.Name, value int64) []byte {
	switch n {
	case wire.ProtocolVersion: // major and minor, in the halves of the integer (src/include/libpq/pqcomm.h)
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
	case wire.ReplicaIdentity: // what a table's old rows are known by (src/include/catalog/pg_class.h)
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
