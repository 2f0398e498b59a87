package capture

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"pgpi/internal/recording"
)

// packet is one packet of a capture. Its slices are valid until the next packet of the same input
// is read.
type packet struct {
	at       time.Time
	link     layers.LinkType
	data     []byte
	cut      int // bytes that were on the wire and are not in data
	comments []string
}

// input is a capture that is being read.
type input struct {
	name   string
	stream *counter
	close  func() error
	plain  *pcapgo.Reader   // of a pcap file
	ng     *pcapgo.NgReader // of a pcapng file
	// section is what a recording of pgpi says about itself. own is false for captures by others.
	section recording.Section
	own     bool
	stale   bool // another section has begun, and its header was not read

	packet packet // the current one
	err    error  // why there is none: io.EOF, or what is wrong
}

// counter counts the bytes read from an input.
type counter struct {
	r    io.Reader
	read int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.read += int64(n)
	return n, err
}

// readSize is how much of a file is read at a time, in bytes.
const readSize = 256 << 10

// Magic numbers at the beginning of files.
const (
	magicGzip   = "\x1f\x8b"
	magicPcapng = "\x0a\x0d\x0d\x0a"
)

// open begins to read a capture; "-" is standard input. The error is for the user.
func open(name string) (in *input, size int64, err error) {
	file := os.Stdin
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", name, reason(err))
		}
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	in = &input{name: name, stream: &counter{r: file}, close: file.Close}
	if name == "-" {
		in.name = "standard input"
	}
	if err := in.begin(); err != nil {
		return nil, 0, errors.Join(fmt.Errorf("read %s: %w", in.name, err), file.Close())
	}
	return in, size, nil
}

// reason returns an error without the path, which precedes it.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// begin reads the header, and the first packet.
func (in *input) begin() error {
	buffered := bufio.NewReaderSize(in.stream, readSize)
	magic, err := buffered.Peek(4)
	switch {
	case len(magic) == 0 && errors.Is(err, io.EOF):
		return errors.New("the file is empty")
	case len(magic) < 4 && err != nil && !errors.Is(err, io.EOF):
		return reason(err)
	}
	if len(magic) > 1 && string(magic[:2]) == magicGzip {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			return fmt.Errorf("unpack it: %w", err)
		}
		buffered = bufio.NewReaderSize(unpacked, readSize)
		magic, _ = buffered.Peek(4) // an error comes again
	}
	defer in.next()
	if string(magic) == magicPcapng {
		in.ng, err = newNgReader(buffered, pcapgo.NgReaderOptions{
			WantMixedLinkType: true, SkipUnknownVersion: true,
			SectionEndCallback: func([]pcapgo.NgInterface, pcapgo.NgSectionInfo) { in.stale = true },
		})
		in.stale = true
	} else {
		in.plain, err = pcapgo.NewReader(buffered)
	}
	if err != nil {
		return fmt.Errorf("it is not a capture that pgpi knows: %w: choose a pcap or pcapng file, such as tcpdump -w, Wireshark and pgpi --record write", err)
	}
	return nil
}

// newNgReader keeps panics in the library from ending the program.
func newNgReader(r io.Reader, o pcapgo.NgReaderOptions) (ng *pcapgo.NgReader, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return pcapgo.NewNgReader(r, o)
}

// next reads the next packet, or sets the error.
func (in *input) next() {
	defer func() {
		if p := recover(); p != nil {
			in.err = fmt.Errorf("the file is corrupt: %v", p)
		}
	}()
	if in.err != nil {
		return
	}
	var info gopacket.CaptureInfo
	p := &in.packet
	if in.plain != nil {
		p.data, info, in.err = in.plain.ZeroCopyReadPacketData()
		p.link = in.plain.LinkType()
	} else {
		var options pcapgo.NgPacketOptions
		p.data, info, options, in.err = in.ng.ZeroCopyReadPacketDataWithOptions()
		p.comments = options.Comments
		if len(info.AncillaryData) > 0 {
			p.link, _ = info.AncillaryData[0].(layers.LinkType)
		}
		in.lookAtSection()
	}
	p.at, p.cut = info.Timestamp, max(0, info.Length-len(p.data))
}

// lookAtSection finds out whose section this is.
func (in *input) lookAtSection() {
	if in.stale {
		in.section, in.own = recording.ParseSection(in.ng.SectionInfo().Comment)
		in.stale = false
	}
}

// damage returns what is wrong with the file, or nil at its proper end.
func (in *input) damage() error {
	switch {
	case errors.Is(in.err, io.EOF):
		return nil
	case errors.Is(in.err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read %s: the file is cut off after %d bytes, in the middle of a packet", in.name, in.stream.read)
	}
	return fmt.Errorf("read %s: %w: what comes after byte %d, or a little before it, can't be read", in.name, in.err, in.stream.read)
}
