package pcapng

import (
	"encoding/binary"
	"net/netip"
)

// Sizes of headers, in bytes. TCP packets have no options except the first two of a conversation.
const (
	ip4Header = 20
	ip6Header = 40
	tcpHeader = 20
	udpHeader = 8
	// maxPayload is what fits into one packet of either version: its length has 16 bits, and
	// includes the headers of IPv4.
	maxPayload = 65535 - ip4Header - tcpHeader
	// maxDatagram is the same for UDP.
	maxDatagram = 65535 - ip4Header - udpHeader
)

// IP protocol numbers.
const (
	protocolTCP = 6
	protocolUDP = 17
)

// Flags of TCP.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// windowScale is the option that makes the window of 65,535 bytes large enough for any traffic:
// packets that would only acknowledge are not recorded.
var windowScale = []byte{3, 3, 14, 0} // kind, length, shift; end of options

// endpoints are the two ends of a packet. Both addresses are of the same family.
type endpoints struct{ from, to netip.AddrPort }

func (e endpoints) reversed() endpoints { return endpoints{e.to, e.from} }

// appendIP appends an IP header for a payload of the given size.
func (e endpoints) appendIP(dst []byte, protocol byte, size int) []byte {
	if e.from.Addr().Is4() {
		start := len(dst)
		dst = append(dst, 0x45, 0)
		dst = binary.BigEndian.AppendUint16(dst, uint16(ip4Header+size))
		dst = append(dst, 0, 0, 0x40, 0, 64, protocol, 0, 0) // don't fragment; time to live
		dst = append(dst, e.from.Addr().AsSlice()...)
		dst = append(dst, e.to.Addr().AsSlice()...)
		binary.BigEndian.PutUint16(dst[start+10:], checksum(sum(0, dst[start:])))
		return dst
	}
	dst = append(dst, 0x60, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(size))
	dst = append(dst, protocol, 64)
	dst = append(dst, e.from.Addr().AsSlice()...)
	return append(dst, e.to.Addr().AsSlice()...)
}

// segment is what a TCP header says.
type segment struct {
	seq, ack uint32
	flags    byte
	options  []byte
}

// appendTCP appends a whole TCP packet.
func (e endpoints) appendTCP(dst []byte, s segment, payload []byte) []byte {
	size := tcpHeader + len(s.options) + len(payload)
	dst = e.appendIP(dst, protocolTCP, size)
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, e.from.Port())
	dst = binary.BigEndian.AppendUint16(dst, e.to.Port())
	dst = binary.BigEndian.AppendUint32(dst, s.seq)
	dst = binary.BigEndian.AppendUint32(dst, s.ack)
	dst = append(dst, byte(tcpHeader+len(s.options))/4<<4, s.flags, 0xff, 0xff, 0, 0, 0, 0)
	dst = append(dst, s.options...)
	dst = append(dst, payload...)
	binary.BigEndian.PutUint16(dst[start+16:], checksum(sum(e.pseudo(protocolTCP, size), dst[start:])))
	return dst
}

// appendUDP appends a whole UDP packet.
func (e endpoints) appendUDP(dst, payload []byte) []byte {
	size := udpHeader + len(payload)
	dst = e.appendIP(dst, protocolUDP, size)
	start := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, e.from.Port())
	dst = binary.BigEndian.AppendUint16(dst, e.to.Port())
	dst = binary.BigEndian.AppendUint16(dst, uint16(size))
	dst = append(dst, 0, 0)
	dst = append(dst, payload...)
	binary.BigEndian.PutUint16(dst[start+6:], checksum(sum(e.pseudo(protocolUDP, size), dst[start:])))
	return dst
}

// pseudo returns the sum of what TCP and UDP check in the IP header (RFC 9293, section 3.1).
func (e endpoints) pseudo(protocol byte, size int) uint64 {
	s := sum(0, e.from.Addr().AsSlice())
	s = sum(s, e.to.Addr().AsSlice())
	return s + uint64(protocol) + uint64(size)
}

// sum adds 16-bit words, four at a time. The carries are folded at the end (RFC 1071, section 2).
func sum(s uint64, b []byte) uint64 {
	for len(b) >= 8 {
		w := binary.BigEndian.Uint64(b)
		s += w>>32 + w&0xffffffff
		b = b[8:]
	}
	for len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// checksum folds a sum.
func checksum(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}
