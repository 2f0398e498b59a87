package session

import (
	"bytes"
	"encoding/binary"

	"pgpi/internal/wire"
)

// leg is what has been said on one of the two legs before the first query. That is enough to name
// the packets without a type byte, and the messages that share one.
type leg struct {
	request       wire.Type // the encryption request that waits for its reply
	requested     bool
	started       bool   // the StartupMessage has been sent
	unseen        bool   // or it may have been sent without being seen
	protocol      uint32 // as in the StartupMessage, or less if the server said so
	asked         wire.Type
	mechanism     wire.Mechanism
	offersBinding bool // by SCRAM-SHA-256-PLUS
	authenticated bool
	ready         bool
}

// replyDue reports whether the server's next byte is the reply to an encryption request.
func (l *leg) replyDue() bool { return l.requested }

// settled reports whether nothing that is said can still change how messages are framed.
func (l *leg) settled() bool { return l.started && l.authenticated && l.ready && !l.requested }

// mayStart reports whether the client's next bytes are a packet without a type byte. If it is not
// known whether the StartupMessage was sent, its length says so: no message begins with 0.
func (l *leg) mayStart(rest []byte) bool {
	return !l.started || l.unseen && rest[0] == 0
}

// mayReply reports whether the server may reply to a request for encryption that was not seen.
func (l *leg) mayReply() bool { return l.unseen && !l.authenticated }

// gap forgets what unseen bytes of a party may have changed.
func (l *leg) gap(from wire.Sender) {
	l.protocol = 0
	switch {
	case from == wire.Server:
		l.requested, l.asked = false, wire.UnknownMessage
	case !l.ready:
		l.started, l.unseen = true, true
	}
}

// frameUntyped finds the size of a packet without a type byte.
func (l *leg) frameUntyped(from wire.Sender, rest []byte) (size int64, why string) {
	if from == wire.Server {
		if !isReply(rest[0]) {
			return 0, "no reply to a request for encryption begins with this byte"
		}
		return 1, ""
	}
	size = wire.StartupSize(rest)
	if size < 0 {
		return 0, "impossible length of a startup packet"
	}
	return size, ""
}

// isReply reports whether a byte is a reply to a request for encryption.
func isReply(b byte) bool { return b == 'S' || b == 'N' || b == 'G' }

// oldErrorSize returns the size of the error of a server that does not speak protocol 3: 'E' and a
// string (fe-connect.c, PQconnectPoll). It is 0 for a message with a length, and -1 while the
// string has not ended. A string counts as such up to a limit, wherever the stream was cut. What is
// too short for a length counts as complete.
func oldErrorSize(b []byte) int64 {
	if len(b) < wire.HeaderSize {
		return int64(bytes.IndexByte(b, 0)) + 1
	}
	length := binary.BigEndian.Uint32(b[1:])
	if length >= 8 && length <= wire.MaxErrorLength {
		return 0
	}
	const limit = wire.MaxErrorLength + 1
	end := bytes.IndexByte(b[:min(len(b), limit)], 0)
	switch {
	case end > 0:
		return int64(end) + 1
	case len(b) >= limit:
		return limit
	}
	return -1
}

// isOldError reports the same for a message that is complete, or the last of a stream. If it is too
// short for a header, its length would be far too large.
func isOldError(b []byte) bool {
	if len(b) < wire.HeaderSize {
		return len(b) > 1 && (b[1] != 0 || len(b) == 2)
	}
	return oldErrorSize(b) != 0
}

// identify names a message by its bytes and the dialogue so far.
func (l *leg) identify(from wire.Sender, b []byte) wire.Type {
	if from == wire.Client && l.mayStart(b) {
		return wire.IdentifyStartup(b)
	}
	if from == wire.Server && (l.requested && b[0] != 'E' || l.unseen && len(b) == 1 && isReply(b[0])) {
		if l.request == wire.GSSENCRequest || b[0] == 'G' {
			return wire.GSSENCResponse
		}
		return wire.SSLResponse
	}
	if from == wire.Server && !l.authenticated && b[0] == 'E' && isOldError(b) {
		return wire.OldErrorResponse
	}
	t := wire.Identify(from, b)
	if t == wire.PasswordOrToken || from == wire.Client && l.answersRedshift(b[0]) {
		return l.response()
	}
	return t
}

