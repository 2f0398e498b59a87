package pgvalue

import (
	"encoding/hex"
	"strconv"
)

// The address families of inet and cidr (PGSQL_AF_INET and PGSQL_AF_INET6 in utils/inet.h), which
// are the same on every platform.
const (
	familyIPv4 = 2
	familyIPv6 = 3
)

// inet prints an inet or cidr: one byte each for the family, the bits of the netmask, whether it is
// a cidr, and the length of the address, then the address (network_send in utils/adt/network.c). A
// cidr always shows its netmask, an inet only if it does not cover the whole address.
func (p *printer) inet(cidr bool) {
	at := p.at
	family, mask := p.byte(), int(p.byte())
	p.byte() // inet_recv ignores it too
	size := int(p.byte())
	address := p.take(size)
	if p.failed() {
		return
	}
	switch {
	case family == familyIPv4 && size == 4:
		p.ipv4(address)
	case family == familyIPv6 && size == 16:
		p.ipv6(address)
	default:
		p.failAt(at, "unknown address family, or length that is not the family's")
		return
	}
	if mask > 8*size {
		p.failAt(at+1, "netmask longer than the address")
		return
	}
	if cidr || mask != 8*size {
		p.string("/")
		p.int(int64(mask))
	}
}

func (p *printer) ipv4(address []byte) {
	for i, b := range address {
		if i > 0 {
			p.string(".")
		}
		p.uint(uint64(b))
	}
}

// ipv6 omits the longest run of zero words, and writes embedded IPv4 addresses as such, by the
// rules of port/inet_net_ntop.c. They embed more addresses than RFC 5952 does, so net/netip can't
// be used.
func (p *printer) ipv6(address []byte) {
	word := func(i int) uint64 { return uint64(address[2*i])<<8 | uint64(address[2*i+1]) }
	start, length := zeroRun(address)
	embedded := start == 0 && (length == 6 || length == 7 && word(7) != 1 || length == 5 && word(5) == 0xffff)
	for i := range 8 {
		if length > 0 && i >= start && i < start+length {
			if i == start {
				p.string(":")
			}
			continue
		}
		if i > 0 {
			p.string(":")
		}
		if i == 6 && embedded {
			p.ipv4(address[12:])
			return
		}
		p.out = strconv.AppendUint(p.out, word(i), 16)
	}
	if length > 0 && start+length == 8 {
		p.string(":")
	}
}

// zeroRun finds the first of the longest runs of zero words, of at least two.
func zeroRun(address []byte) (start, length int) {
	for i := 0; i < 8; i++ {
		n := 0
		for i+n < 8 && address[2*(i+n)] == 0 && address[2*(i+n)+1] == 0 {
			n++
		}
		if n > length && n > 1 {
			start, length = i, n
		}
		i += n
	}
	return start, length
}

// hardwareAddress prints a macaddr (6 bytes) or macaddr8 (8 bytes). The server accepts 6 bytes for
// a macaddr8 too, but does not send them.
func (p *printer) hardwareAddress(size int) {
	b := p.take(size)
	for i := range b {
		if i > 0 {
			p.string(":")
		}
		p.out = hex.AppendEncode(p.out, b[i:i+1])
	}
}
