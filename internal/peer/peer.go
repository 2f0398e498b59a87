// Package peer recognizes what speaks where Postgres is expected, by the first bytes that it sends:
// HTTP from a scanner, the greeting of MySQL, the header of a load balancer. It also reads what TLS
// says before it encrypts.
//
// It guarantees:
//
//   - Nothing that could be Postgres gets another name.
//   - An unknown protocol gets no name.
//   - No bytes make it fail.
//
// Less formally: when in doubt, it is Postgres.
//
// It must not know connections, events or what a name is used for. It does no I/O.
//
// Start reading at [OfClient]. tls.go reads what TLS says in the clear.
package peer

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Protocol is what a peer speaks instead of Postgres, or "" if that is not known.
type Protocol string

// The known protocols.
const (
	HTTP Protocol = "HTTP"
	// HTTPRequest is HTTP from a client.
	HTTPRequest Protocol = "HTTP request"
	HTTP2       Protocol = "HTTP/2"
	SSH         Protocol = "SSH"
	TLS         Protocol = "TLS"
	MySQL       Protocol = "MySQL"
	TDS         Protocol = "TDS, as SQL Server does"
	Mongo       Protocol = "MongoDB"
	Redis       Protocol = "Redis"
	SMTP        Protocol = "SMTP"
	FTP         Protocol = "FTP"
	AMQP        Protocol = "AMQP"
	Proxy1      Protocol = "a header of PROXY, version 1"
	Proxy2      Protocol = "a header of PROXY, version 2"
)

// Needed is how many bytes are enough to recognize any protocol.
const Needed = 64

// Words returns what a peer does, to complete a sentence that first says what it is not.
func (p Protocol) Words() string {
	switch p {
	case HTTPRequest:
		return "it sent an HTTP request"
	case Proxy1, Proxy2:
		return "it sent " + string(p) + ", which tells a server behind a load balancer who its client is"
	}
	return "it speaks " + string(p)
}

// OfClient returns the protocol of a client, by its first bytes.
func OfClient(b []byte) Protocol {
	switch {
	case hasPrefix(b, "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE ", "PATCH "):
		return HTTPRequest
	case hasPrefix(b, "PRI * HTTP/2"):
		return HTTP2
	case hasPrefix(b, "SSH-"):
		return SSH
	case hasPrefix(b, "AMQP"):
		return AMQP
	case hasPrefix(b, "EHLO ", "HELO "):
		return SMTP
	case hasPrefix(b, "PROXY "):
		return Proxy1
	case hasPrefix(b, proxySignature):
		return Proxy2
	case isRedisCommand(b):
		return Redis
	case isTDS(b, tdsPrelogin):
		return TDS
	case isMongo(b, mongoQuery) && !mayBePostgres(b, clientLetters):
		return Mongo
	case IsTLS(b):
		return TLS
	}
	return ""
}

// OfServer returns the protocol of a server, by its first bytes. If it answers a request for
// encryption, they begin with that answer.
func OfServer(b []byte) Protocol {
	switch {
	case hasPrefix(b, "HTTP/"):
		return HTTP
	case hasPrefix(b, "SSH-"):
		return SSH
	case hasPrefix(b, "AMQP"):
		return AMQP
	case hasPrefix(b, "220 ", "220-") && bytes.Contains(b, []byte("SMTP")):
		return SMTP
	case hasPrefix(b, "220 ", "220-"):
		return FTP
	case hasPrefix(b, "-ERR ", "-DENIED ", "-NOAUTH "):
		return Redis
	case isMySQL(b):
		return MySQL
	case isTDS(b, tdsReply):
		return TDS
	case isMongo(b, mongoReply) && !mayBePostgres(b, serverLetters):
		return Mongo
	case IsTLS(b):
		return TLS
	}
	return ""
}

func hasPrefix(b []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if len(b) >= len(p) && string(b[:len(p)]) == p {
			return true
		}
	}
	return false
}

// isRedisCommand reports whether b begins with an array of strings
// (redis.io/docs/latest/develop/reference/protocol-spec).
func isRedisCommand(b []byte) bool {
	rest, isArray := bytes.CutPrefix(b, []byte("*"))
	digits, rest, ended := bytes.Cut(rest, []byte("\r\n"))
	return isArray && ended && len(digits) > 0 && len(digits) < 4 && bytes.Trim(digits, "0123456789") == nil && hasPrefix(rest, "$")
}

