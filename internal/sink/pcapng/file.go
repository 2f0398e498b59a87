package pcapng

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"pgpi/internal/event"
	"pgpi/internal/recording"
)

// bufferSize is how much of a file is held before it is written, in bytes.
const bufferSize = 64 << 10

// file is one file of a recording.
type file struct {
	f      *os.File
	w      *pcapgo.NgWriter
	size   int64 // approximate size of what was written, including blocks
	begins int64 // how much of that repeats what was in earlier files
	zone   zone
	isns   uint32 // initial sequence numbers used so far
	packet []byte // memory for the current packet
	note   []byte // memory for its comments
}

// begin begins a file of a recording. Initial sequence numbers continue from isns.
func begin(f *os.File, path string, section recording.Section, isns uint32) (*file, error) {
	r := &file{f: f, isns: isns}
	// The file's packets begin with an IP header.
	intf := pcapgo.NgInterface{Name: "pgpi", LinkType: layers.LinkTypeRaw}
	var err error
	r.w, err = pcapgo.NewNgWriterInterface(bufio.NewWriterSize(f, bufferSize), intf, pcapgo.NgWriterOptions{
		SectionInfo: pcapgo.NgSectionInfo{
			Hardware: runtime.GOARCH, OS: runtime.GOOS, Application: recording.Application, Comment: section.String(),
		},
	})
	if err == nil {
		err = r.w.Flush()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the recording %s: %w", path, err), f.Close())
	}
	return r, nil
}

// blockSize is what a packet takes in a file in addition to its bytes and its note.
const blockSize = 32

// write writes the current packet.
func (f *file) write(at time.Time, n recording.Note) error {
	var options pcapgo.NgPacketOptions
	f.note = n.AppendWords(f.note[:0])
	words := len(f.note)
	f.note = n.AppendFacts(f.note)
	for _, comment := range [...][]byte{f.note[:words], f.note[words:]} {
		if len(comment) > 0 {
			options.Comments = append(options.Comments, string(comment))
		}
	}
	info := gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(f.packet), Length: len(f.packet)}
	f.size += int64(blockSize + len(f.packet) + len(f.note))
	return f.w.WritePacketWithOptions(info, f.packet, options)
}

// open begins a conversation with the three packets that begin every TCP conversation.
func (f *file) open(v *conversation, at time.Time, n recording.Note) error {
	v.begun = true
	for end := range v.next {
		// Numbers far from those of an earlier conversation between the same ends.
		f.isns++
		v.next[end] = f.isns * 2654435761
	}
	for _, s := range []struct {
		sender int
		flags  byte
	}{{clientEnd, flagSYN}, {serverEnd, flagSYN | flagACK}, {clientEnd, flagACK}} {
		segment := segment{flags: s.flags}
		if s.flags&flagSYN != 0 {
			segment.options = windowScale
		}
		if err := f.send(v, s.sender, segment, nil, at, n); err != nil {
			return err
		}
		n = recording.Note{}
	}
	return nil
}

// data writes bytes of one end, with their redacted spans.
func (f *file) data(v *conversation, sender int, b []byte, spans []event.Span, at time.Time, n recording.Note) error {
	for len(b) > maxPayload {
		part := n
		part.More = true
		part.HasElapsed, part.HasZone = false, false // they belong to the write, which ends with the last part
		part.Redacted = recording.EncodeSpans(event.CutSpans(spans, 0, maxPayload))
		spans = event.CutSpans(spans, maxPayload, len(b))
		if err := f.send(v, sender, segment{flags: flagACK}, b[:maxPayload], at, part); err != nil {
			return err
		}
		b = b[maxPayload:]
	}
	n.Redacted = recording.EncodeSpans(spans)
	return f.send(v, sender, segment{flags: flagPSH | flagACK}, b, at, n)
}

// end lets one end say its last.
func (f *file) end(v *conversation, sender int, at time.Time, n recording.Note) error {
	if v.ended[sender] {
		return nil
	}
	v.ended[sender] = true
	return f.send(v, sender, segment{flags: flagFIN | flagACK}, nil, at, n)
}

// reset lets one end break the conversation off.
func (f *file) reset(v *conversation, sender int, at time.Time) error {
	if v.ended[clientEnd] && v.ended[serverEnd] {
		return nil
	}
	v.ended = [2]bool{true, true}
	return f.send(v, sender, segment{flags: flagRST | flagACK}, nil, at, recording.Note{})
}

// send writes one packet of a conversation and counts its bytes.
func (f *file) send(v *conversation, sender int, s segment, payload []byte, at time.Time, n recording.Note) error {
	ends := v.ends
	if sender == serverEnd {
		ends = ends.reversed()
	}
	s.seq = v.next[sender]
	if s.flags&flagACK != 0 {
		s.ack = v.next[1-sender]
	}
	f.packet = ends.appendTCP(f.packet[:0], s, payload)
	v.next[sender] += uint32(len(payload))
	if s.flags&(flagSYN|flagFIN) != 0 {
		v.next[sender]++
	}
	return f.write(at, n)
}

// close writes what is left.
func (f *file) close() error { return errors.Join(f.w.Flush(), f.f.Close()) }

// syslogPort is where readers of captures look for syslog.
const syslogPort = 514

// voice is the source and destination of pgpi's sentences.
var voice = endpoints{netip.AddrPortFrom(script, syslogPort), netip.AddrPortFrom(script, syslogPort)}

// sentence writes a sentence of pgpi, in as many datagrams as it takes.
func (f *file) sentence(b []byte, at time.Time, n recording.Note) error {
	for len(b) > maxDatagram {
		f.packet = voice.appendUDP(f.packet[:0], b[:maxDatagram])
		if err := f.write(at, recording.Note{More: true}); err != nil {
			return err
		}
		b = b[maxDatagram:]
	}
	f.packet = voice.appendUDP(f.packet[:0], b)
	return f.write(at, n)
}
