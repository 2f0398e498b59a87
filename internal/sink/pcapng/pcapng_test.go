package pcapng

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"pgpi/internal/event"
	"pgpi/internal/recording"
	"pgpi/internal/wire"
)

// opening returns the beginning of a connection with TLS on both legs.
func opening(client, server string) []event.Event {
	startup := wire.Message{Type: wire.StartupMessage, Bytes: []byte("\x00\x00\x00\x09\x00\x03\x00\x00\x00"), Size: 9}
	show := func(d event.Direction, m wire.Message) event.Event {
		return event.Event{Kind: event.Traffic, Direction: d, Data: m.Bytes, Messages: []event.Message{{Message: m}}, Total: m.Size}
	}
	request := wire.Message{Type: wire.SSLRequest, Bytes: []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"), Size: 8}
	reply := wire.Message{Type: wire.SSLResponse, Bytes: []byte("S"), Size: 1}
	query := wire.Message{Type: wire.Query, Bytes: []byte("Q\x00\x00\x00\x05\x00"), Size: 6}
	events := []event.Event{
		{Kind: event.Said, Fact: event.Opened{Time: time.Date(2025, 7, 4, 12, 0, 0, 0, time.UTC), Client: client}},
		show(event.ClientToScript, request), show(event.ScriptToClient, reply),
		{Kind: event.Said, Fact: event.TLSEstablished{TLS: "TLS", Party: event.Client}},
		show(event.ClientToScript, startup),
		{Kind: event.Said, Fact: event.Connected{Address: server}},
		show(event.ScriptToServer, request), show(event.ServerToScript, reply),
		{Kind: event.Said, Fact: event.TLSEstablished{TLS: "TLS", Party: event.Server}},
		show(event.ScriptToServer, startup),
		show(event.ClientToServer, query),
		{Kind: event.Said, Fact: event.HungUp{Party: event.Client}},
		{Kind: event.Said, Fact: event.Ended{}},
	}
	for i := range events {
		events[i].Conn, events[i].Seq = 1, uint64(i+1)
		events[i].At = time.Date(2025, 7, 4, 12, 0, 0, i, time.UTC)
		events[i].Elapsed = time.Duration(i)
	}
	return events
}

// recorded is a packet of a file.
type recorded struct {
	gopacket.Packet
	at       time.Time
	comments []string
}

func recordTo(t *testing.T, o Options, events []event.Event) {
	t.Helper()
	sink, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// packets reads a recording with the library alone.
func packets(t *testing.T, path string) (all []recorded, section recording.Section) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it is for reading
	r, err := pcapgo.NewNgReader(f, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, options, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		p := gopacket.NewPacket(data, layers.LayerTypeIPv4, gopacket.Default)
		if data[0]>>4 == 6 {
			p = gopacket.NewPacket(data, layers.LayerTypeIPv6, gopacket.Default)
		}
		if p.ErrorLayer() != nil {
			t.Fatalf("packet %d: %v", len(all)+1, p.ErrorLayer().Error())
		}
		all = append(all, recorded{p, info.Timestamp, options.Comments})
	}
	section, ok := recording.ParseSection(r.SectionInfo().Comment)
	if !ok || r.SectionInfo().Application != "pgpi" || r.LinkType() != layers.LinkTypeRaw {
		t.Errorf("%+v, %v", r.SectionInfo(), r.LinkType())
	}
	return all, section
}

// TestPackets checks the headers of all packets as a library reads them: addresses, checksums,
// sequence numbers.
func TestPackets(t *testing.T) {
	for name, addresses := range map[string][2]string{
		"IPv4":         {"127.0.0.1:40000", "127.0.0.1 port 5433"},
		"IPv6":         {"[::1]:40000", "fe80::1%eth0 port 5432"},
		"mixed":        {"[::1]:40000", "10.0.0.1 port 5432"},
		"Unix sockets": {"@", "/tmp/.s.PGSQL.5432"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.pcapng")
			recordTo(t, Options{Path: path}, opening(addresses[0], addresses[1]))
			all, _ := packets(t, path)
			conversations := map[string]int{}
			next := map[gopacket.Flow]map[gopacket.Flow]uint32{}
			for i, p := range all {
				tcp, ok := p.TransportLayer().(*layers.TCP)
				if !ok {
					continue
				}
				if err := tcp.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
					t.Fatal(err)
				}
				if sum, err := tcp.ComputeChecksum(); err != nil || tcp.Checksum == 0 || sum != 0 && sum != tcp.Checksum {
					t.Errorf("packet %d: checksum %x, want %x, %v", i+1, tcp.Checksum, sum, err)
				}
				if tcp.SrcPort != 5432 && tcp.DstPort != 5432 {
					t.Errorf("packet %d does not look like Postgres: %v", i+1, tcp.TransportFlow())
				}
				network := p.NetworkLayer().NetworkFlow()
				if next[network] == nil {
					next[network] = map[gopacket.Flow]uint32{}
				}
				if want, known := next[network][tcp.TransportFlow()]; known && !tcp.SYN && tcp.Seq != want {
					t.Errorf("packet %d: sequence number %d, want %d", i+1, tcp.Seq, want)
				}
				length := uint32(len(tcp.Payload))
				if tcp.SYN || tcp.FIN {
					length++
				}
				next[network][tcp.TransportFlow()] = tcp.Seq + length
				if tcp.SYN && !tcp.ACK {
					conversations[network.String()]++
				}
			}
			if len(conversations) != 2 {
				t.Errorf("conversations between %v, want two pairs of addresses", conversations)
			}
			for pair, n := range conversations {
				if n != 2 {
					t.Errorf("%d conversations of %s, want one before TLS and one after it", n, pair)
				}
			}
		})
	}
}

