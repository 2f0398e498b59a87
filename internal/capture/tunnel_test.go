package capture

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// serialize makes a packet from layers.
func serialize(t testing.TB, all ...gopacket.SerializableLayer) []byte {
	t.Helper()
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, all...); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(buffer.Bytes())
}

// outer returns the headers before a tunnel.
func outer(protocol layers.IPProtocol) []gopacket.SerializableLayer {
	return []gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4},
		&layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: protocol, SrcIP: net.IP{192, 0, 2, 1}, DstIP: net.IP{192, 0, 2, 2}},
	}
}

// outer6 returns those of IPv6.
func outer6(protocol layers.IPProtocol) []gopacket.SerializableLayer {
	return []gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv6},
		&layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: net.ParseIP("2001:db8::1"), DstIP: net.ParseIP("2001:db8::2")},
	}
}

func udp(port layers.UDPPort) gopacket.SerializableLayer {
	return &layers.UDP{SrcPort: 50000, DstPort: port}
}

// tunnels put a packet, which has an Ethernet header, into another one.
var tunnels = map[string]func(t testing.TB, frame []byte) []byte{
	"VXLAN": func(t testing.TB, frame []byte) []byte {
		return serialize(t, append(outer(layers.IPProtocolUDP), udp(4789), &layers.VXLAN{ValidIDFlag: true, VNI: 7}, gopacket.Payload(frame))...)
	},
	"VXLAN in IPv6": func(t testing.TB, frame []byte) []byte {
		return serialize(t, append(outer6(layers.IPProtocolUDP), udp(8472), &layers.VXLAN{ValidIDFlag: true, VNI: 7}, gopacket.Payload(frame))...)
	},
	"VXLAN-GPE": func(t testing.TB, frame []byte) []byte {
		header := gopacket.Payload("\x0c\x00\x00\x01\x00\x00\x07\x00")
		return serialize(t, append(outer(layers.IPProtocolUDP), udp(4790), header, gopacket.Payload(frame[14:]))...)
	},
	"Geneve": func(t testing.TB, frame []byte) []byte {
		header := gopacket.Payload("\x02\x00\x65\x58\x00\x00\x07\x00" + "\x01\x08\x01\x01\x00\x00\x00\x09") // with an option
		return serialize(t, append(outer(layers.IPProtocolUDP), udp(6081), header, gopacket.Payload(frame))...)
	},
	"Geneve with IP": func(t testing.TB, frame []byte) []byte {
		header := gopacket.Payload("\x00\x00\x08\x00\x00\x00\x07\x00")
		return serialize(t, append(outer(layers.IPProtocolUDP), udp(6081), header, gopacket.Payload(frame[14:]))...)
	},
	"GRE": func(t testing.TB, frame []byte) []byte {
		return serialize(t, append(outer(layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeIPv4}, gopacket.Payload(frame[14:]))...)
	},
	"NVGRE": func(t testing.TB, frame []byte) []byte {
		gre := &layers.GRE{Protocol: layers.EthernetTypeTransparentEthernetBridging, KeyPresent: true, Key: 7, ChecksumPresent: true}
		return serialize(t, append(outer(layers.IPProtocolGRE), gre, gopacket.Payload(frame))...)
	},
	"ERSPAN I": func(t testing.TB, frame []byte) []byte {
		return serialize(t, append(outer(layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeERSPAN}, gopacket.Payload(frame))...)
	},
	"ERSPAN II": func(t testing.TB, frame []byte) []byte {
		gre := &layers.GRE{Protocol: layers.EthernetTypeERSPAN, SeqPresent: true, Seq: 1}
		return serialize(t, append(outer(layers.IPProtocolGRE), gre, &layers.ERSPANII{Version: 1, SessionID: 7}, gopacket.Payload(frame))...)
	},
	"ERSPAN III": func(t testing.TB, frame []byte) []byte {
		gre := &layers.GRE{Protocol: 0x22eb, SeqPresent: true, Seq: 1}
		header := gopacket.Payload("\x20\x00\x00\x07\x00\x00\x00\x00\x00\x00\x80\x00")
		return serialize(t, append(outer(layers.IPProtocolGRE), gre, header, gopacket.Payload(frame))...)
	},
	"ERSPAN III with a header more, and IP": func(t testing.TB, frame []byte) []byte {
		gre := &layers.GRE{Protocol: 0x22eb, SeqPresent: true, Seq: 1}
		header := gopacket.Payload("\x20\x00\x00\x07\x00\x00\x00\x00\x00\x00\x88\x01" + "\x04\x00\x00\x00\x00\x00\x00\x00")
		return serialize(t, append(outer(layers.IPProtocolGRE), gre, header, gopacket.Payload(frame[14:]))...)
	},
	"4in4": func(t testing.TB, frame []byte) []byte {
		return serialize(t, append(outer(layers.IPProtocolIPv4), gopacket.Payload(frame[14:]))...)
	},
	"4in6": func(t testing.TB, frame []byte) []byte {
		return serialize(t, append(outer6(layers.IPProtocolIPv4), gopacket.Payload(frame[14:]))...)
	},
	"MPLS": func(_ testing.TB, frame []byte) []byte {
		return slices.Concat(make([]byte, 12), []byte("\x88\x47\x00\x00\x00\x40\x00\x00\x11\x40"), frame[14:])
	},
	"Ethernet over MPLS in IP": func(t testing.TB, frame []byte) []byte {
		return serialize(t, append(outer(137), gopacket.Payload("\x00\x00\x11\x40\x00\x00\x00\x00"), gopacket.Payload(frame))...)
	},
	"VXLAN in VLAN in GRE": func(t testing.TB, frame []byte) []byte {
		inner := serialize(t, append(outer(layers.IPProtocolUDP), udp(4789), &layers.VXLAN{ValidIDFlag: true}, gopacket.Payload(frame))...)
		inner = slices.Concat(inner[:12], []byte("\x81\x00\x00\x2a"), inner[12:])
		gre := &layers.GRE{Protocol: layers.EthernetTypeTransparentEthernetBridging}
		return serialize(t, append(outer(layers.IPProtocolGRE), gre, gopacket.Payload(inner))...)
	},
}

