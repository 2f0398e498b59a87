package wire

// Field is a named run of bytes in a message. Fields are in the order of their bytes; a [Group]
// precedes the fields in it, which are one level deeper.
type Field struct {
	Name  Name
	Kind  Kind
	Depth uint8
	// Start and End are offsets into the message's bytes. End is exclusive.
	Start, End int32
	// Int depends on the field: the value of an integer, the index of a Group among its siblings
	// (from 0), the number of bytes that were Omitted, or the Name that was expected where a
	// Malformed field begins. The client of a COPY may cut an integer in two: then the last part
	// has the value, and the parts before it are of kind IntegerPart.
	Int int64
}

// Content returns the bytes of a field of m, without the NUL that ends a string.
func (m *Message) Content(f *Field) []byte {
	b := m.Bytes[f.Start:f.End]
	if n := len(b); f.Kind == CString && n > 0 && b[n-1] == 0 {
		b = b[:n-1]
	}
	return b
}

// Kind is how to read a field's bytes.
type Kind uint8

// All kinds are leaves except Group.
const (
	// Group contains the fields after it whose Depth is greater than its own.
	Group Kind = iota
	// Byte1 is a letter.
	Byte1
	// Big-endian integers. Whether they are signed depends on the field: Int has the right value.
	Int8
	Int16
	Int32
	Int64
	// LSN is a position in the write-ahead log, of 8 bytes.
	LSN
	// Timestamp is a time of 8 bytes: microseconds since 2000-01-01 00:00 UTC.
	Timestamp
	// CString ends with a NUL, which is part of the field.
	CString
	// Text is a string whose length is known from elsewhere.
	Text
	// Value is data, as text or binary: another message says which.
	Value
	// TextValue and BinaryValue are data whose format is known.
	TextValue
	BinaryValue
	// Binary is data that is not text: keys, salts, tokens.
	Binary
	// IntegerPart is the beginning of an integer whose other bytes are in a later message, or were
	// not kept.
	IntegerPart
)

// IsInteger reports whether a field of this kind has a value in Int.
func (k Kind) IsInteger() bool { return k >= Int8 && k <= Timestamp }

// IsValue reports whether a field of this kind is a user's data, in any format.
func (k Kind) IsValue() bool { return k >= Value && k <= BinaryValue }

// Name is what a field is.
type Name uint8

// Names that any message can have.
const (
	TypeByte Name = iota
	Length
	// Trailing bytes come after the end of what the grammar knows.
	Trailing
	// Malformed begins where the bytes stop making sense, and extends to the end of the message. It
	// is empty if the message ends too early.
	Malformed
	// Omitted has no bytes: it says how many were not kept.
	Omitted
	// Unknown is the body of a message or packet that is not in the grammar.
	Unknown
	// End is a NUL that ends a list.
	End

	RequestCode
	ProtocolVersion
	Reply
	Key
	KeyValue
	ProcessID
	SecretKey
	ErrorText

	AuthenticationSubtype
	Salt
	Mechanisms
	SelectedMechanism
	DataLength
	SCRAMClientFirst
	SCRAMServerFirst
	SCRAMClientFinal
	SCRAMServerFinal
	OAuthClientFirst
	OAuthServerError
	OAuthAbort
	SASLData
	Password
	MD5Hash
	GSSToken
	Method
	SaltLength
	NonceLength
	Nonce
	Iterations
	OptionCount
	Option

	Portal
	Statement
	SQL
	FormatCount
	Format
	ResultFormatCount
	ResultFormat
	ParameterCount
	Parameter
	ParameterType
	ParameterValue
	ValueLength
	Target
	RowLimit
	FunctionOID
	ArgumentCount
	Argument
	ArgumentValue
	FailReason

	ColumnCount
	Column
	ColumnName
	TableOID
	AttributeNumber
	TypeOID
	TypeLength
	TypeModifier
	ColumnFormat
	ColumnValue
	ResultValue
	CopyFormat
	CommandTag
	TransactionStatus
	ErrorField
	ErrorCode
	ErrorValue
	Channel
	NotifyPayload
	Data

	// Inside CopyData: rows of COPY.
	CopyValue
	CopyPart // of a value that is not whole in this message
	CopyNull
	CopyDefault // represents the column's default
	CopyHeading // a column's name in the first line
	CopyDelimiter
	RowEnd
	CopyEnd // the line that ends the data
	CopySignature
	CopyTrailer
	ExtensionLength
	Extension
	Flags

	// Inside CopyData: streaming replication. PayloadType is the first letter of a payload, in base
	// backups too.
	PayloadType
	WALStart
	WALEnd
	SentAt
	ReplyRequested
	WrittenLSN
	FlushedLSN
	AppliedLSN
	Xmin
	XminEpoch
	CatalogXmin
	CatalogXminEpoch
	StatusLSN
	OldestXID
	NextXID

	// Inside XLogData: pgoutput.
	LogicalType
	XID
	SubXID
	FinalLSN
	CommitLSN
	TransactionEnd
	CommitTime
	OriginLSN
	OriginName
	RelationOID
	Namespace
	RelationName
	ReplicaIdentity
	TypeName
	Tuple
	TupleType
	ValueFormat
	OldValue
	OldKeyValue
	RelationCount
	TruncateOptions
	MessageLSN
	Prefix
	Content
	FirstSegment
	AbortLSN
	AbortTime
	PrepareLSN
	PrepareTime
	GID
	RollbackEnd
	RollbackTime

	// Inside CopyData: base backups.
	ArchiveName
	TablespacePath
	Progress

	nameCount
)

