package stats

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// manner is what is known about an exchange that is not in the exchange.
type manner struct {
	// goesOn is set if it executes a portal that an earlier exchange began.
	goesOn bool
	// inTransaction is set if a transaction was open before it.
	inTransaction bool
	format        format
}

// format is how results are sent.
type format uint8

const (
	unknownFormat format = iota // not seen
	textFormat
	binaryFormat // at least one column
)

// formatOf returns the format that an exchange requests for its result.
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