// TestTunnels reads the same from inside tunnels as without them.
func TestTunnels(t *testing.T) {
	want, packets := whole(t, dialog(5))
	for name, tunnel := range tunnels {
		t.Run(name, func(t *testing.T) {
			wrapped := slices.Clone(packets)
			for i := range wrapped {
				wrapped[i].data = tunnel(t, packets[i].data)
			}
			log, _, report, problems := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, wrapped))
			if log != want || report.Incomplete() || len(problems) > 0 {
				t.Errorf("%+v %v: %s", report, problems, firstDifference(log, want))
			}
		})
	}
}

// TestIPv6InTunnels reads the other version of IP.
func TestIPv6InTunnels(t *testing.T) {
	w := newCable()
	w.v6 = true
	w.converse(t, dialog(5))
	want, _, _, _ := read(t, Options{}, pcap(t, w.link, w.packets))
	for name, tunnel := range map[string]func(frame []byte) []byte{
		"6in4": func(frame []byte) []byte {
			return serialize(t, append(outer(layers.IPProtocolIPv6), gopacket.Payload(frame[14:]))...)
		},
		"6in6": func(frame []byte) []byte {
			return serialize(t, append(outer6(layers.IPProtocolIPv6), gopacket.Payload(frame[14:]))...)
		},
		"GRE": func(frame []byte) []byte {
			return serialize(t, append(outer(layers.IPProtocolGRE), &layers.GRE{Protocol: layers.EthernetTypeIPv6}, gopacket.Payload(frame[14:]))...)
		},
		"VXLAN-GPE": func(frame []byte) []byte {
			header := gopacket.Payload("\x0c\x00\x00\x02\x00\x00\x07\x00")
			return serialize(t, append(outer(layers.IPProtocolUDP), udp(4789), header, gopacket.Payload(frame[14:]))...)
		},
	} {
		wrapped := slices.Clone(w.packets)
		for i := range wrapped {
			wrapped[i].data = tunnel(w.packets[i].data)
		}
		log, _, report, _ := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, wrapped))
		if log != want || report.Incomplete() {
			t.Errorf("%s: %+v: %s", name, report, firstDifference(log, want))
		}
	}
}

// TestDeepTunnels skips packets that are in too many tunnels, and says so.
func TestDeepTunnels(t *testing.T) {
	want, packets := whole(t, dialog(1))
	for _, depth := range []int{maxTunnels, maxTunnels + 1} {
		deep := slices.Clone(packets)
		for i := range deep {
			ip := packets[i].data[14:]
			for range depth {
				header := slices.Clone(ip[:20])
				binary.BigEndian.PutUint16(header[2:], uint16(20+len(ip)))
				header[9] = protocolIPv4
				ip = append(header, ip...)
			}
			deep[i].data = append(bytes.Clone(packets[i].data[:14]), ip...)
		}
		log, _, report, problems := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, deep))
		switch {
		case depth == maxTunnels && (log != want || len(problems) > 0):
			t.Errorf("%d tunnels: %v", depth, problems)
		case depth > maxTunnels && (report.Connections != 0 || !report.Incomplete() || len(problems) != 1 || !strings.Contains(problems[0], "too many tunnels")):
			t.Errorf("%d tunnels: %+v %v", depth, report, problems)
		}
	}
}

