package leak

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Detector learns the values in an input, and finds those that are in an output. It serves one
// goroutine at a time.
type Detector struct {
	learned *learned
	reader  reader
	// settings are those of each connection, for sentences that quote its SQL.
	settings map[uint32]*event.Settings
	contexts map[*event.Context]bool // those that were searched
	tails    map[stream][]byte       // the last bytes of messages too large to hold

	unsure    places // SQL of the input that can be read in two ways
	shortened int64  // messages of the input that were not kept whole
	unread    int64  // bytes of the input that were not decoded

	words    []dataWord // of the current event, which must be replaced
	before   []byte     // its bytes before
	compared int64      // words so far

	found   places // values
	kept    places // words of values that were not replaced
	visible places // bytes that should be blank

	fields, searched, sentences int64 // of the output
}

// stream is one direction of a connection.
type stream struct {
	conn      uint32
	direction event.Direction
}

// New returns a detector that knows no values.
func New() *Detector {
	return &Detector{
		learned: newLearned(), settings: map[uint32]*event.Settings{},
		contexts: map[*event.Context]bool{}, tails: map[stream][]byte{},
	}
}

// Err returns nil if no value was found and none can have been missed. Its text is for the user.
func (d *Detector) Err() error {
	var errs []error
	if d.found.any() {
		errs = append(errs, fmt.Errorf("values of the input are in what was written: %v", d.found))
	}
	if d.kept.any() {
		errs = append(errs, fmt.Errorf("words of values were not replaced: %v", d.kept))
	}
	if d.visible.any() {
		errs = append(errs, fmt.Errorf("bytes that nobody can read are not blank in what was written: %v", d.visible))
	}
	if d.unsure.any() {
		errs = append(errs, fmt.Errorf("string constants end at one place if standard_conforming_strings is on and at another if it is off, "+
			"and the input does not say which it was: %v: capture these connections from their login on, where the server says it", d.unsure))
	}
	if n := d.learned.forgotten; n > 0 {
		errs = append(errs, fmt.Errorf("%d values more than can be remembered were not looked for: redact a part of the input at a time", n))
	}
	return errors.Join(errs...)
}

// String says what was looked for and where, and what was not.
func (d *Detector) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d values of four bytes or more were looked for in %d fields, %d contexts (the SQL and the columns that messages are shown with) "+
		"and %d sentences of pgpi: text anywhere in them, binary values as whole fields", d.learned.size(), d.fields, d.searched, d.sentences)
	fmt.Fprintf(&b, "; %d words of values were compared with what has taken their place", d.compared)
	fmt.Fprintf(&b, ". The login, the protocol's own numbers and words, and what follows the first %d bytes of a value were not looked at", longest)
	if d.shortened > 0 {
		fmt.Fprintf(&b, "; values at the end of %d messages that were too large to hold are not known", d.shortened)
	}
	if d.unread > 0 {
		fmt.Fprintf(&b, "; values in %d bytes that could not be decoded are not known", d.unread)
	}
	return b.String()
}

// place is where something is: a field of a message, or what the field is in.
type place struct {
	what  string
	field wire.Name
	of    wire.Type
	conn  uint32
}

func (p place) String() string {
	if p.what != "" {
		return p.what
	}
	return fmt.Sprintf("%s of %s", strings.ReplaceAll(p.field.String(), "_", " "), p.of)
}

// places counts places.
type places struct {
	counts map[string]int64
	first  uint32 // connection
}

func (p *places) add(where place) {
	if p.counts == nil {
		p.counts, p.first = map[string]int64{}, where.conn
	}
	p.counts[where.String()]++
}

func (p *places) any() bool { return len(p.counts) > 0 }

// String lists the places, and the connection of the first one.
func (p places) String() string {
	var all []string
	for _, what := range slices.Sorted(maps.Keys(p.counts)) {
		all = append(all, fmt.Sprintf("%s (%d)", what, p.counts[what]))
	}
	return fmt.Sprintf("%s, first in connection #%d", strings.Join(all, ", "), p.first)
}
