// Package recording is the vocabulary of a recording: what stands in it beside the
// bytes that were relayed. There are two forms. A [Note] is in the comments of a packet,
// for what TCP does not tell of it. A sentence of pgpi is a datagram in the form of
// syslog (RFC 5424), because every reader of captures shows those.
//
// It guarantees that what was written is what is read, byte for byte; that what a later
// version of pgpi has added is passed over, and nothing else with it; and that a person
// who opens a recording elsewhere can read both forms.
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

	// Opaque is that of the event.
	Opaque bool
	// Cut and Foreign are those of the event.
	Cut, Foreign bool
	// Waited, Held and Stalled are those of the event.
	Waited, Held, Stalled time.Duration
	// Redacted are the spans of the packet's bytes that were overwritten, as EncodeSpans has them.
	Redacted string
	// End says that the packet ends its direction, and Broken that the stream was lost there.
	End, Broken bool
}

// prefix tells a note from the comment of a user. Its items are separated by "; ".
const prefix = "pgpi: "

// The words of a packet's first comment. The first versions of pgpi ignore a comment of
// which they do not know an item, the connection's tag with it. So nothing may be added
// here: what is new is a fact.
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

// The facts of a packet's second comment, each as key=value.
const (
	opaque  = "bytes=opaque"
	cut     = "bytes=cut"
	foreign = "bytes=foreign"
	ended   = "end=closed"
	broken  = "end=broken"
	spans   = "redacted="

	// Durations are in nanoseconds.
	waited  = "waited="
	held    = "held="
	stalled = "stalled="
)

// AppendWords appends the packet's first comment to dst, or nothing where the note has
// none.
func (n *Note) AppendWords(dst []byte) []byte {
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

// AppendFacts appends the packet's second comment to dst, or nothing where the note has
// none.
func (n *Note) AppendFacts(dst []byte) []byte {
	var facts []string
	if n.Opaque {
		facts = append(facts, opaque)
	}
	if n.Cut {
		facts = append(facts, cut)
	}
	if n.Foreign {
		facts = append(facts, foreign)
	}
	switch {
	case n.End && n.Broken:
		facts = append(facts, broken)
	case n.End:
		facts = append(facts, ended)
	}
	if n.Redacted != "" {
		facts = append(facts, spans+n.Redacted)
	}
	for _, d := range n.durations() {
		if *d.value != 0 {
			facts = append(facts, d.words+strconv.FormatInt(int64(*d.value), 10))
		}
	}
	if len(facts) == 0 {
		return dst
	}
	return append(append(dst, prefix...), strings.Join(facts, "; ")...)
}

// ParseNote reads the comments of a packet. Those of others, and items that it does not
// know, are passed over.
func ParseNote(comments []string) (n Note) {
	for _, comment := range comments {
		items, ok := strings.CutPrefix(comment, prefix)
		if !ok {
			continue
		}
		for item := range strings.SplitSeq(items, "; ") {
			n.parse(item)
		}
	}
	return n
}

// parse reads one item.
func (n *Note) parse(item string) {
	switch item {
	case oneByOne:
		n.OneByOne = true
	case cutOff:
		n.CutOff = true
	case more:
		n.More = true
	case repeated:
		n.Repeated = true
	case inside:
		n.Inside = true
	case opaque:
		n.Opaque = true
	case cut:
		n.Cut = true
	case foreign:
		n.Foreign = true
	case ended:
		n.End = true
	case broken:
		n.End, n.Broken = true, true
	}
	for d := event.ClientToServer; d <= event.ServerToScript; d++ {
		if item == d.String() {
			n.Direction, n.Scripted = d, true
		}
	}
	if text, ok := strings.CutPrefix(item, spans); ok {
		n.Redacted = text
	}
	for _, d := range n.durations() {
		if digits, ok := strings.CutPrefix(item, d.words); ok {
			if value, err := strconv.ParseInt(digits, 10, 64); err == nil && value > 0 {
				*d.value = time.Duration(value)
			}
		}
	}
	n.parseNumber(item)
}

// durations are those of a note, with the words for them.
func (n *Note) durations() [3]struct {
	words string
	value *time.Duration
} {
	return [3]struct {
		words string
		value *time.Duration
	}{{waited, &n.Waited}, {held, &n.Held}, {stalled, &n.Stalled}}
}

// parseNumber reads an item that ends with a number. A number that can't be one of a
// recording is passed over.
func (n *Note) parseNumber(item string) {
	for _, words := range []string{connection, left, elapsed, zone} {
		digits, ok := strings.CutPrefix(item, words)
		if !ok {
			continue
		}
		value, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return
		}
		switch {
		case words == connection && value == int64(uint32(value)):
			n.Connection = uint32(value)
		case words == left && value == int64(int(value)) && value > 0:
			n.Left = int(value)
		case words == elapsed:
			n.Elapsed, n.HasElapsed = time.Duration(value), true
		case words == zone && value == int64(int(value)):
			n.Zone, n.HasZone = int(value), true
		}
	}
}
