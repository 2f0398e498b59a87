package event

import "pgpi/internal/sqltext"

// Context is an immutable snapshot of what the session knew about a message. The messages of a
// statement share it.
type Context struct {
	// SQL is the text of the statement or portal that the message names or answers. It is empty if
	// it is unknown.
	SQL string
	// Brief is the beginning of SQL on one line, where SQL only serves to recognize a statement.
	// Only prepared statements have one.
	Brief string
	// Shortened is how many bytes of SQL were not kept. If none was kept, SQL is empty and
	// Shortened is its size.
	Shortened int
	// Shaped is what was found out about all of SQL. It stays even if SQL was not kept. It is nil
	// if there is no SQL.
	Shaped *Shaped
	// Settings are those of the session when SQL was sent. They affect how the server read it. They
	// are nil before the server has reported any.
	Settings *Settings
	// Redacted is set if part of SQL was replaced, so that positions that the server counts do not
	// apply to it.
	Redacted bool
	// ParameterTypes are the type OIDs of a Bind's parameters, 0 if unknown. Parameters beyond the
	// end of the slice are unknown too.
	ParameterTypes []uint32
	// Columns describe the values of a DataRow, of a row of COPY or of a replicated row. They are
	// nil if unknown.
	Columns []Column
	// NeverParsed is set if the statement that the message names was in no Parse since the
	// connection began.
	NeverParsed bool
	// Function is the OID of the function that a FunctionCall calls. BinaryResult is set if its
	// result comes in binary format.
	Function     uint32
	BinaryResult bool
	// Relation is the table of a row of COPY or of a replicated row, as in "public.orders". It has
	// the schema if that was said. For tables that are truncated together it is a list.
	Relation string
}

// Shaped is what was found out about one SQL text. All contexts of the text share it. A stage fills
// it once, after redaction, before any sink sees the message that brought the text.
type Shaped struct {
	// Found is set if the shape was looked for, which is done only if it is wanted.
	Found bool
	// Shape is nil if it was not looked for, or if part of the text is missing.
	Shape *sqltext.Shape
	// Attributes are those of its comments.
	Attributes []sqltext.Attribute
}

// Column describes the values of one column.
type Column struct {
	Name         string
	TypeOID      uint32
	TypeModifier int32
	// Binary is set if the values come in binary format. For a prepared statement, its Bind decides
	// that.
	Binary bool
}

// Settings are the session parameters that affect how its messages are read, as ParameterStatus
// reports them. What was not reported is empty.
type Settings struct {
	ClientEncoding string
	DateStyle      string
	IntervalStyle  string
	TimeZone       string
	ServerVersion  string
	// StandardStrings is standard_conforming_strings, "on" or "off". If it is on, a backslash in
	// '…' is an ordinary character.
	StandardStrings string
}

// SQL returns what is known about how the server reads SQL. s may be nil.
func (s *Settings) SQL() sqltext.Settings {
	if s == nil {
		return sqltext.Settings{}
	}
	return sqltext.SettingsOf(s.StandardStrings, s.ClientEncoding)
}

// Identity is an immutable snapshot of who is connected, by what the client said about itself. What
// was not said is empty.
type Identity struct {
	// Known is set if the StartupMessage was seen, or if there will be none.
	Known bool
	User  string
	// Database is the user's name if the StartupMessage names no database.
	Database string
	// Application is application_name as the server last reported it. Startup is application_name
	// in the StartupMessage.
	Application, Startup string
	// Address is the client's address without its port, or the path of a Unix socket.
	Address string
	// LoggingIn is set from the StartupMessage to the event by which the server is ready, if both
	// were seen.
	LoggingIn bool
	// ClientTLS and ServerTLS are the versions and ciphers of TLS on either leg, empty for none.
	ClientTLS, ServerTLS string
	// Cancels is the identity of the connection that a CancelRequest is for. It is nil if that is
	// unknown, or if this is not a CancelRequest.
	Cancels *Identity
}
