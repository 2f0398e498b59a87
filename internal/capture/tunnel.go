package capture

import "encoding/binary"

// Tunnels carry packets inside packets, as switches and mirrors of traffic in clouds send them:
// VXLAN, Geneve, GRE, ERSPAN and IP in IP. (MPLS, which is not a tunnel, is read likewise.)

// UDP ports of tunnels (iana.org/assignments/service-names-port-numbers; Linux used 8472 for VXLAN
// before VXLAN had a port).
const (
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portVXLANOld = 8472
	portGeneve   = 6081
)

// decodeUDP reads a UDP header, and the headers of tunnels that use UDP.
func decodeUDP(b []byte, f *frame) (inner network, reason refusal) {
	const header = 8
	if len(b) < header {
		return network{}, tooShort
	}
	f.setPorts(b)
	f.udp, f.payload = true, b[header:]
	f.kind = kind{udpKind, f.to.port()}
	switch f.to.port() {
	case portVXLAN, portVXLANGPE, portVXLANOld:
		inner, reason = skipVXLAN(f.payload)
	case portGeneve:
		inner, reason = skipGeneve(f.payload)
	}
	if reason == tunneled {
		f.udp = false
	}
	return inner, reason
}

// skipVXLAN skips a VXLAN header (RFC 7348, section 5), which may say what it carries
// (draft-ietf-nvo3-vxlan-gpe, section 3.2). Without its flag the packet is accepted as UDP.
func skipVXLAN(b []byte) (network, refusal) {
	const header = 8
	const hasNetwork, hasProtocol = 0x08, 0x04
	if len(b) < header || b[0]&hasNetwork == 0 {
		return network{}, accepted
	}
	if b[0]&hasProtocol != 0 && (b[3] == 1 || b[3] == 2) {
		return ofVersion(b[header:]), tunneled
	}
	return skipEthernet(b[header:], 12)
}

// skipGeneve skips a Geneve header and its options (RFC 8926, section 3.4).
func skipGeneve(b []byte) (network, refusal) {
	const fixed, version, options = 8, 0xc0, 0x3f
	if len(b) < fixed || b[0]&version != 0 {
		return network{}, accepted
	}
	header := fixed + 4*int(b[0]&options)
	if len(b) < header {
		return network{}, tooShort
	}
	return network{binary.BigEndian.Uint16(b[2:]), b[header:]}, tunneled
}

// What GRE carries, in addition to EtherTypes.
const (
	greERSPAN  = 0x88be // type I and II
	greERSPAN3 = 0x22eb
)

// skipGRE skips a GRE header (RFC 2784, with the key and the number of RFC 2890), and what mirrors
// put after it (draft-foschiano-erspan). Other versions and source routes are not read.
func skipGRE(b []byte, f *frame) (network, refusal) {
	if len(b) < 4 {
		return network{}, tooShort
	}
	const checksum, routing, key, number, version = 0x8000, 0x4000, 0x2000, 0x1000, 0x0007
	flags, protocol := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if flags&(routing|version) != 0 {
		f.kind = kind{ipKind, protocolGRE}
		return network{}, otherTraffic
	}
	header := 4
	for _, flag := range [...]uint16{checksum, key, number} {
		if flags&flag != 0 {
			header += 4
		}
	}
	if len(b) < header {
		return network{}, tooShort
	}
	b = b[header:]
	switch protocol {
	case greERSPAN:
		if flags&number == 0 {
			return skipEthernet(b, 12) // type I has no header
		}
		return skipHeader(b, 8)
	case greERSPAN3:
		return skipERSPAN3(b)
	}
	return network{protocol, b}, tunneled
}

// skipHeader skips a header before an Ethernet frame.
func skipHeader(b []byte, size int) (network, refusal) {
	if len(b) < size {
		return network{}, tooShort
	}
	return skipEthernet(b[size:], 12)
}

// skipERSPAN3 skips a header of ERSPAN type III. It says whether it carries Ethernet or IP, and
// whether another header follows.
func skipERSPAN3(b []byte) (network, refusal) {
	header := 12
	if len(b) < header {
		return network{}, tooShort
	}
	const more, frameType, ip = 0x01, 0x1f, 2
	if b[11]&more != 0 {
		header += 8
	}
	if b[10]>>2&frameType != ip {
		return skipHeader(b, header)
	}
	if len(b) < header {
		return network{}, tooShort
	}
	return ofVersion(b[header:]), tunneled
}

// skipLabels skips the labels of MPLS (RFC 3032, section 2.1). They do not say what they carry. It
// is IP if the first bits are a version of IP. Otherwise it is Ethernet, with or without a word of
// zeros before it (RFC 4448, section 4.6).
func skipLabels(b []byte) (network, refusal) {
	for last := false; !last; b = b[4:] {
		if len(b) < 4 {
			return network{}, tooShort
		}
		last = b[2]&1 != 0
	}
	switch {
	case len(b) > 0 && (b[0]>>4 == 4 || b[0]>>4 == 6):
		return ofVersion(b), tunneled
	case len(b) > 0 && b[0]>>4 == 0:
		return skipHeader(b, 4)
	}
	return skipEthernet(b, 12)
}
