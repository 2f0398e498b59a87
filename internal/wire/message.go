package wire

import (
	"bytes"
	"encoding/binary"
)

// Sender is the party that a message comes from.
type Sender uint8

// The two parties, and Either for messages that both may send.
const (
	Client Sender = iota
	Server
	Either
)

// Message is a protocol message, or one of the packets before startup, which have no type byte.
type Message struct {
	// Type is what the message is, given its context.
	Type Type
	// State is what the grammar needs to know and can't read from the bytes.
	State State
	// Bytes is the message from its type byte on. It is shorter than Size if only a prefix was
	// kept.
	Bytes []byte
	// Size is the number of bytes on the wire, including type byte and length word.
	Size int64
}

// State is the part of a connection's memory that a walk depends on.
type State struct {
	// Mechanism is the SASL mechanism of the current authentication.
	Mechanism Mechanism
	// BindingOffered is set in a SASLInitialResponse if the server has offered SCRAM-SHA-256-PLUS.
	BindingOffered bool
	// Streamed is set between Stream Start and Stream Stop of pgoutput, where messages contain the
	// ID of their transaction.
	Streamed bool
	// Parallel is set if START_REPLICATION asked for streaming 'parallel': then Stream Abort also
	// has the LSN and time.
	Parallel bool
	// Protocol is the version that the parties agreed on, as in a StartupMessage; 0 if that was not
	// seen.
	Protocol uint32
	// Copy is the format of the rows of a COPY, and the position among them at which the message
	// begins.
	Copy Copy
}

// Mechanism is a SASL mechanism whose data pgpi names.
type Mechanism uint8

// OtherMechanism is also the state before the client has selected one.
const (
	OtherMechanism Mechanism = iota
	SCRAM
	OAuthBearer
)

// MechanismOf returns the mechanism of a name in a SASLInitialResponse.
func MechanismOf(name string) Mechanism {
	switch name {
	case "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS":
		return SCRAM
	case "OAUTHBEARER":
		return OAuthBearer
	}
	return OtherMechanism
}

// Request codes of the packets that begin a connection. They are in the place of the version in a
// StartupMessage (src/include/libpq/pqcomm.h).
const (
	CancelRequestCode = 80877102
	SSLRequestCode    = 80877103
	GSSENCRequestCode = 80877104
)

// LongKeys is the first version of the protocol whose keys may be longer than four bytes
// (PG_PROTOCOL(3, 2) in src/include/libpq/pqcomm.h).
const LongKeys = 3<<16 | 2

// Limits of lengths, in bytes. A length word counts itself, but not the type byte.
const (
	// HeaderSize is a type byte and a length word.
	HeaderSize = 5
	// MaxLength is the largest length word that any server accepts. StartupMaxLength is that of a
	// packet before authentication (MAX_STARTUP_PACKET_LENGTH and its own length word).
	MaxLength        = 0x3fffffff
	StartupMaxLength = 10004
	// MaxErrorLength is the limit above which libpq no longer believes that an 'E' before
	// authentication is followed by a length word (fe-connect.c, PQconnectPoll).
	MaxErrorLength = 30000
)

// Size returns the size of the message that begins with b and has a type byte. It is 0 while the
// header is incomplete, and -1 if no message has such a length.
func Size(b []byte) int64 {
	if len(b) < HeaderSize {
		return 0
	}
	length := int64(binary.BigEndian.Uint32(b[1:]))
	if length < 4 || length > MaxLength {
		return -1
	}
	return length + 1
}

// StartupSize is [Size] for packets without a type byte. The least is a length word and a code, the
// most is what servers accept.
func StartupSize(b []byte) int64 {
	if len(b) < 4 {
		return 0
	}
	length := int64(binary.BigEndian.Uint32(b))
	if length < 8 || length > StartupMaxLength {
		return -1
	}
	return length
}

// PlausibleType reports whether b can begin a message of this protocol, or of one that extends it.
// A stream with another byte in its place is out of sync.
func PlausibleType(b byte) bool {
	return 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || '1' <= b && b <= '9'
}

// Identify returns the type of the message that b begins with. It depends on the sender, the type
// byte and, for the family "R", on the subtype. Where servers other than PostgreSQL use these
// differently, the form of the message decides. What needs more context stays general: a "p" is
// [PasswordOrToken], and the contents of [CopyData] are not looked at.
func Identify(from Sender, b []byte) Type {
	if len(b) == 0 {
		return UnknownMessage
	}
	t := byCode[from][b[0]]
	switch {
	case t == Authentication && len(b) >= HeaderSize+4:
		return authenticationType(b)
	case t == YbParameterStatus && !hasYbForm(b):
		return UnknownMessage
	}
	return t
}

// IdentifyStartup returns the type of a packet that has no type byte.
func IdentifyStartup(b []byte) Type {
	if len(b) < 8 {
		return StartupMessage
	}
	switch binary.BigEndian.Uint32(b[4:]) {
	case CancelRequestCode:
		return CancelRequest
	case SSLRequestCode:
		return SSLRequest
	case GSSENCRequestCode:
		return GSSENCRequest
	}
	return StartupMessage
}

// AppendError appends an ErrorResponse to dst, with the fields that every server sends
// (documentation section "Error and Notice Message Fields"). The code is a SQLSTATE.
func AppendError(dst []byte, severity, code, text string) []byte {
	start := len(dst)
	dst = append(dst, 'E', 0, 0, 0, 0)
	for _, field := range []string{"S" + severity, "V" + severity, "C" + code, "M" + text} {
		dst = append(append(dst, field...), 0)
	}
	dst = append(dst, 0)
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-1))
	return dst
}

// ErrorFieldOf returns the field of an ErrorResponse or NoticeResponse that has a code.
func ErrorFieldOf(b []byte, code byte) ([]byte, bool) {
	rest := b[min(len(b), HeaderSize):]
	for len(rest) > 1 && rest[0] != 0 {
		value, after, terminated := bytes.Cut(rest[1:], []byte{0})
		if !terminated {
			break
		}
		if rest[0] == code {
			return value, true
		}
		rest = after
	}
	return nil, false
}

// IsFatal reports whether a message is the error with which a server ends a connection.
func IsFatal(m *Message) bool {
	if m.Type != ErrorResponse {
		return false
	}
	severity, _ := ErrorFieldOf(m.Bytes, 'V')
	if len(severity) == 0 { // before PostgreSQL 9.6
		severity, _ = ErrorFieldOf(m.Bytes, 'S')
	}
	return string(severity) == "FATAL" || string(severity) == "PANIC"
}