// answersRedshift reports whether a message is an answer of Redshift's clients: a hash of the
// password in a "d", or a token in an "i".
func (l *leg) answersRedshift(code byte) bool {
	return l.asked == wire.AuthenticationDigest && code == 'd' || l.asked == wire.AuthenticationToken && code == 'i'
}

// response names an answer by the server's last request. If that is not known, it may be any
// secret: a client may send its password before it is asked.
func (l *leg) response() wire.Type {
	switch l.asked {
	case wire.AuthenticationCleartextPassword:
		return wire.PasswordMessage
	case wire.AuthenticationMD5Password:
		return wire.MD5PasswordMessage
	case wire.AuthenticationSASL:
		return wire.SASLInitialResponse
	case wire.AuthenticationSASLContinue:
		return wire.SASLResponse
	case wire.AuthenticationGSS, wire.AuthenticationSSPI, wire.AuthenticationGSSContinue:
		return wire.GSSResponse
	case wire.AuthenticationSHA256, wire.AuthenticationMD5SHA256, wire.AuthenticationSM3:
		return wire.HashPasswordMessage
	}
	return wire.PasswordOrToken
}

// observe remembers what a message changes.
func (l *leg) observe(m *wire.Message) {
	switch m.Type {
	case wire.SSLRequest, wire.GSSENCRequest:
		l.request, l.requested = m.Type, true
	case wire.SSLResponse, wire.GSSENCResponse:
		l.requested = false
	case wire.StartupMessage:
		*l = leg{request: l.request, requested: l.requested, started: true, protocol: versionOf(m.Bytes[min(len(m.Bytes), 4):])}
	case wire.NegotiateProtocolVersion:
		l.protocol = versionOf(m.Bytes[min(len(m.Bytes), wire.HeaderSize):])
	case wire.ErrorResponse, wire.OldErrorResponse:
		l.requested = false
		if !l.authenticated {
			l.asked = wire.UnknownMessage
		}
	case wire.AuthenticationSASL:
		l.asked, l.offersBinding = m.Type, offersBinding(m.Bytes)
	case wire.SASLInitialResponse:
		l.mechanism = wire.MechanismOf(selectedMechanism(m.Bytes))
	case wire.Authentication: // it is not known what it asks for
		l.asked = wire.UnknownMessage
	case wire.AuthenticationOk:
		l.asked, l.authenticated = wire.UnknownMessage, true
	case wire.ReadyForQuery:
		l.ready, l.unseen = true, false
	default:
		if m.Type > wire.AuthenticationOk && m.Type <= wire.AuthenticationToken {
			l.asked = m.Type
		}
	}
}

// versionOf reads a protocol version. It returns 0 if the version is not complete. The
// documentation up to server 17 lets a server answer with the minor version alone.
func versionOf(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	version := binary.BigEndian.Uint32(b)
	if version>>16 == 0 {
		version |= 3 << 16
	}
	return version
}

// offersBinding reports whether an AuthenticationSASL offers SCRAM with channel binding.
func offersBinding(b []byte) bool {
	for name := range bytes.SplitSeq(b[min(len(b), wire.HeaderSize+4):], []byte{0}) {
		if string(name) == "SCRAM-SHA-256-PLUS" {
			return true
		}
	}
	return false
}

// selectedMechanism reads the name at the beginning of a SASLInitialResponse.
func selectedMechanism(b []byte) string {
	name, _, _ := bytes.Cut(b[min(len(b), wire.HeaderSize):], []byte{0})
	return string(name)
}
