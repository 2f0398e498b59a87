// Package recording is the vocabulary of a recording: what stands in it beside the
// bytes that were relayed. There are three forms. A [Note] is the comment of a packet,
// for what TCP does not tell of it, and a [Mark] a second one. A sentence of pgpi is a datagram in the form of
// syslog (RFC 5424), because every reader of captures shows those.
//
// It guarantees that what was written is what is read, byte for byte, and that a
// person who opens a recording elsewhere can read all of them.
//
// It must not know files, packets or sinks: whoever writes and whoever reads a
// recording share it, and nothing else.
//
// Start reading at [Note].
package recording

import (
	"strconv"
	"strings"
	"time"

	"pgpi/internal/event"
)

// Note is what a recording says of one packet. The zero value says nothing, and most
// packets have no note.
type Note struct {
	// Connection is the tag of the connection that a conversation belongs to. It
	// stands at the conversation's first packet.
	Connection uint32
	// Direction of the bytes, where it is not from one party to the other.
	Direction event.Direction
	Scripted  bool
	// Left, OneByOne, and CutOff are those of the event; the last says that its
	// message ended early.
	Left     int
	OneByOne bool
	CutOff   bool
	// More says that the write goes on in the conversation's next packet.
	More bool
	// Repeated says that it was told in a file before this one already.
	Repeated bool
	// Inside says that the bytes belong to a message that began in a file before this
	// one.
	Inside bool
	// Elapsed is the time since the connection was opened, where that does not follow
	// from the packets' times.
	Elapsed    time.Duration
	HasElapsed bool
	// Zone is the offset of local time in seconds, from this packet on.
	Zone    int
	HasZone bool
}

// prefix is how a note can be told from the comment of a user.
const prefix = "pgpi: "

// The words of a note. Items are separated by "; ".
const (
	connection = "connection #"
	left       = "bytes left "
	oneByOne   = "one by one"
	cutOff     = "cut off"
	more       = "goes on in the next packet"
	repeated   = "repeated from the file before"
	inside     = "inside a message that began in the file before"
	elapsed    = "ns since the connection was opened "
	zone       = "time zone "
)

// Append appends the note as a comment to dst, or nothing where it says nothing.
func (n *Note) Append(dst []byte) []byte {
	start := len(dst)
	item := func(words string) {
		if len(dst) == start {
			dst = append(dst, prefix...)
		} else {
			dst = append(dst, "; "...)
		}
		dst = append(dst, words...)
	}
	number := func(words string, value int64) {
		item(words)
		dst = strconv.AppendInt(dst, value, 10)
	}
	if n.Connection != 0 {
		number(connection, int64(n.Connection))
	}
	if n.Scripted {
		item(n.Direction.String())
	}
	if n.Left > 0 {
		number(left, int64(n.Left))
	}
	if n.OneByOne {
		item(oneByOne)
	}
	if n.CutOff {
		item(cutOff)
	}
	if n.More {
		item(more)
	}
	if n.Repeated {
		item(repeated)
	}
	if n.Inside {
		item(inside)
	}
	if n.HasElapsed {
		number(elapsed, int64(n.Elapsed))
	}
	if n.HasZone {
		number(zone, int64(n.Zone))
	}
	return dst
}

// ParseNote reads a comment. It is false for comments of others.
func ParseNote(comment string) (n Note, ok bool) {
	items, ok := strings.CutPrefix(comment, prefix)
	if !ok {
		return Note{}, false
	}
	for item := range strings.SplitSeq(items, "; ") {
		if !n.parse(item) {
			return Note{}, false
		}
	}
	return n, true
}

// parse reads one item.
func (n *Note) parse(item string) bool {
	switch item {
	case oneByOne:
		n.OneByOne = true
		return true
	case cutOff:
		n.CutOff = true
		return true
	case more:
		n.More = true
		return true
	case repeated:
		n.Repeated = true
		return true
	case inside:
		n.Inside = true
		return true
	}
	for d := event.ClientToServer; d <= event.ServerToScript; d++ {
		if item == d.String() {
			n.Direction, n.Scripted = d, true
			return true
		}
	}
	return n.parseNumber(item)
}

func (n *Note) parseNumber(item string) bool {
	for _, words := range []string{connection, left, elapsed, zone} {
		digits, ok := strings.CutPrefix(item, words)
		if !ok {
			continue
		}
		value, err := strconv.ParseInt(digits, 10, 64)
		switch words {
		case connection:
			n.Connection = uint32(value)
		case left:
			n.Left = int(value)
		case elapsed:
			n.Elapsed, n.HasElapsed = time.Duration(value), true
		case zone:
			n.Zone, n.HasZone = int(value), true
		}
		return err == nil
	}
	return false
}
