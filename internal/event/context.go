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
	// NeverParsed says that the statement which the message names has been in no Parse since the
	// connection began.
	NeverParsed bool
	// Function is the OID of the function that a FunctionCall calls, and BinaryResult says that its
	// result comes in binary format.
	Function     uint32
	BinaryResult bool
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

// Identity is an immutable snapshot of who is connected: what a client said of itself. What was
// not said is empty.
type Identity struct {
	// Known says that the StartupMessage was seen, or that there will be none.
	Known bool
	User  string
	// Database is the user's name where the StartupMessage names none.
	Database string
	// Application is application_name as the server last reported it, and Startup as the
	// StartupMessage had it.
	Application, Startup string
	// Address is the client's, without its port, or the path of a Unix socket.
	Address string
	// Cancels is the identity of the connection that a CancelRequest is for, nil where that is
	// unknown or the connection is no CancelRequest.
	Cancels *Identity
}