// TestStartup looks for what makes tshark dissect: the conversation with the messages begins with
// the StartupMessage.
func TestStartup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.pcapng")
	recordTo(t, Options{Path: path}, opening("127.0.0.1:40000", "127.0.0.1 port 5433"))
	all, _ := packets(t, path)
	var payloads []string
	for _, p := range all {
		tcp, ok := p.TransportLayer().(*layers.TCP)
		switch {
		case ok && tcp.SYN && !tcp.ACK:
			payloads = append(payloads, "")
		case ok && len(tcp.Payload) > 0:
			payloads[len(payloads)-1] += string(tcp.Payload) + "|"
		}
	}
	want := []string{
		"\x00\x00\x00\x08\x04\xd2\x16\x2f|S|", "\x00\x00\x00\x09\x00\x03\x00\x00\x00|",
		"\x00\x00\x00\x08\x04\xd2\x16\x2f|S|", "\x00\x00\x00\x09\x00\x03\x00\x00\x00|Q\x00\x00\x00\x05\x00|",
	}
	if strings.Join(payloads, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", payloads, want)
	}
}

// TestTimes checks that a packet has the time of its event, to the nanosecond.
func TestTimes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.pcapng")
	events := opening("127.0.0.1:40000", "127.0.0.1 port 5433")
	recordTo(t, Options{Path: path}, events)
	all, _ := packets(t, path)
	last := all[len(all)-1].at
	if want := events[len(events)-1].At; !last.Equal(want) {
		t.Errorf("the last packet is at %v, want %v", last, want)
	}
}

// TestLargeWrite splits what is too large for one packet.
func TestLargeWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.pcapng")
	events := opening("127.0.0.1:40000", "127.0.0.1 port 5433")
	large := events[10]
	large.Kind, large.Messages, large.Data = event.Fragment, nil, bytes.Repeat([]byte("x"), 3*maxPayload+1)
	recordTo(t, Options{Path: path}, append(events[:10:10], large))
	all, _ := packets(t, path)
	var sizes []int
	var more int
	for _, p := range all[len(all)-4:] {
		sizes = append(sizes, len(p.TransportLayer().LayerPayload()))
		if len(p.comments) > 0 && strings.Contains(p.comments[0], "goes on") {
			more++
		}
	}
	if sizes[0] != maxPayload || sizes[2] != maxPayload || sizes[3] != 1 || more != 3 {
		t.Errorf("payloads of %v bytes, %d of them continued", sizes, more)
	}
}

