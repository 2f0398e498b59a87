package peer

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// What TLS says before it encrypts (RFC 8446, sections 4.1 and 5.1; RFC 5246, sections 6.2 and 7.4).

// Types of records.
const (
	recordChangeCipherSpec = 20 + iota
	recordAlert
	recordHandshake
	recordData
)

const (
	recordHeader = 5
	// maxRecord is the most that a record has behind its header.
	maxRecord = 1<<14 + 2048
)

// IsTLS reports whether bytes are the beginning of a record. No message of Postgres begins so.
func IsTLS(b []byte) bool { return len(b) >= recordHeader && MayBeTLS(b) }

// MayBeTLS is IsTLS of less than the header of a record, at least a byte.
func MayBeTLS(b []byte) bool {
	return len(b) > 0 && b[0] >= recordChangeCipherSpec && b[0] <= recordData &&
		(len(b) < 2 || b[1] == 3) && (len(b) < 3 || b[2] <= 4) && (len(b) < recordHeader || recordSize(b) > 0)
}

// recordSize is how much a record has behind its header, -1 where it can't be one. Each has something.
func recordSize(b []byte) int {
	size := int(binary.BigEndian.Uint16(b[3:]))
	if size > maxRecord {
		return -1
	}
	return size
}

// MayBeClientHello reports whether bytes are the beginning of a record that begins with a ClientHello,
// as far as they are there.
func MayBeClientHello(b []byte) bool {
	return MayBeTLS(b) && b[0] == recordHandshake && (len(b) <= recordHeader || b[recordHeader] == helloOfClient)
}

// Hello is what one party says of what it wants in TLS.
type Hello struct {
	// Versions are what a client offers, or the one that a server has chosen; nil where that was
	// not captured.
	Versions []uint16
	// Cipher is what a server has chosen.
	Cipher uint16
	// Name is that of the server which a client wants to speak to (SNI).
	Name string
	// Protocols are those of the layer above (ALPN).
	Protocols []string
	// Whole says that all of it was there.
	Whole bool
}

// Speaks reports whether a protocol of the layer above is among those of a hello.
func (h *Hello) Speaks(protocol string) bool { return slices.Contains(h.Protocols, protocol) }

// VersionNames are the versions of a hello, the newest first.
func (h *Hello) VersionNames() string {
	versions := slices.Clone(h.Versions)
	slices.Sort(versions)
	slices.Reverse(versions)
	var names []string
	for _, v := range versions {
		if name := versionName(v); name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// versionName is the name of a version as the log has it, "" for one that was invented so that
// nobody relies on the list (RFC 8701).
func versionName(v uint16) string {
	switch {
	case v&0x0f0f == 0x0a0a && v>>8 == v&0xff:
		return ""
	case v == tls.VersionTLS12:
		return "TLSv1.2"
	case v == tls.VersionTLS13:
		return "TLSv1.3"
	}
	return tls.VersionName(v)
}

// CipherName is the standard name of what a server has chosen.
func (h *Hello) CipherName() string { return tls.CipherSuiteName(h.Cipher) }

// Alert is why a party ends TLS.
type Alert byte

func (a Alert) String() string {
	if a == 0 {
		return "close notify"
	}
	words, _ := strings.CutPrefix(tls.AlertError(a).Error(), "tls: ")
	return fmt.Sprintf("%s (%d)", words, a)
}

// Clear reads what one party says in the clear. The zero Clear is at the beginning of its stream.
type Clear struct {
	pending   []byte // the beginning of a record
	handshake []byte // the beginning of a message of the handshake
	changed   bool   // it has said that it will encrypt: another hello may come first, in TLS 1.3
	over      bool
}

// Said is what a party has said in the clear.
type Said struct {
	Client, Server *Hello // its hello, if it is of that party
	Alerts         []Alert
}

// Types of messages of the handshake.
const (
	helloOfClient = 1
	helloOfServer = 2
)

const (
	handshakeHeader = 4
	// maxHello is the largest message of the handshake that is waited for, in bytes.
	maxHello = 64 << 10
)

// Over reports whether what follows is encrypted, or can't be read.
func (c *Clear) Over() bool { return c.over }

// Waiting is how many bytes are held until more come.
func (c *Clear) Waiting() int { return cap(c.pending) + cap(c.handshake) }

// Read takes the next bytes of the party.
func (c *Clear) Read(b []byte) (said Said) {
	if c.over {
		return said
	}
	if len(c.pending) > 0 {
		c.pending = append(c.pending, b...)
		b = c.pending
	}
	for !c.over && len(b) >= recordHeader {
		size := recordSize(b)
		if !IsTLS(b) || size < 0 {
			c.end()
			return said
		}
		if len(b) < recordHeader+size {
			break
		}
		c.record(b[0], b[recordHeader:recordHeader+size], &said)
		b = b[recordHeader+size:]
	}
	if c.over {
		return said
	}
	c.pending = append(c.pending[:0], b...)
	return said
}

// Cut takes what there is of a hello of which the rest was not captured.
func (c *Clear) Cut() (said Said) {
	if c.over {
		return said
	}
	hello := c.handshake
	if len(c.pending) > recordHeader && c.pending[0] == recordHandshake {
		hello = append(hello, c.pending[recordHeader:]...)
	}
	if len(hello) > handshakeHeader {
		said.take(hello[0], hello[handshakeHeader:], false)
	}
	c.end()
	return said
}

func (c *Clear) end() { *c = Clear{over: true} }

// record reads one record.
func (c *Clear) record(kind byte, b []byte, said *Said) {
	const clearAlert = 2
	switch {
	case kind == recordChangeCipherSpec:
		c.changed = true
	case kind == recordAlert && len(b) == clearAlert: // one that is encrypted is longer
		said.Alerts = append(said.Alerts, Alert(b[1]))
	case kind == recordHandshake && (!c.changed || b[0] == helloOfClient || b[0] == helloOfServer):
		c.handshake = append(c.handshake, b...)
		c.messages(said)
	default:
		c.end()
	}
}

// messages reads the messages of the handshake that are complete.
func (c *Clear) messages(said *Said) {
	b := c.handshake
	for len(b) >= handshakeHeader {
		size := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		if size > maxHello {
			c.end()
			return
		}
		if len(b) < handshakeHeader+size {
			break
		}
		said.take(b[0], b[handshakeHeader:handshakeHeader+size], true)
		b = b[handshakeHeader+size:]
	}
	c.handshake = append(c.handshake[:0], b...)
}

// take reads a message of the handshake.
func (s *Said) take(kind byte, b []byte, whole bool) {
	switch kind {
	case helloOfClient:
		s.Client = readClientHello(b, whole)
	case helloOfServer:
		s.Server = readServerHello(b, whole)
	}
}
