package pseudonym

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// Check looks in events for values that a [Values] has seen, for example in a recording that was
// made with it. It finds the fields of messages on its own, whatever Values did with them. It
// serves one goroutine at a time.
type Check struct {
	seen    *seen
	blanked int64
	fields  []wire.Field
	pieces  pieces
	found   map[string]int // fields that contain a value, by message and name
	checked int64
}

// Check returns a check for everything that has been seen so far.
func (v *Values) Check() *Check {
	return &Check{seen: v.seen, blanked: v.blanked, found: map[string]int{}}
}

// Add looks at an event.
func (c *Check) Add(e *event.Event) {
	for i := range e.Messages {
		c.message(&e.Messages[i])
	}
}

func (c *Check) message(m *event.Message) {
	c.fields = wire.AppendFields(c.fields[:0], &m.Message)
	for _, f := range c.fields {
		if f.Kind == wire.Group || f.Kind.IsInteger() || !mayHoldValues(m.Type, f.Name) {
			continue
		}
		c.checked++
		b := m.Bytes[f.Start:f.End]
		if c.seen.holds(b) || f.Kind.IsValue() && c.seen.isField(b) {
			c.found[fmt.Sprintf("%s of %s", strings.ReplaceAll(f.Name.String(), "_", " "), m.Type)]++
		}
	}
	for _, p := range c.pieces.of(m) {
		if p.kind == binaryPiece && c.seen.holds(textOf(m.Bytes[p.start:p.end], p.oid)) {
			c.found[fmt.Sprintf("text of a value of %s", m.Type)]++
		}
	}
}

// Err returns nil if no value was found and none was forgotten. Its text is for the user.
func (c *Check) Err() error {
	var errs []error
	if len(c.found) > 0 {
		var places []string
		for _, place := range slices.Sorted(maps.Keys(c.found)) {
			places = append(places, fmt.Sprintf("%s (%d)", place, c.found[place]))
		}
		errs = append(errs, fmt.Errorf("values of the input are in what was written: %s", strings.Join(places, ", ")))
	}
	if n := c.seen.forgotten; n > 0 {
		errs = append(errs, fmt.Errorf("%d values more than can be remembered were not looked for", n))
	}
	return errors.Join(errs...)
}

// String says what was checked.
func (c *Check) String() string {
	values := len(c.seen.values) + len(c.seen.fields)
	return fmt.Sprintf("%d values of four bytes or more were looked for in %d fields; %d parts had to be blanked", values, c.checked, c.blanked)
}

// textOf returns the text of a value in binary format, or nothing if it has none.
func textOf(b []byte, oid uint32) []byte {
	text, err := pgvalue.AppendText(nil, oid, pgvalue.Binary, b, nil)
	if err != nil || pgvalue.TypeName(oid) == "" {
		return nil
	}
	return text
}
