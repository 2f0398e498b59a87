// Package reading is the one reader of what the fields of a message mean: which column or
// parameter a value belongs to, its type and format, whether it is NULL, what of it is redacted
// and what was not kept; and of values as text.
//
// It guarantees that it says no more than the message and its context do: what is not known is
// zero. Whatever the bytes are, it never panics, and once its memory is large enough it allocates
// nothing for a message. Who needs fields only does not pay for values as text.
//
// It must not know who reads: what an output shows of a field, and how, is its own.
//
// Start reading at [Reader], then [Value]. settings.go has text in the session's encoding,
// redacted.go what must not be shown, and words.go what the values of fields are called.
package reading

import (
	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// Reader reads one message after another. The zero value is ready. It keeps its memory from one
// message to the next, and serves one goroutine at a time.
//
//	r.Read(m)
//	for i := range r.Fields {
//		if r.Fields[i].Name == wire.ColumnValue {
//			v := r.Value(i)
//			…
//		}
//	}
type Reader struct {
	// Message is the message at hand, and Fields are its fields, as [wire.AppendFields] finds
	// them. They are valid until the next Read.
	Message *event.Message
	Fields  []wire.Field

	formats  struct{ start, end int } // places of the format codes of what a Bind or FunctionCall brings
	function pgvalue.Function         // that is called, if it is known
	tuples   []int                    // places of the letters that tell new and old rows apart

	settings *event.Settings
	ready    *pgvalue.Settings // made of settings
}

// Read goes on to another message.
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

// findFormats finds the format codes. They come one behind the other, before the values.
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

// maxFields is how much memory [Reader.Trim] leaves.
const maxFields = 1 << 14

// Trim gives memory back that one large message needed. It ends the reading of the message.
func (r *Reader) Trim() {
	if cap(r.Fields) > maxFields {
		*r = Reader{settings: r.settings, ready: r.ready}
	}
}