// TestCutTunnels reads packets in tunnels whose ends were not captured.
func TestCutTunnels(t *testing.T) {
	_, packets := whole(t, dialog(1))
	for name, tunnel := range tunnels {
		data := tunnel(t, packets[4].data)
		var whole frame
		if reason := decode(&packet{link: layers.LinkTypeEthernet, data: data}, &whole); reason != accepted || len(whole.payload) != packets[4].payload || whole.cut != 0 {
			t.Fatalf("%s: %d, %d bytes and %d more", name, reason, len(whole.payload), whole.cut)
		}
		for size := range data {
			var f frame
			switch reason := decode(&packet{link: layers.LinkTypeEthernet, data: data[:size]}, &f); {
			case reason == accepted && (f.udp || len(f.payload)+f.cut != packets[4].payload || !bytes.HasPrefix(whole.payload, f.payload)):
				// Of VXLAN without its header there is only UDP.
				if !f.udp || len(f.payload) >= 8 {
					t.Fatalf("%s: %d of %d bytes: %+v", name, size, len(data), f)
				}
			case reason != accepted && reason != tooShort:
				t.Fatalf("%s: %d of %d bytes: %d", name, size, len(data), reason)
			}
		}
	}
}

// TestInstead says what is in captures that have no Postgres.
func TestInstead(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(1))
	other := func(layer ...gopacket.SerializableLayer) []wirePacket {
		return []wirePacket{{at: w.now, data: serialize(t, append(layer, gopacket.Payload(make([]byte, 20)))...)}}
	}
	dns := other(append(outer(layers.IPProtocolUDP), udp(53))...)
	esp := other(outer(layers.IPProtocolESP)...)
	arp := other(&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeARP})
	unknown := other(&layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: 0x1234})
	for want, packets := range map[string][]wirePacket{
		"no TCP connections": nil,
		"packets that are not TCP: 2 of UDP to port 53, 1 of ARP":                                                                        slices.Concat(dns, arp, dns),
		"packets that are not TCP: 3 of EtherType 0x1234, 2 of UDP to port 53, 1 of ARP, 1 of others":                                    slices.Concat(unknown, dns, arp, unknown, esp, dns, unknown),
		"1 TCP connections of something else: where it is in the middle of connections to another port than 5432, name that with --port": nil,
	} {
		if strings.HasPrefix(want, "1 TCP") {
			w := newCable()
			w.serverPort = 6543
			w.converse(t, dialog(1))
			packets = w.packets[8:]
		}
		if _, _, report, _ := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, packets)); report.Instead() != want {
			t.Errorf("%q, want %q", report.Instead(), want)
		}
	}
}

// FuzzDecode reads headers of anything, which must not reach beyond the packet.
func FuzzDecode(f *testing.F) {
	w := newCable()
	w.send(f, false, "A", []byte("payload"))
	for _, tunnel := range tunnels {
		f.Add(uint16(layers.LinkTypeEthernet), tunnel(f, w.packets[0].data))
	}
	for _, link := range []layers.LinkType{linkNull, linkRaw, linkSLL, linkSLL2} {
		f.Add(uint16(link), w.packets[0].data)
	}
	f.Fuzz(func(t *testing.T, link uint16, data []byte) {
		var one frame
		reason := decode(&packet{link: layers.LinkType(link), data: data}, &one)
		if reason == accepted && (len(one.payload) > len(data) || one.cut < 0 || one.cut > 1<<16) || reason == tunneled || reason >= refusals {
			t.Errorf("%d: %+v", reason, one)
		}
	})
}

// TestVXLANCase reads mirrored traffic of a cloud.
func TestVXLANCase(t *testing.T) {
	log, _, report, problems := read(t, Options{}, "testdata/cases/vxlan.pcap")
	rows := strings.Count(log, " = DataRow ")
	if report.Connections != 1 || report.Incomplete() || len(problems) > 0 || rows != 2000 || strings.Contains(log, "out of sync") {
		t.Errorf("%+v %v, %d rows", report, problems, rows)
	}
}
