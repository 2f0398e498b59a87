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

// Message is one protocol message, or one of the packets before startup that
// have no type byte.
type Message struct {
	// Type is what the message is, its context taken into account.
	Type Type
	// State holds what the grammar needs to know and the bytes don't say.
	State State
	// Bytes is the message from its type byte on. It is shorter than Size where
	// only a prefix was kept.
	Bytes []byte
	// Size is the number of bytes that the message has on the wire, type byte and
	// length word included.
	Size int64
}

// State is the part of a connection's memory that a walk depends on.
type State struct {
	// Mechanism is the SASL mechanism of the running authentication dialogue.
	Mechanism Mechanism
	// Protocol is the version that the parties have agreed on, as a StartupMessage has
	// it; 0 where that was not seen.
	Protocol uint32
	// Copy is how the rows of a COPY are written, and where among them the message
	// begins.
	Copy Copy
	// Streamed is set between Stream Start and Stream Stop of pgoutput, where messages
	// carry the ID of their transaction.
	Streamed bool
	// Parallel is set where START_REPLICATION asked for streaming 'parallel': Stream
	// Abort then says where and when.
	Parallel bool
}

// Mechanism tells apart the SASL mechanisms whose data pgpi names.
type Mechanism uint8

// OtherMechanism is also the state before a mechanism is selected.
const (
	OtherMechanism Mechanism = iota
	SCRAM
	OAuthBearer
)

// MechanismOf gives the mechanism of a name that a SASLInitialResponse selects.
func MechanismOf(name string) Mechanism {
	switch name {
	case "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS":
		return SCRAM
	case "OAUTHBEARER":
		return OAuthBearer
	}
	return OtherMechanism
}

// Request codes of the packets that begin a connection, in the place where a
// StartupMessage has its version (src/include/libpq/pqcomm.h).
const (
	CancelRequestCode = 80877102
	SSLRequestCode    = 80877103
	GSSENCRequestCode = 80877104
)

// LongKeys is the first version of the protocol whose keys may be longer than four bytes
// (PG_PROTOCOL(3, 2) in src/include/libpq/pqcomm.h).
const LongKeys = 3<<16 | 2

// Limits of lengths, in bytes. Length words count themselves, but not the type
// byte.
const (
	// HeaderSize is a type byte and a length word.
	HeaderSize = 5
	// MaxLength is the largest length word that any server takes, and
	// StartupMaxLength that of a packet before authentication
	// (MAX_STARTUP_PACKET_LENGTH and its own length word).
	MaxLength        = 0x3fffffff
	StartupMaxLength = 10004
	// MaxErrorLength is where libpq stops believing that an 'E' before
	// authentication has a length word (fe-connect.c, PQconnectPoll).
	MaxErrorLength = 30000
)

// Size reads the header of a message that has a type byte and gives the size of
// the whole message. It is 0 while the header is incomplete, and -1 where the
// length is one that no message has.
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

// StartupSize is [Size] for the packets without a type byte: at least the
// length word and a code, at most what servers accept.
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

// PlausibleType reports whether a byte can begin a message of this protocol or
// of one that extends it. A stream that shows another byte there is out of sync.
func PlausibleType(b byte) bool {
	return 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z' || '1' <= b && b <= '9'
}

// Identify names the message that b begins with by its sender, its type byte and,
// for the Authentication family, its subtype. Where servers other than PostgreSQL
// give these another meaning, the form of the message decides. It can't tell the
// meanings of "p" apart and answers [PasswordOrToken], nor what is inside
// [CopyData].
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

// IdentifyStartup names a packet that has no type byte.
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

// AppendError appends an ErrorResponse to dst, with the fields that every server
// sends (documentation section "Error and Notice Message Fields"). The code is an
// SQLSTATE.
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

// ErrorFieldOf finds a field of an ErrorResponse or NoticeResponse by its code.
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
