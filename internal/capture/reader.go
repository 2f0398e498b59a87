// Package capture reads captures of Postgres traffic and records what is in them, as the proxy
// records what it relays.
//
// It guarantees:
//
//   - The events of a recording by pgpi are those that were recorded.
//   - What a capture by others lacks (lost packets, the beginning of a connection, what is
//     encrypted) is reported. It is never guessed in silence.
//   - No file, whatever is in it, ends more than its own reading.
//   - Memory is bounded.
//
// Less formally: it makes the most of any file, and says what it could not see.
//
// It must not know what becomes of events, or what options look like on a command line.
//
// Start reading at [Reader.Read]. input.go and merge.go return packets in order, and frame.go and
// tunnel.go remove their headers. replay.go reads recordings of pgpi. In other captures, stream.go,
// flow.go, recognize.go, dialogue.go and search.go find out where messages begin and end, and
// way.go how far away the ends are.
package capture

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/peer"
)

// Recorder receives events.
type Recorder interface {
	// Wait returns when there is room for another event, or when done is closed.
	Wait(done <-chan struct{})
	// Record records an event, and copies what it keeps. It does not block.
	Record(e *event.Event)
}

// Options are how to read.
type Options struct {
	// Ports are ports of servers, in addition to 5432.
	Ports []int
	// Problem is called with what can't be read, as a sentence.
	Problem func(error)
	// Progress is called now and then with how many bytes of how many were read. The total is 0 if
	// it is not known.
	Progress func(read, total int64)
}

// Report is what was found.
type Report struct {
	Packets     int64
	Recordings  int   // files written by pgpi itself
	Connections int   // with Postgres
	Ignored     int   // TCP conversations of something else
	Passed      int   // of these, connections with a server of Postgres, which began before the capture
	Encrypted   int   // connections that can't be read
	Missing     int64 // bytes that captures lack
	Damaged     bool  // a file could not be read to its end
	refused     [refusals]int64
	others      string // packets that are not TCP
	foreign     string // protocols of ignored conversations
}

// Incomplete reports whether the captures contain more, or more was on the wire, than could be
// read.
func (r *Report) Incomplete() bool {
	unread := r.refused[unknownLink] + r.refused[tooShort] + r.refused[fragmented] + r.refused[tooDeep]
	return r.Damaged || r.Missing > 0 || r.Passed > 0 || unread > 0
}

// Instead says what is in the captures if there is no Postgres.
func (r *Report) Instead() string {
	switch {
	case r.Ignored == 0 && r.others == "":
		return "no TCP connections"
	case r.Ignored == 0:
		return "packets that are not TCP: " + r.others
	}
	return fmt.Sprintf("%d TCP connections of something else%s: where it is in the middle of connections to another port than 5432, name that with --port", r.Ignored, r.foreign)
}

