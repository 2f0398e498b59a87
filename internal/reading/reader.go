// Package reading is the one reader of what the fields of a message mean: which column or parameter
// a value belongs to, its type and format, whether it is NULL, what in it is redacted and what was
// not kept. It also returns values as text.
//
// It guarantees:
//
//   - It says no more than the message and its context do. What is not known is zero.
//   - No bytes make it panic.
//   - Once its memory is large enough, it allocates nothing for a message. Callers that only need
//     fields do not pay for values as text.
//
// Less formally: everybody who shows, replaces or filters values reads them here, so all of them
// read the same.
//
// It must not know who reads. What an output shows of a field, and how, is up to the output.
//
// Start reading at [Reader], then [Value]. settings.go has text in the session's encoding,
// redacted.go what must not be shown, and words.go the names of field values.
package reading

import (
	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// Reader reads one message after another. The zero value is ready to use. It keeps its memory from
// one message to the next, and serves one goroutine at a time.
//
//	r.Read(m)
//	for i := range r.Fields {
//		if r.Fields[i].Name == wire.ColumnValue {
//			v := r.Value(i)
//			…
//		}
//	}
type Reader struct {
	// Message is the current message, and Fields are its fields, as [wire.AppendFields] finds them.
	// They are valid until the next Read.
	Message *event.Message
	Fields  []wire.Field

	formats  struct{ start, end int } // the format codes for the values of a Bind or FunctionCall
	function pgvalue.Function         // the function that is called, if it is known
	tuples   []int                    // where new and old rows begin: the fields with their letters

	settings *event.Settings
	ready    *pgvalue.Settings // made from settings
}

// Read moves on to another message.
func (r *Reader) Read(m *event.Message) {
	r.Message = m
	r.Fields = wire.AppendFields(r.Fields[:0], &m.Message)
	r.tuples = r.tuples[:0]
	switch m.Type {
	case wire.Bind:
		r.findFormats()
	case wire.FunctionCall:
		r.findFormats()
		r.function = pgvalue.Function{}
		if len(r.Fields) > 2 && r.Fields[2].Name == wire.FunctionOID && !r.hides(&r.Fields[2]) {
			r.function = r.Function(uint32(r.Fields[2].Int))
		}
	case wire.FunctionCallResponse:
		r.function = pgvalue.Function{}
		if m.Context != nil {
			r.function = r.Function(m.Context.Function)
		}
	case wire.LogicalInsert, wire.LogicalUpdate, wire.LogicalDelete:
		r.findTuples()
	}
}

// findFormats finds the format codes. They are consecutive, before the values.
func (r *Reader) findFormats() {
	at := 0
	for at < len(r.Fields) && r.Fields[at].Name != wire.Format && r.Fields[at].Kind != wire.Group {
		at++
	}
	r.formats.start = at
	for at < len(r.Fields) && r.Fields[at].Name == wire.Format {
		at++
	}
	r.formats.end = at
}

func (r *Reader) findTuples() {
	for i := range r.Fields {
		if r.Fields[i].Name == wire.TupleType {
			r.tuples = append(r.tuples, i)
		}
	}
}

// maxFields is how many fields [Reader.Trim] leaves room for.
const maxFields = 1 << 14

// Trim releases memory that one large message needed. It ends the reading of the current message.
func (r *Reader) Trim() {
	if cap(r.Fields) > maxFields {
		*r = Reader{settings: r.settings, ready: r.ready}
	}
}
