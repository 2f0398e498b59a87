package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/pcapgo"

	"pgpi/internal/event"
	"pgpi/internal/sink/pcapng"
)

// TestLaterVersions reads recordings that have, at random places, what a later version might write:
// items of notes, comments, sentences and arguments of sentences. They read as if it were not
// there.
func TestLaterVersions(t *testing.T) {
	for seed := range uint64(10) {
		p := newProxy(seed)
		p.converse(4, dialog(10))
		files := record(t, pcapng.Options{Rotate: int64(seed%2) * 200_000}, p.events)
		want, report := replayOf(t, files...)
		same(t, want, p.events)
		l := later{rand.New(rand.NewPCG(seed, 5))}
		for i := range files {
			files[i] = l.rewrite(t, files[i])
		}
		got, laterReport := replayOf(t, files...)
		same(t, got, want)
		if laterReport.Packets == report.Packets {
			t.Error("no sentence was added")
		}
		laterReport.Packets = report.Packets
		if laterReport != report {
			t.Errorf("%+v, want %+v", laterReport, report)
		}
	}
}

// later adds to recordings.
type later struct{ *rand.Rand }

// rewrite copies a file with additions.
func (l later) rewrite(t *testing.T, name string) string {
	t.Helper()
	in, _, err := open(name)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "later.pcapng")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pcapgo.NewNgWriterInterface(f, pcapgo.NgInterface{LinkType: linkRaw}, pcapgo.NgWriterOptions{SectionInfo: in.ng.SectionInfo()})
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte, comments []string) {
		info := gopacket.CaptureInfo{Timestamp: in.packet.at, CaptureLength: len(data), Length: len(data)}
		if err := w.WritePacketWithOptions(info, data, pcapgo.NgPacketOptions{Comments: comments}); err != nil {
			t.Fatal(err)
		}
	}
	inside := false // a sentence that has several datagrams
	for ; in.err == nil; in.next() {
		data := in.packet.data
		goesOn := isDatagram(data) && strings.Contains(strings.Join(in.packet.comments, ""), "goes on in the next packet")
		if isDatagram(data) {
			if !inside && l.IntN(2) == 0 {
				write(l.sentence(data), l.comments(nil))
			}
			if !inside && !goesOn {
				data = l.arguments(data)
			}
			inside = goesOn
		}
		write(data, l.comments(in.packet.comments))
	}
	if err := errors.Join(w.Flush(), f.Close(), in.close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// comments adds to the comments of a packet.
func (l later) comments(comments []string) []string {
	comments = slices.Clone(comments)
	for i, comment := range comments {
		if items, ok := strings.CutPrefix(comment, "pgpi: "); ok {
			comments[i] = "pgpi: " + strings.Join(l.items(strings.Split(items, "; ")), "; ")
		}
	}
	for range l.IntN(3) {
		added := l.word()
		if l.IntN(3) > 0 {
			added = "pgpi: " + strings.Join(l.items(nil), "; ")
		}
		comments = slices.Insert(comments, l.IntN(len(comments)+1), added)
	}
	return comments
}

// items adds to the items of a comment.
func (l later) items(items []string) []string {
	for range l.IntN(3) {
		items = slices.Insert(items, l.IntN(len(items)+1), l.item())
	}
	return items
}

func (l later) item() string {
	switch l.IntN(3) {
	case 0:
		return l.word()
	case 1:
		return fmt.Sprintf("%s=%d", l.word(), l.Int64())
	}
	return "bytes left " + l.word() // known words, about which a later version says more
}

// word returns a word that no version knows.
func (l later) word() string {
	b := make([]byte, 2+l.IntN(10))
	for i := range b {
		b[i] = "xyz -=\"]é"[l.IntN(9)]
	}
	return strings.ToValidUTF8("x"+string(b), "")
}

// sentence returns a sentence that no version says, as a datagram with the headers of another one.
func (l later) sentence(headers []byte) []byte {
	return datagram(headers, fmt.Sprintf("<134>1 - - pgpi - x_%d [pgpi connection=\"%d\" 1=%s] %s", l.Uint32(), l.IntN(6), l.argument(), l.word()))
}

// arguments adds an argument to a sentence.
func (l later) arguments(data []byte) []byte {
	payload := string(data[datagramHeaders:])
	at := strings.IndexByte(payload, ']')
	return datagram(data, fmt.Sprintf("%s x%d=%s%s", payload[:at], l.Uint32(), l.argument(), payload[at:]))
}

// argument is quoted like arguments of sentences: the bracket ends them.
func (l later) argument() string { return strings.ReplaceAll(strconv.Quote(l.word()), "]", `\x5d`) }

// datagramHeaders is the size of the headers of IPv4 and UDP.
const datagramHeaders = 20 + 8

func isDatagram(data []byte) bool {
	const protocol, udp = 9, 17
	return data[0]>>4 == 4 && data[protocol] == udp
}

// datagram returns a datagram with the headers of another one.
func datagram(headers []byte, payload string) []byte {
	const total, size = 2, 24
	data := append(bytes.Clone(headers[:datagramHeaders]), payload...)
	binary.BigEndian.PutUint16(data[total:], uint16(len(data)))
	binary.BigEndian.PutUint16(data[size:], uint16(len(payload)+8))
	return data
}

// TestOverwritten reads a recording in which redaction has overwritten bytes that were skipped, as
// those after a gap are. They put no direction out of sync.
func TestOverwritten(t *testing.T) {
	p := newProxy(1)
	c := p.connect(1)
	c.relay(event.ClientToServer, message('Q', "select 1\x00"))
	c.stamp(event.Event{Kind: event.Undecoded, Opaque: true, Direction: event.ServerToClient, Data: []byte("******"), Relayed: true})
	c.say(event.Resumed{Direction: event.ServerToClient, Bytes: 6})
	c.relay(event.ServerToClient, message('C', "SELECT 1\x00"))
	c.relay(event.ServerToClient, message('Z', "I"))
	got, _ := replayOf(t, record(t, pcapng.Options{Redacted: true}, p.events)...)
	for i := range got {
		got[i].Redacted, got[i].Noted = false, false // as the recording says about everything in it
	}
	same(t, got, p.events)
}