// listForeign lists the protocols that were recognized.
func listForeign(count map[peer.Protocol]int) string {
	var words []string
	for _, p := range slices.Sorted(maps.Keys(count)) {
		words = append(words, fmt.Sprintf("%d of %s", count[p], p))
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// Reader reads captures.
type Reader struct {
	options  Options
	inputs   []*input
	total    int64
	ports    [1 << 16]bool
	report   Report
	others   kinds
	foreign  map[peer.Protocol]int
	passed   passed
	recorder Recorder
	done     <-chan struct{}

	last     time.Time // of the packets read
	problems []error   // from before there was a recorder
	tags     uint32    // tags in use
	keys     map[string]*dialogue
	searches searches
	flows    flows
	replays  map[*chain]*replay
	mixed    bool // tags of recordings don't distinguish connections
	// strays are the tags of connections whose description is missing from a recording.
	strays map[uint32]bool
}

// Open opens captures by their names; "-" is standard input. What can't be opened is a problem, and
// the rest is read. It is an error if nothing can be opened.
func Open(names []string, o Options) (*Reader, error) {
	r := &Reader{options: o, keys: map[string]*dialogue{}, replays: map[*chain]*replay{}, others: kinds{}, foreign: map[peer.Protocol]int{}, strays: map[uint32]bool{}}
	r.passed = newPassed()
	r.flows = flows{reader: r, byKey: map[flowKey]*flow{}}
	r.ports[5432] = true
	for _, port := range o.Ports {
		r.ports[uint16(port)] = true
	}
	var failed []error
	for _, name := range names {
		in, size, err := open(name)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		r.inputs = append(r.inputs, in)
		r.total += size
	}
	if len(r.inputs) == 0 {
		return nil, errors.Join(failed...)
	}
	for _, err := range failed {
		r.damage(err)
	}
	return r, nil
}

// Redacted reports whether secrets were blanked before anything was recorded.
func (r *Reader) Redacted() bool {
	for _, in := range r.inputs {
		if in.own && in.section.Redacted {
			return true
		}
	}
	return false
}

// progressEvery is after how many packets progress is reported.
const progressEvery = 1 << 10

// Read makes events from all packets, until ctx ends, and closes the captures.
func (r *Reader) Read(ctx context.Context, recorder Recorder) Report {
	r.recorder, r.done = recorder, ctx.Done()
	captures := merge(r.inputs)
	r.mixed = len(captures.chains) > 1
	for {
		from, in := captures.head(r.reportEnd)
		if in == nil {
			break
		}
		if ctx.Err() != nil {
			r.sayDamaged(errStopped)
			break
		}
		r.last = in.packet.at.Local()
		r.sayEarly()
		r.packet(from, in)
		in.next()
		if r.report.Packets++; r.report.Packets%progressEvery == 0 {
			r.progress()
		}
	}
	for _, replay := range r.replays {
		replay.close()
	}
	r.flows.closeAll()
	for _, in := range r.inputs {
		if in.stream != nil {
			_ = in.close() // it was only read
		}
	}
	r.progress()
	r.sayEarly()
	r.explainRefused()
	r.passed.explain(r)
	r.report.others, r.report.foreign = r.others.String(), listForeign(r.foreign)
	return r.report
}

// errStopped is why a capture was not read to its end if the user did not want that.
var errStopped = errors.New("reading was stopped before the end of the capture")

// packet reads the current packet of an input.
func (r *Reader) packet(from *chain, in *input) {
	var f frame
	if reason := decode(&in.packet, &f); reason != accepted {
		r.report.refused[reason]++
		if reason == otherTraffic {
			r.others.add(f.kind)
		}
		return
	}
	if in.own {
		replay := r.replays[from]
		if replay == nil {
			replay = newReplay(r, in.section)
			r.replays[from] = replay
		}
		if replay.begin(in) {
			r.report.Recordings++
		}
		replay.packet(&in.packet, &f)
		return
	}
	if f.udp {
		r.others.add(f.kind)
		return
	}
	r.flows.add(in.packet.at.Local(), &f)
}

// tagOf returns the tag for a connection in a recording: the one it had, unless another connection
// has that.
func (r *Reader) tagOf(tag uint32) uint32 {
	switch {
	case tag == 0:
		return 0
	case r.mixed || r.strays[tag]:
		return r.newTag()
	}
	r.tags = max(r.tags, tag)
	return tag
}

// newTag returns a tag that no connection has.
func (r *Reader) newTag() uint32 {
	r.tags++
	return r.tags
}

// record passes on an event when there is room for it.
func (r *Reader) record(e *event.Event) {
	r.recorder.Wait(r.done)
	r.recorder.Record(e)
}

// reportEnd reports what was wrong with an input.
func (r *Reader) reportEnd(in *input) {
	if err := in.damage(); err != nil {
		r.damage(err)
	}
}

// damage reports what could not be read.
func (r *Reader) damage(err error) {
	r.report.Damaged = true
	r.options.Problem(err)
	if r.recorder == nil {
		r.problems = append(r.problems, err)
		return
	}
	r.sayDamaged(err)
}

// sayEarly records the problems from before there was a recorder.
func (r *Reader) sayEarly() {
	for _, err := range r.problems {
		r.sayDamaged(err)
	}
	r.problems = nil
}

// sayDamaged records that something could not be read, so that whoever reads a recording of this
// capture knows.
func (r *Reader) sayDamaged(err error) {
	if r.last.IsZero() {
		return // nothing at all could be read
	}
	r.record(&event.Event{At: r.last, Kind: event.Said, Fact: event.Damaged{Why: err.Error()}})
}

// explainRefused reports what kinds of packets were skipped.
func (r *Reader) explainRefused() {
	for _, refused := range []struct {
		reason refusal
		words  string
	}{
		{unknownLink, "have a link layer that pgpi does not know: capture with tcpdump -i any, or convert the file"},
		{tooShort, "are too short for their headers: capture whole packets, with tcpdump -s 0"},
		{fragmented, "are fragments of IP packets, which pgpi does not put together"},
		{tooDeep, "are in too many tunnels, one inside the other"},
	} {
		if n := r.report.refused[refused.reason]; n > 0 {
			err := fmt.Errorf("%d packets %s", n, refused.words)
			r.options.Problem(err)
			r.sayDamaged(err)
		}
	}
}

// progress reports how much has been read.
func (r *Reader) progress() {
	if r.options.Progress == nil {
		return
	}
	read := int64(0)
	for _, in := range r.inputs {
		read += in.stream.read
	}
	r.options.Progress(read, r.total)
}
