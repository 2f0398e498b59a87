package reading

import (
	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// Value is a user's value, and what is known about it. The field may also be one in place of a
// value or before it, or the group that contains them.
type Value struct {
	wire.Field
	// Index is the position of the value's column, parameter or argument, from 0. It is -1 if there
	// is none.
	Index int
	// Column is the value's column, or nil if it is not known.
	Column *event.Column
	// Type is the OID of the value's type, or 0 if it is not known.
	Type uint32
	// Binary is set if the value is in binary format: by what its message says, or else the
	// session.
	Binary bool
	// Tuple is the letter of the replicated row that the value belongs to: N for the new row, O for
	// the old one, K for its key.
	Tuple byte
}

// Value returns what is known about the value that the i-th field is, or belongs to.
func (r *Reader) Value(i int) (v Value) {
	v.Field, v.Index = r.Fields[i], -1
	if v.Depth > 0 || v.Kind == wire.Group {
		r.describe(&v, i)
	}
	if r.Message.Type == wire.FunctionCallResponse {
		v.Type, v.Binary = r.function.Result, r.Message.Context != nil && r.Message.Context.BinaryResult
	}
	if v.Kind == wire.TextValue || v.Kind == wire.BinaryValue {
		v.Binary = v.Kind == wire.BinaryValue
	}
	return v
}

// describe adds what a value has from its group.
func (r *Reader) describe(v *Value, i int) {
	group := r.group(i)
	v.Index = int(group.Int)
	switch group.Name {
	case wire.Column:
		r.describeColumn(v, i)
	case wire.Parameter:
		if c := r.Message.Context; c != nil && v.Index < len(c.ParameterTypes) {
			v.Type = c.ParameterTypes[v.Index]
		}
		v.Binary = r.isBinary(v.Index)
	case wire.Argument:
		v.Type = r.function.Argument(v.Index)
		v.Binary = r.isBinary(v.Index)
	}
}

func (r *Reader) describeColumn(v *Value, i int) {
	switch r.Message.Type {
	case wire.RowDescription, wire.LogicalRelation:
		return // the message itself describes columns
	}
	if v.Column = r.Column(v.Index); v.Column != nil {
		v.Type, v.Binary = v.Column.TypeOID, v.Column.Binary
	}
	for _, at := range r.tuples {
		if at < i {
			v.Tuple = byte(r.Fields[at].Int)
		}
	}
}

// group returns the group that a field is in, or the field itself if it is a group.
func (r *Reader) group(i int) *wire.Field {
	f := &r.Fields[i]
	if f.Kind == wire.Group {
		return f
	}
	for depth := f.Depth; f.Depth >= depth; f = &r.Fields[i] {
		i--
	}
	return f
}

// Column returns what the session knows about a column, or nil.
func (r *Reader) Column(index int) *event.Column {
	c := r.Message.Context
	if c == nil || index >= len(c.Columns) {
		return nil
	}
	return &c.Columns[index]
}

// isBinary reports whether a value with format codes is in binary format. A single code applies to
// all values. A value without a code is in text format (documentation section "Message Formats",
// under Bind and FunctionCall).
func (r *Reader) isBinary(index int) bool {
	formats := r.Fields[r.formats.start:r.formats.end]
	if len(formats) == 1 {
		index = 0
	}
	return index < len(formats) && formats[index].Int == 1 && !r.hides(&formats[index])
}

// Function returns the built-in function with an OID. It returns the zero Function unless the
// session's server is known to have it.
func (r *Reader) Function(oid uint32) pgvalue.Function {
	f, _ := pgvalue.BuiltinFunction(oid, r.readySettings())
	return f
}

// IsNull reports whether the i-th field is in place of a value that is NULL.
func (r *Reader) IsNull(i int) bool {
	switch f := &r.Fields[i]; f.Name {
	case wire.CopyNull:
		return true
	case wire.ValueLength:
		return f.Int == -1 && !r.hides(f)
	case wire.ValueFormat:
		return f.Int == 'n' && !r.hides(f)
	}
	return false
}

// IsUnchanged reports whether the i-th field is in place of a value that replication omits, because
// it is stored apart (TOAST) and was not changed.
func (r *Reader) IsUnchanged(i int) bool {
	f := &r.Fields[i]
	return f.Name == wire.ValueFormat && f.Int == 'u' && !r.hides(f)
}

// ErrorCode returns the letter for the kind of the i-th field, if that is a text of an error
// (documentation section "Error and Notice Message Fields"). Otherwise it returns 0.
func (r *Reader) ErrorCode(i int) byte {
	if i == 0 || r.Fields[i-1].Name != wire.ErrorCode {
		return 0
	}
	return byte(r.Fields[i-1].Int)
}

// IsCut reports whether the i-th field may continue in the part of the message that was not kept.
func (r *Reader) IsCut(i int) bool {
	return r.Message.Size > int64(len(r.Message.Bytes)) && r.isCut(i)
}

// isCut reports whether a field may be incomplete. Fields before others are complete. So are
// numbers, strings with their NUL, and values as long as the length before them says.
func (r *Reader) isCut(i int) bool {
	f := &r.Fields[i]
	switch {
	case int(f.End) < len(r.Message.Bytes):
		return false
	case f.Kind == wire.CString:
		return r.Message.Bytes[f.End-1] != 0
	case f.Kind.IsInteger() || f.Kind == wire.Byte1 || f.Kind == wire.Group:
		return false
	case i == 0:
		return true
	}
	length := &r.Fields[i-1]
	known := (length.Name == wire.ValueLength || length.Name == wire.DataLength) && !r.hides(length)
	return !known || length.Int != int64(f.End-f.Start)
}

// AppendText appends a value as text in UTF-8. For binary format, that is what the server would
// print with the session's settings. The error says why the value can't be read.
func (r *Reader) AppendText(dst []byte, v *Value) ([]byte, error) {
	format := pgvalue.Text
	if v.Binary {
		format = pgvalue.Binary
	}
	return pgvalue.AppendText(dst, v.Type, format, r.Message.Bytes[v.Start:v.End], r.readySettings())
}
