package peer

import (
	"crypto/tls"
	"encoding/binary"
	"slices"
)

// reader takes bytes from the front. If there are too few, it returns what there is and sets short.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		n, r.short = len(r.b), true
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

// number reads a big-endian integer of width bytes.
func (r *reader) number(width int) (n int) {
	for _, x := range r.take(width) {
		n = n<<8 | int(x)
	}
	return n
}

// vector reads bytes that are preceded by their length.
func (r *reader) vector(width int) reader {
	n := r.number(width)
	short := n > len(r.b)
	return reader{b: r.take(n), short: short}
}

// Extensions (iana.org/assignments/tls-extensiontype-values).
const (
	extensionServerName = 0
	extensionALPN       = 16
	extensionVersions   = 43
)

const randomSize = 32

// readClientHello reads a ClientHello (RFC 8446, section 4.1.2), as much of it as there is.
func readClientHello(b []byte, whole bool) *Hello {
	h := &Hello{}
	r := reader{b: b}
	oldest := uint16(r.number(2))
	r.take(randomSize)
	r.vector(1) // session
	r.vector(2) // cipher suites
	r.vector(1) // compression
	extensions := r.vector(2)
	cut := extensions.short
	for len(extensions.b) > 0 {
		kind := extensions.number(2)
		e := extensions.vector(2)
		if e.short {
			cut = true
			break
		}
		switch kind {
		case extensionServerName:
			names := e.vector(2)
			for !names.short && len(names.b) > 0 {
				const hostName = 0
				kind, name := names.number(1), names.vector(2)
				if kind == hostName && !name.short && h.Name == "" {
					h.Name = string(name.b)
				}
			}
		case extensionALPN:
			h.Protocols = protocols(e)
		case extensionVersions:
			versions := e.vector(1)
			for len(versions.b) >= 2 {
				h.Versions = append(h.Versions, uint16(versions.number(2)))
			}
		}
	}
	h.Whole = whole && !r.short && !cut
	if h.Versions == nil && h.Whole {
		h.Versions = upTo(oldest) // from before there was an extension for them
	}
	return h
}

// upTo returns the versions that a client offers when it names only the newest.
func upTo(newest uint16) (all []uint16) {
	for v := uint16(tls.VersionTLS10); v <= min(newest, tls.VersionTLS12); v++ {
		all = append(all, v)
	}
	return all
}

func protocols(e reader) (all []string) {
	list := e.vector(2)
	for !list.short && len(list.b) > 0 {
		if name := list.vector(1); !name.short {
			all = append(all, string(name.b))
		}
	}
	return all
}

// retry is the random value of a ServerHello that asks for another ClientHello (RFC 8446, section
// 4.1.3).
var retry = []byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// readServerHello reads a ServerHello (RFC 8446, section 4.1.3). It returns nil if the message is
// not whole, or asks for another ClientHello.
func readServerHello(b []byte, whole bool) *Hello {
	r := reader{b: b}
	version := uint16(r.number(2))
	random := r.take(randomSize)
	r.vector(1) // session
	h := &Hello{Cipher: uint16(r.number(2)), Whole: true}
	r.number(1) // compression
	if r.short || !whole || slices.Equal(random, retry) {
		return nil
	}
	extensions := r.vector(2)
	for len(extensions.b) > 0 {
		kind := extensions.number(2)
		switch e := extensions.vector(2); {
		case kind == extensionVersions && len(e.b) == 2:
			version = binary.BigEndian.Uint16(e.b)
		case kind == extensionALPN:
			h.Protocols = protocols(e)
		}
	}
	h.Versions = []uint16{version}
	return h
}