// TestOpaque notes bytes from which nothing follows, in a comment of its own.
func TestOpaque(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "r.pcapng")
		events := opening("127.0.0.1:40000", "127.0.0.1 port 5433")[:11]
		undecoded := events[10]
		undecoded.Kind, undecoded.Messages, undecoded.Data, undecoded.Left, undecoded.Opaque = event.Undecoded, nil, []byte("****"), 7, opaque
		recordTo(t, Options{Path: path}, append(events, undecoded))
		all, _ := packets(t, path)
		want := []string{"pgpi: bytes left 7"}
		if opaque {
			want = append(want, "pgpi: bytes=opaque")
		}
		for i, p := range all {
			if i == len(all)-1 && !slices.Equal(p.comments, want) || i < len(all)-1 && strings.Contains(strings.Join(p.comments, ""), "opaque") {
				t.Errorf("opaque %t: packet %d of %d has the comments %q", opaque, i+1, len(all), p.comments)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.pcapng")
	if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := New(Options{Path: path})
	if err == nil || !strings.Contains(err.Error(), "the file exists: give another name, or --force") {
		t.Errorf("%v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Errorf("the file has become %q", b)
	}
	recordTo(t, Options{Path: path, Overwrite: true, Redacted: true}, nil)
	if _, section := packets(t, path); !section.Redacted || section.File != 1 || len(section.ID) < 20 {
		t.Errorf("%+v", section)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := New(Options{Path: filepath.Join(dir, "nowhere", "r.pcapng")}); err == nil || !strings.Contains(err.Error(), "choose a place for --record where you may write") {
		t.Errorf("%v", err)
	}
}

// TestForgets checks that nothing is kept about connections that have ended.
func TestForgets(t *testing.T) {
	sink, err := New(Options{Path: filepath.Join(t.TempDir(), "r.pcapng"), Rotate: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	events := opening("127.0.0.1:40000", "127.0.0.1 port 5433")
	for id := range uint32(1000) {
		for i := range events {
			events[i].Conn = id + 1
		}
		if err := sink.Write(events); err != nil {
			t.Fatal(err)
		}
	}
	if len(sink.connections) != 0 {
		t.Errorf("%d connections are remembered", len(sink.connections))
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSmallFiles rotates to a size that is less than what a file must repeat: at most half of a
// recording is repeated.
func TestSmallFiles(t *testing.T) {
	size := func(rotate int64) (total int64, files int) {
		dir := t.TempDir()
		sink, err := New(Options{Path: filepath.Join(dir, "r.pcapng"), Rotate: rotate})
		if err != nil {
			t.Fatal(err)
		}
		events := opening("127.0.0.1:40000", "127.0.0.1 port 5433")
		write := func(id uint32, some []event.Event) {
			for i := range some {
				some[i].Conn = id
			}
			if err := sink.Write(some); err != nil {
				t.Fatal(err)
			}
		}
		const connections = 100
		for id := range uint32(connections) {
			write(id+1, events[:10])
		}
		for i := range uint32(1000) {
			write(i%connections+1, events[10:11])
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		all, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			info, err := f.Info()
			if err != nil {
				t.Fatal(err)
			}
			total += info.Size()
		}
		return total, len(all)
	}
	whole, _ := size(0)
	if got, files := size(5000); got > 5*whole/2 || files < 3 {
		t.Errorf("%d files have %d bytes, and one would have %d", files, got, whole)
	}
}

// BenchmarkWrite records small messages.
func BenchmarkWrite(b *testing.B) {
	sink, err := New(Options{Path: filepath.Join(b.TempDir(), "r.pcapng")})
	if err != nil {
		b.Fatal(err)
	}
	events := opening("127.0.0.1:40000", "127.0.0.1 port 5433")
	if err := sink.Write(events[:10]); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := sink.Write(events[10:11]); err != nil {
			b.Fatal(err)
		}
	}
}
