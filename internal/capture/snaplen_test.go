package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/pcapgo"
)

// snap writes packets as tcpdump -s does. It also counts the bytes that it leaves out.
func snap(t testing.TB, w *cable, length int) (name string, cut int64) {
	t.Helper()
	var b bytes.Buffer
	out := pcapgo.NewWriter(&b)
	if err := out.WriteFileHeader(uint32(length), w.link); err != nil {
		t.Fatal(err)
	}
	for _, p := range w.packets {
		n := min(length, len(p.data))
		cut += int64(len(p.data) - n)
		if err := out.WritePacket(gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: n, Length: len(p.data)}, p.data[:n]); err != nil {
			t.Fatal(err)
		}
	}
	return file(t, b.Bytes()), cut
}

// scramDialog is a login with a password, and statements in the extended protocol.
func scramDialog() []write {
	authentication := func(subtype uint32, data string) []byte {
		return message('R', string(binary.BigEndian.AppendUint32(nil, subtype))+data)
	}
	client := func(messages ...[]byte) write { return write{false, bytes.Join(messages, nil)} }
	server := func(messages ...[]byte) write { return write{true, bytes.Join(messages, nil)} }
	column := message('T', "\x00\x01a_column\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00")
	const nonce = "fyko+d2lbbFgONRv9qkxdawL"
	all := []write{
		client(startup()),
		server(authentication(10, "SCRAM-SHA-256\x00\x00")),
		client(message('p', "SCRAM-SHA-256\x00\x00\x00\x00\x20n,,n=,r="+nonce)),
		server(authentication(11, "r="+nonce+"3rfcNHYJY1ZVvWVs7j,s=4UkqUxi3NkJYxFuy,i=4096")),
		client(message('p', "c=biws,r="+nonce+"3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")),
		server(authentication(12, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")),
		server(authentication(0, "")),
		server(message('Z', "I")),
	}
	for i := range 5 {
		name, sql := fmt.Sprintf("a_statement_%d\x00", i), fmt.Sprintf("select a_column from a_table where another_column = $1 and number = %d\x00", i)
		all = append(all,
			client(message('P', name+sql+"\x00\x00")), client(message('D', "S"+name), message('S', "")),
			server(message('1', ""), message('t', "\x00\x01\x00\x00\x00\x19"), column, message('Z', "I")),
			client(message('B', "\x00"+name+"\x00\x00\x00\x01\x00\x00\x00\x04word\x00\x00"), message('E', "\x00\x00\x00\x00\x00"), message('S', "")),
			server(message('2', ""), message('D', "\x00\x01\x00\x00\x00\x18twenty-four bytes of row"), message('C', "SELECT 1\x00"), message('Z', "I")),
		)
	}
	return append(all, client(message('X', "")))
}

// messageName matches the name of a message in the log.
var messageName = regexp.MustCompile(`^#1  (?:client|server) -> (?:client|server): ".*? = (Authentication\S+|[\w ]+)`)

// names returns the names of the messages in a log, in order.
func names(log string) (all []string) {
	for line := range strings.Lines(log) {
		name := messageName.FindStringSubmatch(line)
		switch {
		case strings.Contains(line, "of startup message"):
			all = append(all, "startup message")
		case name != nil:
			all = append(all, name[1])
		}
	}
	return all
}

// TestSnapLength reports what a capture left out of each packet. What was captured of messages has
// the same names as in a whole capture.
func TestSnapLength(t *testing.T) {
	for what, traffic := range map[string][]write{"rows": dialog(10), "prepared": scramDialog()} {
		w := newCable()
		w.converse(t, traffic)
		whole, _, _, _ := read(t, Options{}, pcap(t, w.link, w.packets))
		said := names(whole)
		for length := 54; length < 250; length++ {
			name, cut := snap(t, w, length)
			log, _, report, _ := read(t, Options{}, name)
			if report.Missing != cut {
				t.Errorf("%s, %d bytes: %d bytes are missing, want %d", what, length, report.Missing, cut)
			}
			for _, never := range []string{"out of sync", "malformed", "violation", "trailing"} {
				if strings.Contains(log, never) {
					t.Fatalf("%s, %d bytes: %s:\n%s", what, length, never, log)
				}
			}
			at := 0
			for _, n := range names(log) {
				if length < 54+9 { // the kind of authentication was not captured
					break
				}
				i := slices.Index(said[at:], n)
				if i < 0 {
					t.Fatalf("%s, %d bytes: there is no %s after what is before it:\n%s", what, length, n, log)
				}
				at += i + 1
			}
			if length >= 80 && what == "prepared" && at < len(said)-1 {
				t.Errorf("%s, %d bytes: %d of %d messages are shown", what, length, at, len(said))
			}
		}
	}
}

// TestSnappedContext knows what a cut statement is if its name is there, and does not mistake the
// beginning of a name for a name.
func TestSnappedContext(t *testing.T) {
	w := newCable()
	w.converse(t, scramDialog())
	name, _ := snap(t, w, 54+60)
	log, _, _, _ := read(t, Options{}, name)
	if want := `"a_statement_4\x00" = statement name: select a_column from a_table where anoth`; !strings.Contains(log, want) {
		t.Errorf("there is no %s in\n%s", want, log)
	}
	name, _ = snap(t, w, 54+12)
	log, _, _, _ = read(t, Options{}, name)
	if strings.Contains(log, "name: select") {
		t.Error(log)
	}
}

// TestCutByEnd has what a capture has of the message that it ends in.
func TestCutByEnd(t *testing.T) {
	w := newCable()
	w.converse(t, dialog(1))
	packets := w.packets[:len(w.packets)-8]
	last := &packets[len(packets)-1]
	for last.payload == 0 || last.server {
		packets = packets[:len(packets)-1]
		last = &packets[len(packets)-1]
	}
	last.data = last.data[:len(last.data)-4]
	binary.BigEndian.PutUint16(last.data[16:], binary.BigEndian.Uint16(last.data[16:])-4)
	log, _, _, _ := read(t, Options{}, pcap(t, w.link, packets))
	if !strings.Contains(log, "\"selec\" = query\n#1    omitted: 4 bytes\n") || strings.Contains(log, "malformed") {
		t.Error(log)
	}
}
