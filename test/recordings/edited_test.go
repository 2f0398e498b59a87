package recordings

import (
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// edited is a packet of a recording.
type edited struct {
	info     gopacket.CaptureInfo
	data     []byte
	comments []string
}

// Offsets into an IPv4 packet, and protocols (RFC 791, section 3.1).
const (
	protocolOffset    = 9
	sourceOffset      = 12
	destinationOffset = 16
	protocolTCP       = 6
)

// payload returns what a TCP packet without options contains, or nil for a datagram.
func (p *edited) payload() []byte {
	const headers = 20 + 20
	if p.data[protocolOffset] != protocolTCP {
		return nil
	}
	return p.data[headers:]
}

// relayed reports whether a packet is from the conversation with the server. In others, one end is
// 0.0.0.0.
func (p *edited) relayed() bool {
	return p.data[protocolOffset] == protocolTCP && p.data[sourceOffset] != 0 && p.data[destinationOffset] != 0
}

// packets returns the packets of a recording.
func (m *maker) packets(path string) (all []edited, section pcapgo.NgSectionInfo) {
	m.Helper()
	f, err := os.Open(path)
	if err != nil {
		m.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was for reading
	r, err := pcapgo.NewNgReader(f, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		m.Fatal(err)
	}
	for {
		data, info, options, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return all, r.SectionInfo()
		}
		if err != nil {
			m.Fatal(err)
		}
		info.AncillaryData, info.InterfaceIndex = nil, 0
		all = append(all, edited{info, data, options.Comments})
	}
}

// edit makes a recording from the packets of another. change may change a packet, and removes it by
// returning false. Packets with a payload are numbered from 1.
func (m *maker) edit(path string, change func(p *edited, number int) bool) {
	m.Helper()
	packets, section := m.packets(path)
	f, err := os.Create(m.path())
	if err != nil {
		m.Fatal(err)
	}
	w, err := pcapgo.NewNgWriterInterface(f, pcapgo.NgInterface{LinkType: layers.LinkTypeRaw}, pcapgo.NgWriterOptions{SectionInfo: section})
	if err != nil {
		m.Fatal(err)
	}
	number := 0
	for i := range packets {
		p := &packets[i]
		if len(p.payload()) > 0 {
			number++
		}
		if !change(p, number) {
			continue
		}
		if err := w.WritePacketWithOptions(p.info, p.data, pcapgo.NgPacketOptions{Comments: p.comments}); err != nil {
			m.Fatal(err)
		}
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		m.Fatal(err)
	}
	m.keep()
}

// capture makes a capture, as others write it, from the conversations with servers in a recording.
func (m *maker) capture(path string, change func(p *edited, number int) bool) {
	m.Helper()
	packets, _ := m.packets(path)
	f, err := os.Create(kept(m.name + ".pcap"))
	if err != nil {
		m.Fatal(err)
	}
	w := pcapgo.NewWriterNanos(f)
	if err := w.WriteFileHeader(262144, layers.LinkTypeRaw); err != nil {
		m.Fatal(err)
	}
	number := 0
	for i := range packets {
		p := &packets[i]
		if !p.relayed() {
			continue
		}
		if len(p.payload()) > 0 {
			number++
		}
		if !change(p, number) {
			continue
		}
		if err := w.WritePacket(p.info, p.data); err != nil {
			m.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		m.Fatal(err)
	}
}

// commented has a person's comments.
func commented(m *maker) {
	m.edit(kept("chat.pcapng"), func(p *edited, number int) bool {
		switch {
		case len(p.comments) > 0:
			p.comments = append([]string{"look here"}, append(p.comments, "pgpi is right about this")...)
		case number%3 == 0:
			p.comments = []string{"this one, too", ""}
		}
		return true
	})
}

// gap lacks packets in both directions.
func gap(m *maker) {
	m.edit(kept("chat.pcapng"), func(p *edited, number int) bool {
		return len(p.payload()) == 0 || number != 7 && number != 10
	})
}

// beheaded lacks the beginning.
func beheaded(m *maker) {
	m.edit(kept("chat.pcapng"), func(_ *edited, number int) bool { return number > 4 })
}

// killed ends in the middle of a packet.
func killed(m *maker) {
	content, err := os.ReadFile(kept("chat.pcapng"))
	if err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(kept(m.name+".pcapng"), content[:len(content)*2/3], 0o600); err != nil {
		m.Fatal(err)
	}
}

// captureLate begins after the login, and ends before the connection does.
func captureLate(m *maker) {
	m.capture(kept("chat.pcapng"), func(_ *edited, number int) bool { return number > 4 && number < 12 })
}

// captureLost lacks a request, the end of a row, and the beginning of a reply whose rest is not a
// message.
func captureLost(m *maker) {
	m.capture(kept("chat.pcapng"), func(p *edited, number int) bool {
		switch number {
		case 4:
			p.cutEnd(20)
		case 6:
			p.cutBeginning(8)
		}
		return number != 9
	})
}

// cutEnd makes a capture omit the end of a packet.
func (p *edited) cutEnd(size int) {
	p.data = p.data[:len(p.data)-size]
	p.info.CaptureLength = len(p.data)
}

// cutBeginning removes the beginning of a packet's payload, as if there had been another packet
// before it.
func (p *edited) cutBeginning(size int) {
	const total, sequence, headers = 2, 24, 40 // offsets into headers of IPv4 and TCP without options
	rest := p.data[headers+size:]
	p.data = append(p.data[:headers:headers], rest...)
	binary.BigEndian.PutUint16(p.data[total:], uint16(len(p.data)))
	binary.BigEndian.PutUint32(p.data[sequence:], binary.BigEndian.Uint32(p.data[sequence:])+uint32(size))
	p.info.CaptureLength, p.info.Length = len(p.data), len(p.data)
}

func late(m *maker) { m.read(kept("capture_late.pcap")) }

func lost(m *maker) { m.read(kept("capture_lost.pcap")) }

func lostPasswords(m *maker) { m.read("--redact-passwords", kept("capture_lost.pcap")) }

// captureCanceled has a connection, and the request that cancels its statement.
func captureCanceled(m *maker) {
	m.capture(kept("cancel.pcapng"), func(*edited, int) bool { return true })
}

func canceled(m *maker) { m.read(kept("capture_canceled.pcap")) }

func encryptedAgain(m *maker) { m.read(kept("capture_encrypted.pcap")) }
