package capture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// whole is the log of a capture without faults.
func whole(t testing.TB, traffic []write) (log string, packets []wirePacket) {
	t.Helper()
	w := newCable()
	w.converse(t, traffic)
	log, _, report, problems := read(t, Options{}, pcap(t, w.link, w.packets))
	if report.Incomplete() || len(problems) > 0 || report.Connections != 1 {
		t.Fatalf("%+v %v", report, problems)
	}
	if !strings.Contains(log, `#1  client -> server: "Q" = Query`) || !strings.HasSuffix(log, "#1  client hung up\n#1  connection end\n") {
		t.Fatal(log)
	}
	return log, w.packets
}

// TestLinks reads the same traffic from all link layers, in both versions of IP.
func TestLinks(t *testing.T) {
	want, _ := whole(t, dialog(5))
	for name, change := range map[string]func(*cable){
		"IPv6":           func(w *cable) { w.v6 = true },
		"VLAN":           func(w *cable) { w.vlan = true },
		"NULL":           func(w *cable) { w.link = linkNull },
		"LOOP":           func(w *cable) { w.link = linkLoop },
		"NULL and IPv6":  func(w *cable) { w.link, w.v6 = linkNull, true },
		"RAW":            func(w *cable) { w.link = linkRaw },
		"RAW and IPv6":   func(w *cable) { w.link, w.v6 = linkRaw, true },
		"SLL":            func(w *cable) { w.link = linkSLL },
		"SLL2":           func(w *cable) { w.link = linkSLL2 },
		"SLL2 and VLAN":  func(w *cable) { w.link, w.vlan = linkSLL2, true },
		"small segments": func(w *cable) { w.segment = 7 },
		"large segments": func(w *cable) { w.segment = 60000 },
		"another port":   func(w *cable) { w.serverPort = 6543 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newCable()
			change(w)
			w.converse(t, dialog(5))
			log, _, report, problems := read(t, Options{}, pcap(t, w.link, w.packets))
			for _, names := range [][2]string{{"[fd00::1]", "10.0.0.1"}, {"fd00::2", "10.0.0.2"}, {"port 6543", "port 5432"}} {
				log = strings.ReplaceAll(log, names[0], names[1])
			}
			if log != want || report.Incomplete() || len(problems) > 0 {
				t.Errorf("other than from Ethernet: %+v %v\n%s", report, problems, firstDifference(log, want))
			}
		})
	}
}

// firstDifference returns the first line in which logs differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %.300s\nwant %.300s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// TestReordered reads captures whose packets are out of order and occur twice, which must not
// change anything.
func TestReordered(t *testing.T) {
	want, packets := whole(t, dialog(30))
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		shuffled := slices.Clone(packets)
		for range len(packets) / 2 {
			i := 3 + r.IntN(len(shuffled)-10)
			j := i + r.IntN(5)
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
			if r.IntN(3) == 0 {
				shuffled = slices.Insert(shuffled, j+1, shuffled[i])
			}
		}
		log, _, report, problems := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, shuffled))
		if log != want || report.Incomplete() || len(problems) > 0 {
			t.Fatalf("seed %d: %+v %v: %s", seed, report, problems, firstDifference(log, want))
		}
	}
}

// TestLoss removes packets. What is shown must have been said, in that order. What is missing must
// be reported, byte for byte.
func TestLoss(t *testing.T) {
	traffic := dialog(60)
	want, packets := whole(t, traffic)
	said := messages(want)
	total := int64(0)
	for _, s := range traffic {
		total += int64(len(s.data))
	}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		lost := int64(0)
		var kept []wirePacket
		for i, p := range packets {
			if i > 8 && i < len(packets)-4 && r.IntN(40) == 0 {
				lost += int64(p.payload)
				continue
			}
			kept = append(kept, p)
		}
		log, l, report, _ := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, kept))
		if report.Missing != lost || report.Incomplete() != (lost > 0) {
			t.Errorf("seed %d: %d bytes named, %d lost", seed, report.Missing, lost)
		}
		if seen := l.data[0] + l.data[1]; seen != total-lost {
			t.Errorf("seed %d: %d bytes seen, %d were there", seed, seen, total-lost)
		}
		if strings.Contains(log, "out of sync") {
			t.Errorf("seed %d: out of sync", seed)
		}
		shown := messages(log)
		at := 0
		for _, m := range shown {
			i := slices.Index(said[at:], m)
			if i < 0 {
				t.Fatalf("seed %d: %.200q was never said, or not after what is before it", seed, m)
			}
			at += i + 1
		}
		if len(shown) < len(said)/2 {
			t.Errorf("seed %d: only %d of %d messages are shown", seed, len(shown), len(said))
		}
	}
}

