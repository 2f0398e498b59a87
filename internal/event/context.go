package event

// Context is an immutable snapshot of what the session knew about a message.
// Messages of one statement share it.
type Context struct {
	// SQL is the text behind the statement or portal that the message names or
	// answers. It is empty where it is unknown.
	SQL string
	// Brief is the beginning of SQL on one line, for where it only serves to recognize
	// a statement. It is made for statements that are prepared.
	Brief string
	// Shortened is how many bytes of SQL were not kept. SQL that was not kept at all
	// is empty with all its bytes here.
	Shortened int
	// Settings are those of the session when SQL was sent, on which it depends how the
	// server has read it. They are nil before the server has reported any.
	Settings *Settings
	// Redacted says that something in SQL was replaced, so that positions which the
	// server counts are not those of SQL.
	Redacted bool
	// ParameterTypes are the type OIDs of a Bind's parameters, 0 where unknown. Those
	// that the slice has no place for are unknown too.
	ParameterTypes []uint32
	// Columns describe the values of a DataRow, of a row of COPY or of a row that is
	// replicated, nil where they are unknown.
	Columns []Column
	// Relation is the table of a row of COPY or of a row that is replicated, as in
	// "public.orders": with its schema where that was said. Of several tables that are
	// truncated together it is a list.
	Relation string
}

// Column describes the values of one column.
type Column struct {
	Name         string
	TypeOID      uint32
	TypeModifier int32
	// Binary is the format in which the values come, which for a prepared statement
	// its Bind decides.
	Binary bool
}

// Settings are the parameters of a session on which the reading of its messages
// depends, as ParameterStatus reports them. What was not reported is empty.
type Settings struct {
	ClientEncoding string
	DateStyle      string
	IntervalStyle  string
	TimeZone       string
	ServerVersion  string
	// StandardStrings is standard_conforming_strings, "on" or "off": whether a backslash
	// in '…' is nothing but a backslash.
	StandardStrings string
}
