package jsonl

import (
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// meaning is what is known about a field beyond its kind.
type meaning struct {
	// count makes the leaves of this name a list if a field of the name count comes before them, or
	// always if count is their own name.
	count wire.Name
	// word appends the name of the field's value, or nothing if it has none.
	word func(dst []byte, n wire.Name, value int64) []byte
	// value is set for the value of a column or parameter: its key is "value".
	value bool
	// place is set for a field that may be in the place of a value.
	place bool
	// silent fields only separate others, or have their member elsewhere.
	silent bool
}

// meanings has the fields about which something is known.
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
	wire.ValueLength:    {place: true},
	wire.CopyNull:       {place: true},

	wire.Mechanisms:    {count: wire.Mechanisms},
	wire.Option:        {count: wire.OptionCount},
	wire.Format:        {count: wire.FormatCount, word: reading.AppendWord},
	wire.ResultFormat:  {count: wire.ResultFormatCount, word: reading.AppendWord},
	wire.ParameterType: {count: wire.ParameterCount, word: reading.AppendWord},
	wire.ColumnFormat:  {count: wire.ColumnCount, word: reading.AppendWord},
	wire.RelationOID:   {count: wire.RelationCount},

	wire.ProtocolVersion:   {word: reading.AppendWord},
	wire.Reply:             {word: reply},
	wire.Target:            {word: reading.AppendWord},
	wire.TypeOID:           {word: reading.AppendWord},
	wire.CopyFormat:        {word: reading.AppendWord},
	wire.TransactionStatus: {word: reading.AppendWord},
	wire.ErrorCode:         {word: errorField},
	wire.ReplicaIdentity:   {word: reading.AppendWord},
	wire.TupleType:         {word: tuple},
	wire.ValueFormat:       {word: valueFormat, place: true},
}

func meaningOf(n wire.Name) *meaning {
	if int(n) < len(meanings) {
		return &meanings[n]
	}
	return &meaning{}
}

// reply is the answer to SSLRequest or GSSENCRequest.
func reply(dst []byte, _ wire.Name, letter int64) []byte {
	switch letter {
	case 'S', 'G':
		return append(dst, "supported"...)
	case 'N':
		return append(dst, "not supported"...)
	}
	return dst
}

func tuple(dst []byte, _ wire.Name, letter int64) []byte {
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

func valueFormat(dst []byte, _ wire.Name, letter int64) []byte {
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

func errorField(dst []byte, _ wire.Name, letter int64) []byte {
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