// EnoughForMySQL is how many bytes it takes to distinguish a greeting of MySQL from a message of
// Postgres.
const EnoughForMySQL = 7

// Beginnings of MySQL's first packet, after its header.
const (
	mysqlVersion = 10
	mysqlFailure = 0xff
)

// MayBeMySQL reports whether the first bytes of a server can be the beginning of MySQL's greeting:
// a length of three bytes, the number 0, 10 for the protocol version, and the server's version. Or
// they can be an error in its place: 0xff and the error number (MySQL Internals,
// Protocol::Handshake). Both look like the header of a Postgres message.
func MayBeMySQL(b []byte) bool {
	for i, x := range b[:min(len(b), EnoughForMySQL)] {
		fits := true
		switch i {
		case 2, 3:
			fits = x == 0
		case 4:
			fits = x == mysqlVersion || x == mysqlFailure
		case 5:
			fits = b[4] == mysqlFailure || isDigit(x)
		case 6:
			code := int(b[5]) | int(x)<<8
			fits = b[4] == mysqlVersion && (isDigit(x) || x == '.') || b[4] == mysqlFailure && code >= 1000 && code < 4000
		}
		if !fits {
			return false
		}
	}
	return true
}

// isMySQL reports whether b begins with one of them. An error contains a control character where
// texts of Postgres contain none.
func isMySQL(b []byte) bool {
	return len(b) >= EnoughForMySQL && MayBeMySQL(b) && (b[4] == mysqlFailure || !mayBePostgres(b, serverLetters))
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// Types of packets of TDS ([MS-TDS], section 2.2.3.1.1).
const (
	tdsReply    = 0x04
	tdsPrelogin = 0x12
)

// isTDS reports whether b begins with the header of a packet that is its whole message, with a
// window of 0.
func isTDS(b []byte, kind byte) bool {
	const header, last = 8, 1
	return len(b) >= header && b[0] == kind && b[1] == last && b[7] == 0 && binary.BigEndian.Uint16(b[2:]) > header
}

// Messages of MongoDB that only one party sends.
const (
	mongoReply = 1
	mongoQuery = 2004
)

// isMongo reports whether b begins with the header of that message, or of one that both parties
// send. Its integers are little-endian (mongodb.com/docs/manual/reference/mongodb-wire-protocol).
func isMongo(b []byte, one uint32) bool {
	const header, compressed, message = 16, 2012, 2013
	if len(b) < header || binary.LittleEndian.Uint32(b) < header || binary.LittleEndian.Uint32(b) > 48<<20 {
		return false
	}
	code := binary.LittleEndian.Uint32(b[12:])
	return code == one || code == compressed || code == message
}

// The first bytes of Postgres messages, by sender (src/include/libpq/protocol.h), including those
// of Redshift and YugabyteDB.
const (
	clientLetters = "BCDEFHPQSXcdfip"
	serverLetters = "123ACDEGHIKNRSTVWZcdnrstv"
)

// mayBePostgres reports whether each header in b, as far as b goes, can be that of a Postgres
// message. Binary headers of other protocols may look like one, but hardly like two in a row.
func mayBePostgres(b []byte, letters string) bool {
	const header, longest = 5, 1 << 24
	for len(b) > 0 {
		if strings.IndexByte(letters, b[0]) < 0 {
			return false
		}
		if len(b) < header {
			return true
		}
		length := int(binary.BigEndian.Uint32(b[1:]))
		if length < header-1 || length > longest {
			return false
		}
		b = b[min(1+length, len(b)):]
	}
	return true
}

// proxySignature is the beginning of a PROXY header, version 2
// (www.haproxy.org/download/1.8/doc/proxy-protocol.txt).
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// ProxyHeader returns the size of the PROXY header that b begins with. It is 0 if there is none, or
// if it is not complete. After the header, the client speaks.
func ProxyHeader(b []byte) int {
	const most, fixed = 107, 16 // of version 1 with its line end; of version 2
	switch {
	case hasPrefix(b, "PROXY "):
		if end := bytes.Index(b[:min(len(b), most)], []byte("\r\n")); end > 0 {
			return end + len("\r\n")
		}
	case hasPrefix(b, proxySignature) && len(b) >= fixed:
		if size := fixed + int(binary.BigEndian.Uint16(b[14:])); size <= len(b) {
			return size
		}
	}
	return 0
}
