package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// end is one end of a conversation: an address, with IPv4 addresses mapped into IPv6, and a port.
type end [18]byte

func (e end) port() uint16 { return binary.BigEndian.Uint16(e[16:]) }

// addr returns an end as an address.
func (e end) addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(e[:16])).Unmap(), e.port())
}

// String returns an end as the log names a client, and words as it names a server.
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

// frame is what pgpi needs to know about a packet.
type frame struct {
	from, to end
	kind     kind // if it is not TCP
	udp      bool
	seq, ack uint32
	flags    byte
	payload  []byte
	cut      int // bytes of the payload that are not in the capture
}

// refusal is why a packet is skipped.
type refusal uint8

const (
	accepted refusal = iota
	tunneled         // not a reason: there is another packet inside this one
	otherTraffic
	unknownLink
	tooShort
	fragmented
	tooDeep
	refusals
)

// maxTunnels is how many tunnels a packet may be in, one inside another.
const maxTunnels = 8

// decode reads the headers of a packet, and of the packets that it carries through tunnels.
func decode(p *packet, f *frame) refusal {
	n, reason := linkPayload(p.link, p.data)
	if reason != accepted {
		return reason
	}
	for range 1 + maxTunnels {
		if n, reason = n.decode(f); reason != tunneled {
			return reason
		}
	}
	return tooDeep
}

// EtherTypes (iana.org/assignments/ieee-802-numbers).
const (
	etherIPv4   = 0x0800
	etherARP    = 0x0806
	etherBridge = 0x6558 // an Ethernet frame
	etherVLAN   = 0x8100
	etherIPv6   = 0x86dd
	etherMPLS   = 0x8847
	etherMPLS2  = 0x8848
	etherQinQ   = 0x88a8
	etherLLDP   = 0x88cc
	etherQinQ2  = 0x9100
)

// network is what a link layer or a tunnel carries.
type network struct {
	protocol uint16 // an EtherType
	data     []byte
}

// decode reads headers up to where another packet begins.
func (n network) decode(f *frame) (inner network, reason refusal) {
	switch n.protocol {
	case etherIPv4, etherIPv6:
		t, reason := n.decodeIP(f)
		if reason != accepted {
			return network{}, reason
		}
		return t.decode(f)
	case etherMPLS, etherMPLS2:
		return skipLabels(n.data)
	case etherBridge:
		return skipEthernet(n.data, 12)
	}
	f.kind = kind{etherKind, n.protocol}
	return network{}, otherTraffic
}

// decodeIP reads the header of either version.
func (n network) decodeIP(f *frame) (transport, refusal) {
	switch {
	case len(n.data) == 0:
		return transport{}, tooShort
	case n.data[0]>>4 == 4:
		return decodeIPv4(n.data, f)
	case n.data[0]>>4 == 6:
		return decodeIPv6(n.data, f)
	}
	f.kind = kind{etherKind, n.protocol}
	return transport{}, otherTraffic
}

// linkLoop is OpenBSD's loopback (tcpdump.org/linktypes.html). linkIPv4 and linkIPv6 are raw
// packets of one version.
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

// linkPayload removes the link layer.
func linkPayload(link layers.LinkType, b []byte) (network, refusal) {
	skip := 0
	switch link {
	case layers.LinkTypeEthernet:
		return accept(skipEthernet(b, 12))
	case linkSLL:
		return accept(skipEthernet(b, 14))
	case linkSLL2:
		if len(b) < 20 {
			return network{}, tooShort
		}
		return accept(skipVLANs(binary.BigEndian.Uint16(b), b[20:]))
	case linkNull, linkLoop:
		skip = 4 // the address family, which differs between systems
	case linkRaw, linkRaw2, linkRaw3, linkIPv4, linkIPv6:
	default:
		return network{}, unknownLink
	}
	if len(b) < skip {
		return network{}, tooShort
	}
	return ofVersion(b[skip:]), accepted
}

// accept is for what is not in a tunnel.
func accept(n network, reason refusal) (network, refusal) {
	if reason == tunneled {
		reason = accepted
	}
	return n, reason
}

// skipEthernet skips to the EtherType at an offset, and returns what follows it.
func skipEthernet(b []byte, offset int) (network, refusal) {
	if len(b) < offset+2 {
		return network{}, tooShort
	}
	return skipVLANs(binary.BigEndian.Uint16(b[offset:]), b[offset+2:])
}

