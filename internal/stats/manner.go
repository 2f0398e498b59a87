package stats

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// manner is what there is to know of an exchange beside what is in it.
type manner struct {
	// goesOn says that it executes a portal which an earlier one has begun.
	goesOn bool
	// idle is how long the client was idle before it, in a transaction.
	idle   time.Duration
	format format
}

// format is how results are sent.
type format uint8

const (
	unknownFormat format = iota // not seen
	textFormat
	binaryFormat // at least one column
)

// formatOf returns in which format an exchange asks for its result.
func (s *Stats) formatOf(x *event.Exchange) format {
	if x.Kind == event.Simple {
		return textFormat
	}
	if x.Kind != event.Extended || x.Bind == nil {
		return unknownFormat
	}
	s.fields = wire.AppendFields(s.fields[:0], &x.Bind.Message)
	for i := range s.fields {
		if s.fields[i].Name == wire.ResultFormat && s.fields[i].Int == 1 {
			return binaryFormat
		}
	}
	return textFormat
}
