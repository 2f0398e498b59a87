package reading

import (
	"iter"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Redacted returns the redacted spans of a message that have bytes between two offsets.
func Redacted(m *event.Message, start, end int) []event.Span {
	if len(m.Redacted) == 0 {
		return nil
	}
	return overlapping(m.Redacted, start, end)
}

func overlapping(spans []event.Span, start, end int) []event.Span {
	first, _ := slices.BinarySearchFunc(spans, start, func(s event.Span, start int) int { return s.End - start - 1 })
	last := first
	for last < len(spans) && spans[last].Start < end {
		last++
	}
	return spans[first:last]
}

// Hidden returns how many bytes between two offsets are redacted.
func Hidden(m *event.Message, start, end int) (n int) {
	for _, s := range Redacted(m, start, end) {
		n += min(s.End, end) - max(s.Start, start)
	}
	return n
}

// IsRedacted reports whether a field is redacted completely. The NUL that ends a string does not
// count.
func IsRedacted(m *event.Message, f *wire.Field) bool {
	return len(m.Redacted) > 0 && hidesContent(m, f)
}

func hidesContent(m *event.Message, f *wire.Field) bool {
	size := len(m.Content(f))
	return size > 0 && Hidden(m, int(f.Start), int(f.Start)+size) == size
}

// Parts yields the bytes of a message between two offsets, in order. It yields nil in place of each
// redacted span.
func Parts(m *event.Message, start, end int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		at := start
		for _, s := range Redacted(m, start, end) {
			if s.Start > at && !yield(m.Bytes[at:s.Start]) || !yield(nil) {
				return
			}
			at = min(s.End, end)
		}
		if at < end {
			yield(m.Bytes[at:end])
		}
	}
}

// hides reports whether a byte of a field is redacted. Then nothing may be concluded from the
// field.
func (r *Reader) hides(f *wire.Field) bool {
	return len(Redacted(r.Message, int(f.Start), int(f.End))) > 0
}