func skipVLANs(protocol uint16, b []byte) (network, refusal) {
	for protocol == etherVLAN || protocol == etherQinQ || protocol == etherQinQ2 {
		if len(b) < 4 {
			return network{}, tooShort
		}
		protocol, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	return network{protocol, b}, tunneled
}

// ofVersion recognizes IPv4 or IPv6 by the packet itself.
func ofVersion(b []byte) network {
	if len(b) > 0 && b[0]>>4 == 6 {
		return network{etherIPv6, b}
	}
	return network{etherIPv4, b}
}

// decodeIPv4 reads an IPv4 header (RFC 791, section 3.1).
func decodeIPv4(b []byte, f *frame) (transport, refusal) {
	if len(b) < 20 {
		return transport{}, tooShort
	}
	header, total := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = len(b) // the network card was to fill it in
	}
	if header < 20 || total < header || len(b) < header {
		return transport{}, tooShort
	}
	if fragment := binary.BigEndian.Uint16(b[6:]); fragment&0x3fff != 0 {
		return transport{}, fragmented
	}
	mapIPv4(&f.from, b[12:16])
	mapIPv4(&f.to, b[16:20])
	return transport{b[9], b[header:], total - header}, accepted
}

// mapIPv4 maps an IPv4 address into IPv6.
func mapIPv4(e *end, address []byte) {
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
func decodeIPv6(b []byte, f *frame) (transport, refusal) {
	if len(b) < 40 {
		return transport{}, tooShort
	}
	next, size := b[6], int(binary.BigEndian.Uint16(b[4:]))
	copy(f.from[:], b[8:24])
	copy(f.to[:], b[24:40])
	b = b[40:]
	if size == 0 {
		size = len(b) // larger than the field can say
	}
	for next == nextHopByHop || next == nextRouting || next == nextDestination || next == nextFragment {
		if len(b) < 8 {
			return transport{}, tooShort
		}
		header := 8 + 8*int(b[1])
		if next == nextFragment {
			if binary.BigEndian.Uint16(b[2:])&0xfff9 != 0 {
				return transport{}, fragmented
			}
			header = 8
		}
		if len(b) < header {
			return transport{}, tooShort
		}
		next, b, size = b[0], b[header:], size-header
	}
	return transport{next, b, size}, accepted
}

// Protocols of IP (iana.org/assignments/protocol-numbers).
const (
	protocolICMP   = 1
	protocolIPv4   = 4
	protocolTCP    = 6
	protocolUDP    = 17
	protocolIPv6   = 41
	protocolGRE    = 47
	protocolESP    = 50
	protocolICMPv6 = 58
	protocolSCTP   = 132
	protocolMPLS   = 137
)

// transport is what an IP packet carries.
type transport struct {
	protocol byte
	data     []byte
	// size is its size. The capture may have only a part of it, or padding after it.
	size int
}

// decode reads a TCP or UDP header, or finds the packet in a tunnel.
func (t transport) decode(f *frame) (inner network, reason refusal) {
	b := t.data[:max(0, min(len(t.data), t.size))]
	f.cut = max(0, t.size-len(t.data))
	switch t.protocol {
	case protocolTCP:
		return network{}, decodeTCP(b, f)
	case protocolUDP:
		return decodeUDP(b, f)
	case protocolGRE:
		return skipGRE(b, f)
	case protocolIPv4, protocolIPv6:
		return ofVersion(b), tunneled
	case protocolMPLS:
		return skipLabels(b)
	}
	f.kind = kind{ipKind, uint16(t.protocol)}
	return network{}, otherTraffic
}

// decodeTCP reads a TCP header (RFC 9293, section 3.1).
func decodeTCP(b []byte, f *frame) refusal {
	if len(b) < 20 {
		return tooShort
	}
	header := int(b[12]>>4) * 4
	if header < 20 || len(b) < header {
		return tooShort
	}
	f.seq, f.ack, f.flags = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:]), b[13]
	f.setPorts(b)
	f.payload = b[header:]
	return accepted
}

// setPorts reads the ports that TCP and UDP headers begin with.
func (f *frame) setPorts(b []byte) {
	copy(f.from[16:], b[:2])
	copy(f.to[16:], b[2:4])
}
