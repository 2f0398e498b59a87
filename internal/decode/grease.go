package decode

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// greaseVersion is a version that will never exist. libpq from 19 on asks for it, to check that
// servers, and what is before them, negotiate ("grease", pqcomm.h). greaseOption is an option of
// the same kind.
const (
	greaseVersion = 3<<16 | 9999
	greaseOption  = "_pq_.test_protocol_negotiation"
)

// failGrease returns what the server does instead of negotiating, if a message shows that. A server
// answers with NegotiateProtocolVersion before anything else.
func (c *connection) failGrease(m *event.Message) (does string) {
	switch {
	case m.Type == wire.StartupMessage:
		c.greased = asksForGrease(m)
	case !c.greased || m.Type == wire.NoticeResponse:
	case m.Type == wire.NegotiateProtocolVersion:
		c.greased = false
	case m.Type == wire.ErrorResponse && refusesProtocol(m):
		c.greased, does = false, "refuses that"
	case m.Type.Code() == 'R':
		c.greased, does = false, "accepts that"
	default:
		c.greased = false // it has other reasons
	}
	return does
}

func asksForGrease(m *event.Message) bool {
	var memory [32]wire.Field
	for _, f := range wire.AppendFields(memory[:0], &m.Message) {
		if f.Name == wire.ProtocolVersion && f.Int == greaseVersion || f.Name == wire.Key && string(m.Content(&f)) == greaseOption {
			return true
		}
	}
	return false
}

// refusesProtocol reports whether an error is about the protocol: feature_not_supported in
// PostgreSQL before NegotiateProtocolVersion was invented, and protocol_violation in poolers.
func refusesProtocol(m *event.Message) bool {
	return bytes.Contains(m.Bytes, []byte("\x00C0A000\x00")) || bytes.Contains(m.Bytes, []byte("\x00C08P01\x00"))
}
