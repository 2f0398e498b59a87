package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"pgpi/internal/event"
	"pgpi/internal/sink/text"
	"pgpi/test/decoded"
)

// write is what one party of a test's traffic sends at once.
type write struct {
	server bool
	data   []byte
}

func message(code byte, body string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{code}, uint32(4+len(body)))
	return append(b, body...)
}

func startup() []byte {
	body := "\x00\x03\x00\x00user\x00me\x00\x00"
	return append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...)
}

// dialog returns the traffic of a connection with some queries, each of which has rows of many
// sizes.
func dialog(queries int) []write {
	r := rand.New(rand.NewPCG(1, uint64(queries)))
	all := []write{
		{false, startup()},
		{true, bytes.Join([][]byte{
			message('R', "\x00\x00\x00\x00"), message('S', "TimeZone\x00UTC\x00"),
			message('K', "\x00\x00\x00\x07\x01\x02\x03\x04"), message('Z', "I"),
		}, nil)},
	}
	for i := range queries {
		all = append(all, write{false, message('Q', fmt.Sprintf("select %d\x00", i))})
		reply := message('T', "\x00\x01c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00")
		for range r.IntN(5) {
			size := []int{1, 100, 3000, 70000}[r.IntN(4)]
			value := strings.Repeat(string(rune('a'+r.IntN(26))), size)
			row := binary.BigEndian.AppendUint32([]byte("\x00\x01"), uint32(size))
			reply = append(reply, message('D', string(row)+value)...)
		}
		reply = append(reply, message('C', "SELECT\x00")...)
		all = append(all, write{true, append(reply, message('Z', "I")...)})
	}
	return append(all, write{false, message('X', "")})
}

// wirePacket is a packet of a test's capture.
type wirePacket struct {
	at   time.Time
	data []byte
	// server and payload are for tests that remove packets.
	server  bool
	payload int
	whole   int // bytes on the wire, if not all of them are there
}

// cable makes packets of traffic, as tcpdump would see them.
type cable struct {
	v6, vlan   bool
	link       layers.LinkType
	serverPort uint16
	clientPort uint16
	segment    int // bytes of a segment
	now        time.Time
	seq        [2]uint32
	packets    []wirePacket
}

func newCable() *cable {
	return &cable{
		link: layers.LinkTypeEthernet, serverPort: 5432, clientPort: 50000, segment: 1448,
		now: time.Date(2025, 7, 4, 12, 0, 0, 0, time.UTC), seq: [2]uint32{0xfffff000, 100}, // one that wraps around
	}
}

func (w *cable) send(t testing.TB, server bool, flags string, payload []byte) {
	t.Helper()
	w.now = w.now.Add(100 * time.Microsecond)
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(w.clientPort), DstPort: layers.TCPPort(w.serverPort), Window: 1000,
		SYN: strings.Contains(flags, "S"), FIN: strings.Contains(flags, "F"), RST: strings.Contains(flags, "R"), ACK: strings.Contains(flags, "A"),
	}
	sender := 0
	if server {
		sender = 1
		tcp.SrcPort, tcp.DstPort = tcp.DstPort, tcp.SrcPort
	}
	tcp.Seq, tcp.Ack = w.seq[sender], w.seq[1-sender]
	w.seq[sender] += uint32(len(payload))
	if tcp.SYN || tcp.FIN {
		w.seq[sender]++
	}
	client, host := net.IP{10, 0, 0, 1}, net.IP{10, 0, 0, 2}
	if w.v6 {
		client, host = net.ParseIP("fd00::1"), net.ParseIP("fd00::2")
	}
	if server {
		client, host = host, client
	}
	var network gopacket.NetworkLayer = &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: client, DstIP: host}
	kind := layers.EthernetTypeIPv4
	if w.v6 {
		network = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: client, DstIP: host}
		kind = layers.EthernetTypeIPv6
	}
	if err := tcp.SetNetworkLayerForChecksum(network); err != nil {
		t.Fatal(err)
	}
	buffer := gopacket.NewSerializeBuffer()
	ip, _ := network.(gopacket.SerializableLayer)
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ip, tcp, gopacket.Payload(payload)); err != nil {
		t.Fatal(err)
	}
	w.packets = append(w.packets, wirePacket{at: w.now, data: w.frame(kind, buffer.Bytes()), server: server, payload: len(payload)})
}

// frame puts a link layer around a packet.
func (w *cable) frame(kind layers.EthernetType, ip []byte) []byte {
	protocol := binary.BigEndian.AppendUint16(nil, uint16(kind))
	if w.vlan {
		protocol = append([]byte{0x81, 0, 0, 42}, protocol...)
	}
	var header []byte
	switch w.link {
	case layers.LinkTypeEthernet:
		header = append(make([]byte, 12), protocol...)
	case linkNull:
		header = []byte{2, 0, 0, 0}
	case linkLoop:
		header = []byte{0, 0, 0, 2}
	case linkSLL:
		header = append(make([]byte, 14), protocol...)
	case linkSLL2:
		header = slices.Concat(protocol[:2], make([]byte, 18), protocol[2:])
	}
	return append(header, ip...)
}

// converse makes the packets of a whole connection.
func (w *cable) converse(t testing.TB, traffic []write) {
	t.Helper()
	w.send(t, false, "S", nil)
	w.send(t, true, "SA", nil)
	w.send(t, false, "A", nil)
	for _, s := range traffic {
		for b := s.data; len(b) > 0; {
			n := min(len(b), w.segment)
			w.send(t, s.server, "A", b[:n])
			b = b[n:]
			if len(b)%3 == 0 {
				w.send(t, !s.server, "A", nil)
			}
		}
		w.send(t, !s.server, "A", nil)
	}
	w.send(t, false, "FA", nil)
	w.send(t, true, "FA", nil)
	w.send(t, false, "A", nil)
}

// pcap writes packets to a file of the old format.
func pcap(t testing.TB, link layers.LinkType, packets []wirePacket) string {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(262144, link); err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(p.data), Length: max(p.whole, len(p.data))}, p.data); err != nil {
			t.Fatal(err)
		}
	}
	return file(t, b.Bytes())
}

// file writes a capture to a file.
func file(t testing.TB, content []byte) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "*.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // what matters is the write
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	return filepath.Clean(f.Name())
}

// logger is a recorder that writes the log.
type logger struct {
	log  strings.Builder
	sink *text.Sink
	// events counts events by kind.
	events [event.Measured + 1]int
	data   [2]int64 // bytes of decoded and undecoded data
}

func newLogger() *logger {
	l := &logger{}
	l.sink = text.New(&l.log, text.Options{Time: text.NoTime})
	return l
}

// take writes an event as sinks see it.
func (l *logger) take(e *event.Event) {
	l.events[e.Kind]++
	if e.Kind == event.Undecoded {
		l.data[1] += int64(len(e.Data))
	} else {
		l.data[0] += int64(len(e.Data))
	}
	_ = l.sink.Write([]event.Event{*e}) // a strings.Builder accepts everything
}

// read reads captures. The log has no "^^" lines: they depend on how the stream was cut.
func read(t testing.TB, o Options, files ...string) (log string, l *logger, r Report, problems []string) {
	t.Helper()
	o.Problem = func(err error) { problems = append(problems, err.Error()) }
	reader, err := Open(files, o)
	if err != nil {
		t.Fatal(err)
	}
	l = newLogger()
	r = reader.Read(t.Context(), decoded.New(l.take))
	var kept strings.Builder
	for line := range strings.Lines(l.log.String()) {
		if !strings.Contains(line, "^^") {
			kept.WriteString(line)
		}
	}
	return kept.String(), l, r, problems
}
