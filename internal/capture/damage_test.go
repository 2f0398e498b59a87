package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"pgpi/internal/event"
	"pgpi/internal/sink/pcapng"
	"pgpi/test/decoded"
)

// TestNoCapture refuses what is not a capture, in one sentence.
func TestNoCapture(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "short": "ab", "text": "this is a letter, not a capture\n", "zeros": strings.Repeat("\x00", 100),
		"ELF": "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00", "half a header": "\xd4\xc3\xb2\xa1\x02\x00",
		"half a section": "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00",
	} {
		_, err := Open([]string{file(t, []byte(content))}, Options{})
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open([]string{"/nowhere/at.pcap"}, Options{}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
}

// TestSomeFiles reads what can be read, and reports what can't.
func TestSomeFiles(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(1))
	log, _, report, problems := read(t, Options{}, pcap(t, w.link, w.packets), file(t, nil))
	if !report.Damaged || len(problems) != 1 || !strings.Contains(problems[0], "the file is empty") || !strings.Contains(log, "select 0") {
		t.Errorf("%+v %v", report, problems)
	}
}

// TestTruncated reads a capture up to where it was cut off.
func TestTruncated(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(2))
	whole, err := os.ReadFile(pcap(t, w.link, w.packets))
	if err != nil {
		t.Fatal(err)
	}
	for size := 25; size < len(whole); size += 101 {
		_, _, report, problems := read(t, Options{}, file(t, whole[:size]))
		if report.Damaged != (len(problems) > 0) {
			t.Fatalf("%d bytes: %+v %v", size, report, problems)
		}
	}
	_, _, report, problems := read(t, Options{}, file(t, whole[:len(whole)-3]))
	if !report.Damaged || len(problems) != 1 || !strings.Contains(problems[0], "cut off") {
		t.Errorf("%+v %v", report, problems)
	}
}

// stopping is a recorder that stops the reading after the first event.
type stopping struct {
	stop  func()
	facts []event.Fact
}

func (*stopping) Wait(<-chan struct{}) {}

func (s *stopping) Record(e *event.Event) {
	s.stop()
	s.facts = append(s.facts, e.Fact)
}

// TestStopped says that not all was read if the reading was stopped, and only then.
func TestStopped(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(2))
	path := pcap(t, w.link, w.packets)
	for _, stops := range []bool{true, false} {
		reader, err := Open([]string{path}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		recorder := &stopping{stop: func() {}}
		if stops {
			recorder.stop = stop
		}
		reader.Read(ctx, recorder)
		stop()
		if said := slices.Contains(recorder.facts, event.Fact(event.Damaged{Why: "reading was stopped before the end of the capture"})); said != stops {
			t.Errorf("stopped: %v, said: %v", stops, said)
		}
	}
}

// TestCompressed reads what gzip has compressed.
func TestCompressed(t *testing.T) {
	want, packets := whole(t, dialog(2))
	raw, err := os.ReadFile(pcap(t, layers.LinkTypeEthernet, packets))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if log, _, _, _ := read(t, Options{}, file(t, b.Bytes())); log != want {
		t.Error(firstDifference(log, want))
	}
}

// TestSeveralFiles merges captures by time, wherever they were cut.
func TestSeveralFiles(t *testing.T) {
	want, packets := whole(t, dialog(10))
	var odd, even []wirePacket
	for i, p := range packets {
		if i%2 == 0 {
			even = append(even, p)
		} else {
			odd = append(odd, p)
		}
	}
	log, _, report, _ := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, odd), pcap(t, layers.LinkTypeEthernet, even))
	if log != want || report.Incomplete() {
		t.Errorf("%+v: %s", report, firstDifference(log, want))
	}
}

// TestUnknownLink counts packets whose link layer is unknown.
func TestUnknownLink(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(1))
	_, _, report, problems := read(t, Options{}, pcap(t, layers.LinkTypeIEEE802_11, w.packets))
	if !report.Incomplete() || len(problems) != 1 || !strings.Contains(problems[0], "link layer") {
		t.Errorf("%+v %v", report, problems)
	}
}

// TestManyConnections reads a hundred thousand connections that never end, in bounded memory.
func TestManyConnections(t *testing.T) {
	const connections = 100_000
	w := newCable()
	w.converse(t, dialog(1)[:3])
	packets := w.packets[:len(w.packets)-3]
	path := filepath.Join(t.TempDir(), "many.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := pcapgo.NewWriter(f)
	if err := out.WriteFileHeader(262144, w.link); err != nil {
		t.Fatal(err)
	}
	for i := range connections {
		for _, p := range packets {
			client := p.data[26:30] // the source address
			if p.server {
				client = p.data[30:34]
			}
			client[1], client[2], client[3] = byte(i>>16)+1, byte(i>>8), byte(i)
			if err := out.WritePacket(gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(p.data), Length: len(p.data)}, p.data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	reader, err := Open([]string{path}, Options{Problem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	peak := &peak{}
	report := reader.Read(t.Context(), peak)
	if report.Connections != connections {
		t.Errorf("%+v", report)
	}
	const limit = 400 << 20
	if peak.bytes > limit {
		t.Errorf("%d MiB of memory", peak.bytes>>20)
	}
	t.Logf("%d MiB of memory", peak.bytes>>20)
}

// FuzzRead reads anything: it must end, and say nothing that does not fit on a line of the log.
func FuzzRead(f *testing.F) {
	w := newCable()
	w.segment = 50
	w.converse(f, dialog(1)[:3])
	content, err := os.ReadFile(pcap(f, w.link, w.packets))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	p := newProxy(1)
	c := p.connect(1)
	c.relay(0, message('Q', "select 1\x00"))
	path := filepath.Join(f.TempDir(), "r.pcapng")
	sink, err := pcapng.New(pcapng.Options{Path: path})
	if err != nil {
		f.Fatal(err)
	}
	for i, e := range p.events {
		if i == 4 {
			continue // too long for a seed
		}
		if err := sink.Write(p.events[i : i+1]); err != nil {
			f.Fatal(e, err)
		}
	}
	if err := sink.Close(); err != nil {
		f.Fatal(err)
	}
	if content, err = os.ReadFile(path); err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(dir, "fuzz.pcap")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		reader, err := Open([]string{path}, Options{Problem: func(error) {}})
		if err != nil {
			return
		}
		l := newLogger()
		reader.Read(t.Context(), decoded.New(l.take))
		for line := range strings.Lines(l.log.String()) {
			if strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\x00\x1b\r\n") {
				t.Errorf("%q", line)
			}
		}
	})
}

// TestFlipped reads captures with bytes changed at random.
func TestFlipped(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(5))
	foreign, err := os.ReadFile(pcap(t, w.link, w.packets))
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(1)
	p.converse(2, dialog(3))
	own, err := os.ReadFile(record(t, pcapng.Options{}, p.events)[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{foreign, own} {
		for seed := range uint64(30) {
			r := rand.New(rand.NewPCG(seed, 3))
			changed := bytes.Clone(content)
			for range 1 + r.IntN(20) {
				changed[24+r.IntN(len(changed)-24)] = byte(r.Uint32())
			}
			reader, err := Open([]string{file(t, changed)}, Options{Problem: func(error) {}})
			if err != nil {
				continue
			}
			reader.Read(t.Context(), decoded.New(newLogger().take))
		}
	}
}

// peak is a recorder that measures memory.
type peak struct {
	count int
	bytes uint64
}

func (p *peak) Wait(<-chan struct{}) {}

func (p *peak) Record(*event.Event) {
	if p.count++; p.count%200_000 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.bytes = max(p.bytes, m.HeapInuse)
	}
}
