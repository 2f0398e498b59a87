package jsonl

import (
	"strconv"

	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// meaning is what is known of a field beyond its kind.
type meaning struct {
	// count makes a list of the leaves of this name: those behind a field of that name,
	// or, where it is their own name, always.
	count wire.Name
	// word appends what the field's value is called, nothing where it has no name.
	word func(dst []byte, value int64) []byte
	// value is for what belongs to a column or parameter: its key is "value".
	value bool
	// silent fields only separate others, or have their member elsewhere.
	silent bool
}

// meanings has the fields of which there is something to know.
var meanings = [...]meaning{
	wire.Omitted:       {silent: true}, // it is a member of the message
	wire.End:           {silent: true},
	wire.CopyDelimiter: {silent: true},
	wire.RowEnd:        {silent: true},

	wire.ColumnValue:    {value: true},
	wire.ParameterValue: {value: true},
	wire.ArgumentValue:  {value: true},
	wire.ResultValue:    {value: true},
	wire.CopyValue:      {value: true},
	wire.OldValue:       {value: true},
	wire.OldKeyValue:    {value: true},

	wire.Mechanisms:    {count: wire.Mechanisms},
	wire.Option:        {count: wire.OptionCount},
	wire.Format:        {count: wire.FormatCount, word: format},
	wire.ResultFormat:  {count: wire.ResultFormatCount, word: format},
	wire.ParameterType: {count: wire.ParameterCount, word: typeName},
	wire.ColumnFormat:  {count: wire.ColumnCount, word: format},
	wire.RelationOID:   {count: wire.RelationCount},

	wire.ProtocolVersion:   {word: version},
	wire.Reply:             {word: reply},
	wire.Target:            {word: target},
	wire.TypeOID:           {word: typeName},
	wire.CopyFormat:        {word: format},
	wire.TransactionStatus: {word: transactionStatus},
	wire.ErrorCode:         {word: errorField},
	wire.ReplicaIdentity:   {word: replicaIdentity},
	wire.TupleType:         {word: tuple},
	wire.ValueFormat:       {word: valueFormat},
}

func meaningOf(n wire.Name) meaning {
	if int(n) < len(meanings) {
		return meanings[n]
	}
	return meaning{}
}

// version is major and minor, in the halves of the integer (src/include/libpq/pqcomm.h).
func version(dst []byte, value int64) []byte {
	dst = strconv.AppendInt(dst, value>>16, 10)
	dst = append(dst, '.')
	return strconv.AppendInt(dst, value&0xffff, 10)
}

func typeName(dst []byte, oid int64) []byte {
	return append(dst, pgvalue.TypeName(uint32(oid))...)
}

func format(dst []byte, value int64) []byte {
	switch value {
	case 0:
		return append(dst, "text"...)
	case 1:
		return append(dst, "binary"...)
	}
	return dst
}

// reply is the answer to SSLRequest or GSSENCRequest.
func reply(dst []byte, letter int64) []byte {
	switch letter {
	case 'S', 'G':
		return append(dst, "supported"...)
	case 'N':
		return append(dst, "not supported"...)
	}
	return dst
}

// target is what Describe and Close are about.
func target(dst []byte, letter int64) []byte {
	switch letter {
	case 'S':
		return append(dst, "statement"...)
	case 'P':
		return append(dst, "portal"...)
	}
	return dst
}

func transactionStatus(dst []byte, letter int64) []byte {
	switch letter {
	case 'I':
		return append(dst, "idle"...)
	case 'T':
		return append(dst, "in transaction"...)
	case 'E':
		return append(dst, "failed transaction"...)
	}
	return dst
}

// replicaIdentity is what a logical message of a relation says of its old rows
// (src/include/catalog/pg_class.h).
func replicaIdentity(dst []byte, letter int64) []byte {
	switch letter {
	case 'd':
		return append(dst, "default"...)
	case 'n':
		return append(dst, "nothing"...)
	case 'f':
		return append(dst, "full"...)
	case 'i':
		return append(dst, "index"...)
	}
	return dst
}

func tuple(dst []byte, letter int64) []byte {
	switch letter {
	case 'N':
		return append(dst, "new"...)
	case 'O':
		return append(dst, "old"...)
	case 'K':
		return append(dst, "old key"...)
	}
	return dst
}

func valueFormat(dst []byte, letter int64) []byte {
	switch letter {
	case 'n':
		return append(dst, "null"...)
	case 'u':
		return append(dst, "unchanged"...)
	case 't':
		return append(dst, "text"...)
	case 'b':
		return append(dst, "binary"...)
	}
	return dst
}

func errorField(dst []byte, letter int64) []byte {
	if letter >= 0 && letter < int64(len(errorFields)) {
		return append(dst, errorFields[letter]...)
	}
	return dst
}

// errorFields follow the documentation, section "Error and Notice Message Fields".
var errorFields = [...]string{
	'S': "severity_localized",
	'V': "severity",
	'C': "sqlstate",
	'M': "message",
	'D': "detail",
	'H': "hint",
	'P': "position",
	'p': "internal_position",
	'q': "internal_query",
	'W': "where",
	's': "schema",
	't': "table",
	'c': "column",
	'd': "data_type",
	'n': "constraint",
	'F': "file",
	'L': "line",
	'R': "routine",
}