// messages returns the whole messages of a log, one string each. Nothing is left of those that were
// cut off.
func messages(log string) []string {
	var all []string
	for line := range strings.Lines(log) {
		switch {
		case strings.Contains(line, "the last message was cut off"), strings.HasPrefix(line, "#1    omitted: "):
			all = all[:len(all)-1]
		case strings.HasPrefix(line, "#1    "):
			all[len(all)-1] += line
		case strings.HasPrefix(line, "#1  client -> server: \""), strings.HasPrefix(line, "#1  server -> client: \""):
			all = append(all, withoutContext(line))
		}
	}
	for i := range all {
		all[i] = withoutContext(all[i])
	}
	return all
}

// withoutContext leaves out what a gap may have made unknown.
func withoutContext(message string) string {
	lines := strings.SplitAfter(message, "\n")
	for i, line := range lines {
		if at := strings.Index(line, " = column value"); at >= 0 {
			lines[i] = line[:at] + "\n"
		}
	}
	return strings.Join(lines, "")
}

// TestJoined lets captures begin anywhere. Nothing may be shown that was not said, and what is
// skipped must be reported.
func TestJoined(t *testing.T) {
	want, packets := whole(t, dialog(12))
	said := messages(want)
	for begin := 4; begin < len(packets)-5; begin += 7 {
		log, _, report, _ := read(t, Options{}, pcap(t, layers.LinkTypeEthernet, packets[begin:]))
		if !strings.Contains(log, "the capture begins in the middle of this connection") || report.Missing != 0 {
			t.Fatalf("from packet %d: %+v\n%.500s", begin, report, log)
		}
		if strings.Contains(log, "out of sync") {
			t.Errorf("from packet %d: out of sync", begin)
		}
		at := 0
		for _, m := range messages(log) {
			i := slices.Index(said[at:], m)
			if i < 0 {
				t.Fatalf("from packet %d: %.200q was never said", begin, m)
			}
			at += i + 1
		}
		if at < len(said)-1 {
			t.Errorf("from packet %d: the last %d messages are not shown", begin, len(said)-at)
		}
	}
}

// TestOtherPort needs to know the port of a connection whose beginning is missing.
func TestOtherPort(t *testing.T) {
	w := newCable()
	w.serverPort = 6543
	w.converse(t, dialog(3))
	name := pcap(t, w.link, w.packets[6:])
	if _, _, report, _ := read(t, Options{}, name); report.Connections != 0 || report.Ignored != 1 {
		t.Errorf("%+v", report)
	}
	if _, _, report, _ := read(t, Options{Ports: []int{6543}}, name); report.Connections != 1 {
		t.Errorf("%+v", report)
	}
}

// TestEncrypted reports what can't be read.
func TestEncrypted(t *testing.T) {
	request := write{false, []byte{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f}}
	hello := write{false, []byte("\x16\x03\x01\x00\x05hello")}
	data := write{true, []byte("\x17\x03\x03\x00\x05bytes")}
	for name, traffic := range map[string][]write{
		"after a request": {request, {true, []byte("S")}, hello, data},
		"direct":          {hello, data},
	} {
		w := newCable()
		w.converse(t, traffic)
		log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
		if !strings.Contains(log, "the rest is encrypted by TLS") || report.Encrypted != 1 || strings.Contains(log, "out of sync") {
			t.Errorf("%s: %+v\n%s", name, report, log)
		}
	}
	w := newCable()
	w.converse(t, []write{request, {true, []byte("S")}, hello, data, hello, data})
	log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets[9:]))
	if !strings.Contains(log, "the rest is encrypted by TLS") || report.Encrypted != 1 {
		t.Errorf("in the middle: %+v\n%s", report, log)
	}
}

// TestCancel finds the connection that a cancel request names.
func TestCancel(t *testing.T) {
	w := newCable()
	traffic := dialog(1)
	w.converse(t, traffic[:3]) // the query is not answered
	w.packets = w.packets[:len(w.packets)-3]
	w.clientPort++
	w.converse(t, []write{{false, []byte("\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x07\x01\x02\x03\x04")}})
	log, _, _, _ := read(t, Options{}, pcap(t, w.link, w.packets))
	if !strings.Contains(log, "#2  cancel request for connection #1, whose server runs: select 0\n") {
		t.Error(log)
	}
}

// TestReset ends a connection by a reset, and another between the same ends begins.
func TestReset(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(1)[:3])
	w.packets = w.packets[:len(w.packets)-3]
	w.send(t, true, "R", nil)
	w.seq = [2]uint32{77, 88}
	w.converse(t, dialog(1))
	log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
	if report.Connections != 2 || !strings.Contains(log, "#1  connection to server lost: it reset the connection\n#1  connection end\n#2  connected") {
		t.Errorf("%+v\n%s", report, log)
	}
}

// TestPortReused begins a connection between the same ends as an earlier one, whose end was not
// seen.
func TestPortReused(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(1))
	w.packets = w.packets[:len(w.packets)-3]
	w.seq = [2]uint32{77, 88}
	w.converse(t, dialog(1))
	log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
	if report.Connections != 2 || !strings.Contains(log, "#1  the capture ends before this connection\n#1  connection end\n#2  connected") {
		t.Errorf("%+v\n%s", report, log)
	}
}
