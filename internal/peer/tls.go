package peer

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// What TLS says before it encrypts (RFC 8446, sections 4.1 and 5.1; RFC 5246, sections 6.2 and
// 7.4).

// Types of records.
const (
	recordChangeCipherSpec = 20 + iota
	recordAlert
	recordHandshake
	recordData
)

const (
	recordHeader = 5
	// maxRecord is the maximum size of a record after its header.
	maxRecord = 1<<14 + 2048
)

// IsTLS reports whether b begins with the header of a record. No message of Postgres begins like
// that.
func IsTLS(b []byte) bool { return len(b) >= recordHeader && MayBeTLS(b) }

// MayBeTLS reports whether b can be the beginning of such a header. b has at least one byte.
func MayBeTLS(b []byte) bool {
	return len(b) > 0 && b[0] >= recordChangeCipherSpec && b[0] <= recordData &&
		(len(b) < 2 || b[1] == 3) && (len(b) < 3 || b[2] <= 4) && (len(b) < recordHeader || recordSize(b) > 0)
}

// recordSize returns the size of a record after its header, or -1 if there is no such record.
func recordSize(b []byte) int {
	size := int(binary.BigEndian.Uint16(b[3:]))
	if size > maxRecord {
		return -1
	}
	return size
}

// MayBeClientHello reports whether b can be the beginning of a record that begins with a
// ClientHello.
func MayBeClientHello(b []byte) bool {
	return MayBeTLS(b) && b[0] == recordHandshake && (len(b) <= recordHeader || b[recordHeader] == helloOfClient)
}

// Hello is what one party says about the TLS that it wants.
type Hello struct {
	// Versions are those that a client offers, or the one that a server chose. They are nil if that
	// was not captured.
	Versions []uint16
	// Cipher is the cipher suite that a server chose.
	Cipher uint16
	// Name is the name of the server that a client wants (SNI).
	Name string
	// Protocols are those of the layer above (ALPN).
	Protocols []string
	// Whole is set if the message was complete.
	Whole bool
}

// Speaks reports whether the hello names a protocol of the layer above.
func (h *Hello) Speaks(protocol string) bool { return slices.Contains(h.Protocols, protocol) }

// VersionNames returns the names of the versions, newest first.
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

// versionName returns the name of a version as the log has it. It returns "" for the invented
// versions that keep servers from relying on the list (RFC 8701).
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

// CipherName returns the standard name of the cipher suite that a server chose.
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
	handshake []byte // the beginning of a handshake message
	changed   bool   // encryption was announced; in TLS 1.3 another hello may still come
	over      bool
}

// Said is what a party has said in the clear.
type Said struct {
	Client, Server *Hello // set if the hello of that party was read
	Alerts         []Alert
}

// Types of handshake messages.
const (
	helloOfClient = 1
	helloOfServer = 2
)

const (
	handshakeHeader = 4
	// maxHello is the size of the largest handshake message that we wait for, in bytes.
	maxHello = 64 << 10
)

// Over reports whether what follows is encrypted, or can't be read.
func (c *Clear) Over() bool { return c.over }

// Waiting returns how much memory is held for bytes that are not complete yet.
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

// Cut returns what there is of a hello whose end was not captured.
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
	case kind == recordAlert && len(b) == clearAlert: // an encrypted alert is longer
		said.Alerts = append(said.Alerts, Alert(b[1]))
	case kind == recordHandshake && (!c.changed || b[0] == helloOfClient || b[0] == helloOfServer):
		c.handshake = append(c.handshake, b...)
		c.messages(said)
	default:
		c.end()
	}
}

// messages reads the complete handshake messages.
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

// take reads a handshake message.
func (s *Said) take(kind byte, b []byte, whole bool) {
	switch kind {
	case helloOfClient:
		s.Client = readClientHello(b, whole)
	case helloOfServer:
		s.Server = readServerHello(b, whole)
	}
}
