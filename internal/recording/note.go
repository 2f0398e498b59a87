// Package recording is the vocabulary of a recording: everything in it besides the relayed bytes.
// It has two forms. A [Note] is in the comments of a packet, for what TCP can't express. A sentence
// of pgpi is a datagram in the form of syslog (RFC 5424), because every reader of captures can show
// those.
//
// It guarantees:
//
//   - What was written is what is read, byte for byte.
//   - What a later version of pgpi added is skipped, and nothing else with it.
//   - A person who opens a recording elsewhere can read both forms.
//
// Less formally: old recordings stay readable, and so do new ones with an old pgpi.
//
// It must not know files, packets or sinks. It is all that writers and readers of recordings share.
//
// Start reading at [Note].
package recording

import (
	"strconv"
	"strings"
	"time"

	"pgpi/internal/event"
)

// Note is what a recording says about one packet. The zero value says nothing, and most packets
// have no note.
type Note struct {
	// Connection is the number of the connection that a conversation belongs to. It is in the
	// conversation's first packet.
	Connection uint32
	// Direction is the direction of the bytes, if it is not from one party to the other.
	Direction event.Direction
	Scripted  bool
	// Left, OneByOne and CutOff are those of the event. CutOff means that its message ended early.
	Left     int
	OneByOne bool
	CutOff   bool
	// More is set if the write continues in the conversation's next packet.
	More bool
	// Repeated is set if an earlier file has this already.
	Repeated bool
	// Inside is set if the bytes belong to a message that began in an earlier file.
	Inside bool
	// Elapsed is the time since the connection was opened, if it does not follow from the packets'
	// times.
	Elapsed    time.Duration
	HasElapsed bool
	// Zone is the offset of local time in seconds, from this packet on.
	Zone    int
	HasZone bool

	// Opaque is the event's.
	Opaque bool
	// Cut and Foreign are the event's. Again is set if the recording that was read repeated the
	// bytes.
	Cut, Foreign, Again bool
	// Waited, Held and Stalled are the event's.
	Waited, Held, Stalled time.Duration
	// Redacted are the spans of the packet's bytes that were overwritten, in the form of
	// EncodeSpans.
	Redacted string
	// End is set if the packet ends its direction, and Broken if the stream was lost there.
	End, Broken bool
}

// prefix distinguishes a note from a comment of a user. The items of a note are separated by "; ".
const prefix = "pgpi: "

// The words of a packet's first comment. The first versions of pgpi ignore a comment with an
// unknown item, including the number of the connection. So nothing may be added here: anything new
// is a fact.
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
	again   = "bytes=repeated"
	ended   = "end=closed"
	broken  = "end=broken"
	spans   = "redacted="

	// Durations are in nanoseconds.
	waited  = "waited="
	held    = "held="
	stalled = "stalled="
)

// AppendWords appends the packet's first comment to dst, or nothing if the note has none.
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

// AppendFacts appends the packet's second comment to dst, or nothing if the note has none.
func (n *Note) AppendFacts(dst []byte) []byte {
	var facts []string
	for _, fact := range []struct {
		is    bool
		words string
	}{{n.Opaque, opaque}, {n.Cut, cut}, {n.Foreign, foreign}, {n.Again, again}} {
		if fact.is {
			facts = append(facts, fact.words)
		}
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

// ParseNote reads the comments of a packet. It skips other people's comments and unknown items.
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
	case again:
		n.Again = true
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

// durations returns the durations of a note, with their words.
func (n *Note) durations() [3]struct {
	words string
	value *time.Duration
} {
	return [3]struct {
		words string
		value *time.Duration
	}{{waited, &n.Waited}, {held, &n.Held}, {stalled, &n.Stalled}}
}

// parseNumber reads an item that ends with a number. It skips a number that can't be from a
// recording.
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