var names = [nameCount]string{
	TypeByte: "type", Length: "length", Trailing: "trailing", Malformed: "malformed", Omitted: "omitted",
	Unknown: "unknown", End: "end",

	RequestCode: "request_code", ProtocolVersion: "protocol_version", Reply: "reply",
	Key: "key", KeyValue: "value", ProcessID: "process_id", SecretKey: "secret_key", ErrorText: "error_text",

	AuthenticationSubtype: "authentication", Salt: "salt", Mechanisms: "mechanism",
	SelectedMechanism: "selected_mechanism", DataLength: "data_length",
	SCRAMClientFirst: "scram_client_first", SCRAMServerFirst: "scram_server_first",
	SCRAMClientFinal: "scram_client_final", SCRAMServerFinal: "scram_server_final",
	OAuthClientFirst: "oauth_client_first", OAuthServerError: "oauth_server_error", OAuthAbort: "oauth_abort",
	SASLData: "sasl_data", Password: "password", MD5Hash: "md5_hash", GSSToken: "gss_token",
	Method: "method", SaltLength: "salt_length", NonceLength: "nonce_length", Nonce: "nonce", Iterations: "iterations",
	OptionCount: "option_count", Option: "option",

	Portal: "portal", Statement: "statement", SQL: "sql",
	FormatCount: "format_count", Format: "format",
	ResultFormatCount: "result_format_count", ResultFormat: "result_format",
	ParameterCount: "parameter_count", Parameter: "parameter", ParameterType: "parameter_type",
	ParameterValue: "parameter_value", ValueLength: "value_length", Target: "target", RowLimit: "row_limit",
	FunctionOID: "function_oid", ArgumentCount: "argument_count", Argument: "argument",
	ArgumentValue: "argument_value", FailReason: "reason",

	ColumnCount: "column_count", Column: "column", ColumnName: "column_name", TableOID: "table_oid",
	AttributeNumber: "attribute_number", TypeOID: "type_oid", TypeLength: "type_length",
	TypeModifier: "type_modifier", ColumnFormat: "column_format", ColumnValue: "column_value",
	ResultValue: "result_value", CopyFormat: "copy_format", CommandTag: "command_tag",
	TransactionStatus: "transaction_status", ErrorField: "field", ErrorCode: "code", ErrorValue: "text",
	Channel: "channel", NotifyPayload: "payload", Data: "data",

	CopyValue: "copy_value", CopyPart: "copy_value_part", CopyNull: "copy_null",
	CopyDefault: "copy_default", CopyHeading: "copy_heading",
	CopyDelimiter: "delimiter", RowEnd: "row_end", CopyEnd: "end_of_data", CopySignature: "signature",
	CopyTrailer: "trailer", ExtensionLength: "extension_length", Extension: "extension", Flags: "flags",

	PayloadType: "payload_type", WALStart: "wal_start", WALEnd: "wal_end", SentAt: "sent_at",
	ReplyRequested: "reply_requested", WrittenLSN: "written_lsn", FlushedLSN: "flushed_lsn", AppliedLSN: "applied_lsn",
	Xmin: "xmin", XminEpoch: "xmin_epoch", CatalogXmin: "catalog_xmin", CatalogXminEpoch: "catalog_xmin_epoch",
	StatusLSN: "status_lsn", OldestXID: "oldest_xid", NextXID: "next_xid",

	LogicalType: "logical_type", XID: "xid", SubXID: "sub_xid", FinalLSN: "final_lsn", CommitLSN: "commit_lsn",
	TransactionEnd: "transaction_end", CommitTime: "commit_time", OriginLSN: "origin_lsn", OriginName: "origin_name",
	RelationOID: "relation_oid", Namespace: "namespace", RelationName: "relation_name",
	ReplicaIdentity: "replica_identity", TypeName: "type_name", Tuple: "tuple", TupleType: "tuple_type",
	ValueFormat: "value_format", OldValue: "old_value", OldKeyValue: "old_key_value",
	RelationCount: "relation_count", TruncateOptions: "truncate_options", MessageLSN: "message_lsn",
	Prefix: "prefix", Content: "content", FirstSegment: "first_segment", AbortLSN: "abort_lsn", AbortTime: "abort_time",
	PrepareLSN: "prepare_lsn", PrepareTime: "prepare_time", GID: "gid", RollbackEnd: "rollback_end",
	RollbackTime: "rollback_time",

	ArchiveName: "archive_name", TablespacePath: "tablespace_path", Progress: "progress",
}

// String is the field's name in lower case, words joined by underscores.
func (n Name) String() string {
	if n >= nameCount {
		return "unknown"
	}
	return names[n]
}

// Names lists all field names.
func Names() []Name {
	all := make([]Name, nameCount)
	for n := range all {
		all[n] = Name(n)
	}
	return all
}
