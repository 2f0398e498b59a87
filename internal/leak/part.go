package leak

import (
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// part is a field of a message that can contain users' data.
type part struct {
	field wire.Name
	holds holds
	text  []byte
	oid   uint32 // of a value's type, 0 if unknown
}

// holds is what a part contains.
type holds byte

const (
	// aName was chosen by a user, and a server repeats it. It is not data, but it must not be equal
	// to data.
	aName holds = iota
	aValue
	aBinaryValue
	aCopiedValue
	sqlText
	// serverText is the text of an error or a notice. raisedText is one that a function has made
	// up.
	serverText
	raisedText
	// unreadable parts are blanked.
	unreadable
)

// reader finds the parts of messages. What it returns is valid until the next call.
type reader struct {
	fields  []wire.Field
	parts   []part
	formats []int64 // of the values of a Bind or FunctionCall
	index   int     // of the current group
	code    byte    // of the current field of an error
	raised  bool
}

// read returns the parts of a message.
func (r *reader) read(m *event.Message) []part {
	r.parts, r.formats, r.index, r.code, r.raised = r.parts[:0], r.formats[:0], 0, 0, false
	switch m.Type.Code() {
	case 'R', 'p', 'K', 'v': // the login
		return nil
	case 'E', 'N':
		r.raised = m.Type.From() == wire.Server && isRaised(m.Bytes)
	}
	r.fields = wire.AppendFields(r.fields[:0], &m.Message)
	for _, f := range r.fields {
		switch {
		case f.Kind == wire.Group:
			r.index = int(f.Int)
		case f.Name == wire.Format:
			r.formats = append(r.formats, f.Int)
		case f.Name == wire.ErrorCode && f.Start < f.End:
			r.code = m.Bytes[f.Start]
		case f.Kind.IsInteger(), f.Kind == wire.Byte1:
		default:
			r.add(m, f)
		}
	}
	return r.parts
}

func (r *reader) add(m *event.Message, f wire.Field) {
	p := part{field: f.Name, text: m.Bytes[f.Start:f.End]}
	if n := len(p.text); f.Kind == wire.CString && n > 0 && p.text[n-1] == 0 {
		p.text = p.text[:n-1]
	}
	switch f.Name {
	case wire.Key, wire.CopyDelimiter, wire.CopyNull, wire.CopyDefault, wire.RowEnd, wire.CopyEnd, wire.CopySignature:
		return // words of the protocol, and of COPY's options
	case wire.SQL:
		p.holds = sqlText
	case wire.ErrorValue:
		p.holds = r.errorValue()
	case wire.NotifyPayload, wire.FailReason:
		p.holds = aValue
	case wire.ColumnValue, wire.ParameterValue, wire.ArgumentValue, wire.ResultValue, wire.OldValue, wire.OldKeyValue, wire.CopyValue:
		p.oid = r.typeOf(m)
		p.holds = r.value(m, f)
	case wire.CopyPart, wire.Content, wire.Data:
		p.holds = data(m.Type, p.text)
	case wire.Unknown, wire.Malformed, wire.Trailing, wire.Extension:
		p.holds = unreadable
	}
	if len(p.text) > 0 {
		r.parts = append(r.parts, p)
	}
}

// value returns the format of a value. A binary value that was cut off can't be read.
func (r *reader) value(m *event.Message, f wire.Field) holds {
	switch {
	case m.Type == wire.CopyText || m.Type == wire.CopyCSV:
		return aCopiedValue
	case f.Name == wire.ResultValue:
		return aBinaryValue // or text: the call has said which
	case f.Kind == wire.TextValue || f.Kind == wire.Value && !r.isBinary(m):
		return aValue
	case int64(len(m.Bytes)) < m.Size && int(f.End) == len(m.Bytes):
		return aName
	}
	return aBinaryValue
}

// isBinary reports whether another field or message says that a value is binary.
func (r *reader) isBinary(m *event.Message) bool {
	switch {
	case m.Type != wire.Bind && m.Type != wire.FunctionCall:
		return m.Context != nil && r.index < len(m.Context.Columns) && m.Context.Columns[r.index].Binary
	case len(r.formats) == 1:
		return r.formats[0] == 1
	}
	return r.index < len(r.formats) && r.formats[r.index] == 1
}

func (r *reader) typeOf(m *event.Message) uint32 {
	switch c := m.Context; {
	case c == nil:
	case m.Type == wire.Bind && r.index < len(c.ParameterTypes):
		return c.ParameterTypes[r.index]
	case m.Type != wire.Bind && r.index < len(c.Columns):
		return c.Columns[r.index].TypeOID
	}
	return 0
}

// data returns what is in bytes of which only the message is known.
func data(t wire.Type, b []byte) holds {
	switch {
	case t == wire.CopyText || t == wire.CopyCSV:
		return aCopiedValue
	case t == wire.BackupData || t == wire.BackupTar:
		return unreadable
	case isText(b):
		return aValue
	case t == wire.XLogData:
		return unreadable
	}
	return aName
}

// errorValue returns what a field of an error or a notice contains (documentation section "Error
// and Notice Message Fields").
func (r *reader) errorValue() holds {
	switch r.code {
	case 'M', 'D', 'H':
		if r.raised {
			return raisedText
		}
		return serverText
	case 'W':
		return serverText
	case 'q':
		return sqlText
	}
	return aName
}

// isRaised reports whether a function made an error or a notice: its SQLSTATE is that of RAISE or
// ASSERT, or the server's routine is one that procedural languages call for that.
func isRaised(b []byte) bool {
	state, _ := wire.ErrorFieldOf(b, 'C')
	routine, _ := wire.ErrorFieldOf(b, 'R')
	switch string(state) {
	case "P0001", "P0004":
		return true
	}
	switch string(routine) {
	case "exec_stmt_raise", "exec_stmt_assert", "PLy_output", "do_util_elog", "pltcl_elog":
		return true
	}
	return false
}

// isText reports whether bytes are UTF-8 without control characters other than white space.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && (c < '\t' || c > '\r') || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}
