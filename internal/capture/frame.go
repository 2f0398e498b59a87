package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// end is one end of a conversation: an address, IPv4 ones mapped into IPv6, and a
// port.
type end [18]byte

func (e end) port() uint16 { return binary.BigEndian.Uint16(e[16:]) }

// addr is an end as an address.
func (e end) addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(e[:16])).Unmap(), e.port())
}

// String is an end as the log names that of a client, words as it names a server.
func (e end) String() string { return e.addr().String() }

func (e end) words() string { return fmt.Sprintf("%v port %d", e.addr().Addr(), e.port()) }

// Flags of TCP.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// frame is what pgpi needs to know of a packet.
type frame struct {
	from, to end
	udp      bool
	seq, ack uint32
	flags    byte
	payload  []byte
	cut      int // bytes of the payload that the capture left out
}

// refusal is why a packet is passed over.
type refusal uint8

const (
	accepted refusal = iota
	otherTraffic
	unknownLink
	tooShort
	fragmented
)

// decode reads the headers of a packet.
func decode(p *packet, f *frame) refusal {
	network, ok := linkPayload(p.link, p.data)
	if !ok {
		return unknownLink
	}
	if network.protocol != etherIPv4 && network.protocol != etherIPv6 {
		return otherTraffic
	}
	b := network.data
	switch {
	case len(b) == 0:
		return tooShort
	case b[0]>>4 == 4:
		return decodeIPv4(b, f)
	case b[0]>>4 == 6:
		return decodeIPv6(b, f)
	}
	return otherTraffic
}

// EtherTypes.
const (
	etherIPv4  = 0x0800
	etherIPv6  = 0x86dd
	etherVLAN  = 0x8100
	etherQinQ  = 0x88a8
	etherQinQ2 = 0x9100
)

// network is what a link layer carries.
type network struct {
	protocol uint16 // an EtherType
	data     []byte
}

// linkLoop is OpenBSD's loopback (tcpdump.org/linktypes.html), linkIPv4 and linkIPv6
// raw packets of one version.
const (
	linkNull  = layers.LinkTypeNull
	linkLoop  = 108
	linkRaw   = 101
	linkRaw2  = 12 // DLT_RAW as some systems write it
	linkRaw3  = 14
	linkSLL   = 113
	linkSLL2  = 276
	linkIPv4  = 228
	linkIPv6  = 229
	linkNFLOG = 239
)

// linkPayload takes the link layer away. It is false for layers that pgpi does not
// know.
func linkPayload(link layers.LinkType, b []byte) (network, bool) {
	switch link {
	case layers.LinkTypeEthernet:
		return skipEthernet(b, 12), true
	case linkNull, linkLoop:
		if len(b) < 4 {
			return network{}, true
		}
		return ofVersion(b[4:]), true // the address family differs between systems
	case linkRaw, linkRaw2, linkRaw3, linkIPv4, linkIPv6:
		return ofVersion(b), true
	case linkSLL:
		return skipEthernet(b, 14), true
	case linkSLL2:
		if len(b) < 20 {
			return network{}, true
		}
		return skipVLANs(binary.BigEndian.Uint16(b), b[20:]), true
	}
	return network{}, false
}

// skipEthernet skips to the EtherType at an offset, and what is behind it.
func skipEthernet(b []byte, offset int) network {
	if len(b) < offset+2 {
		return network{}
	}
	return skipVLANs(binary.BigEndian.Uint16(b[offset:]), b[offset+2:])
}

func skipVLANs(protocol uint16, b []byte) network {
	for (protocol == etherVLAN || protocol == etherQinQ || protocol == etherQinQ2) && len(b) >= 4 {
		protocol, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	return network{protocol, b}
}

// ofVersion tells IPv4 from IPv6 by the packet itself.
func ofVersion(b []byte) network {
	if len(b) > 0 && b[0]>>4 == 6 {
		return network{etherIPv6, b}
	}
	return network{etherIPv4, b}
}

// decodeIPv4 reads an IPv4 header (RFC 791, section 3.1).
func decodeIPv4(b []byte, f *frame) refusal {
	if len(b) < 20 {
		return tooShort
	}
	header, total := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = len(b) // the network card was to fill it in
	}
	if header < 20 || total < header || len(b) < header {
		return tooShort
	}
	if fragment := binary.BigEndian.Uint16(b[6:]); fragment&0x3fff != 0 {
		return fragmented
	}
	mapped(&f.from, b[12:16])
	mapped(&f.to, b[16:20])
	return decodeTransport(b[9], b[header:], total-header, f)
}

// mapped makes an IPv4 address one of IPv6.
func mapped(e *end, address []byte) {
	*e = end{10: 0xff, 11: 0xff}
	copy(e[12:16], address)
}

// Headers between IPv6 and what it carries (RFC 8200, section 4).
const (
	nextHopByHop    = 0
	nextRouting     = 43
	nextFragment    = 44
	nextDestination = 60
)

// decodeIPv6 reads an IPv6 header and its extensions (RFC 8200, section 3).
func decodeIPv6(b []byte, f *frame) refusal {
	if len(b) < 40 {
		return tooShort
	}
	next, size := b[6], int(binary.BigEndian.Uint16(b[4:]))
	copy(f.from[:], b[8:24])
	copy(f.to[:], b[24:40])
	b = b[40:]
	if size == 0 {
		size = len(b) // larger than the field can tell
	}
	for next == nextHopByHop || next == nextRouting || next == nextDestination || next == nextFragment {
		if len(b) < 8 {
			return tooShort
		}
		header := 8 + 8*int(b[1])
		if next == nextFragment {
			if binary.BigEndian.Uint16(b[2:])&0xfff9 != 0 {
				return fragmented
			}
			header = 8
		}
		if len(b) < header {
			return tooShort
		}
		next, b, size = b[0], b[header:], size-header
	}
	return decodeTransport(next, b, size, f)
}

// decodeTransport reads a TCP or UDP header. Size is how much IP carries, which the
// capture may have only in part, or with padding behind it.
func decodeTransport(protocol byte, b []byte, size int, f *frame) refusal {
	cut := max(0, size-len(b))
	b = b[:max(0, min(len(b), size))]
	f.udp = protocol == 17
	header := 8
	switch {
	case protocol == 6 && len(b) >= 20:
		header = int(b[12]>>4) * 4
		f.seq, f.ack, f.flags = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), b[13]
		if header < 20 || len(b) < header {
			return tooShort
		}
	case f.udp && len(b) >= header:
	case protocol == 6, f.udp:
		return tooShort
	default:
		return otherTraffic
	}
	copy(f.from[16:], b[:2])
	copy(f.to[16:], b[2:4])
	f.payload, f.cut = b[header:], cut
	return accepted
}
