package stats

import (
	"fmt"
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// By is what exchanges are grouped by. The zero By is shape.
type By struct {
	name string
	key  func(e *event.Event) string
}

// bys are the known names, except attribute:NAME.
var bys = []By{
	{"shape", nil},
	{"user", func(e *event.Event) string { return who(e).User }},
	{"database", func(e *event.Event) string { return who(e).Database }},
	{"application", func(e *event.Event) string { return who(e).Application }},
	{"client", func(e *event.Event) string { return who(e).Address }},
	{"connection", func(e *event.Event) string { return "#" + strconv.FormatUint(uint64(e.Conn), 10) }},
}

// ParseBy reads what a user wants exchanges to be grouped by.
func ParseBy(name string) (By, error) {
	for _, by := range bys {
		if by.name == name {
			return by, nil
		}
	}
	if attribute, found := strings.CutPrefix(name, "attribute:"); found && attribute != "" {
		return By{name, func(e *event.Event) string { return attributeOf(e, attribute) }}, nil
	}
	return By{}, fmt.Errorf("%q is unknown: give shape, user, database, application, client, connection or attribute:NAME, such as attribute:controller", name)
}

// String returns the name, as in "shape".
func (b By) String() string {
	if b.name == "" {
		return "shape"
	}
	return b.name
}

// IsShape reports whether exchanges are grouped by shape.
func (b By) IsShape() bool { return b.key == nil }

// Keys of exchanges that lack what they are grouped by.
const (
	// unknown is for SQL that was not seen. cutOff is for SQL of which only the beginning was kept:
	// anything may follow.
	unknown      = "(SQL not seen)"
	cutOff       = "(SQL cut off)"
	functionCall = "(function call)"
	// preparing is for exchanges that run no statement. atSync is for what a Sync does by itself,
	// such as a commit.
	preparing = "(prepared alone)"
	atSync    = "(sync)"
	// notSaid is for exchanges whose client has not said what they are grouped by.
	notSaid = "(not said)"
)

// keyOf returns the key of an exchange.
func (b By) keyOf(e *event.Event) string {
	if b.key == nil {
		return shapeKey(e.Exchange)
	}
	if key := b.key(e); key != "" {
		return key
	}
	return notSaid
}

// shapeKey returns the identifier of a shape, or one of the keys for exchanges without a shape.
func shapeKey(x *event.Exchange) string {
	switch {
	case x.Kind == event.Prepare:
		return preparing
	case x.Kind == event.SyncAlone:
		return atSync
	case x.Kind == event.FunctionCall:
		return functionCall
	case x.Shape != nil:
		return x.Shape.ID
	case x.Context != nil && x.Context.Shortened > 0:
		return cutOff
	}
	return unknown
}

var nobody event.Identity

func who(e *event.Event) *event.Identity {
	if e.Identity == nil {
		return &nobody
	}
	return e.Identity
}

func attributeOf(e *event.Event, key string) string {
	for _, a := range e.Exchange.Attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// Order is what groups are ordered by, largest first. The zero Order is time.
type Order struct {
	name    string
	measure func(s *Sums) int64
}

// orders are the known names.
var orders = []Order{
	{"time", func(s *Sums) int64 { return int64(s.Time.Total + s.PrepareTime) }},
	{"mean", func(s *Sums) int64 { return int64(s.Time.Mean()) }},
	{"max", func(s *Sums) int64 { return int64(s.Time.Max) }},
	{"calls", func(s *Sums) int64 { return s.Calls }},
	{"rows", func(s *Sums) int64 { return s.Rows }},
	{"bytes", func(s *Sums) int64 { return s.Sent + s.Got }},
	{"errors", func(s *Sums) int64 { return s.Failed }},
}

// ParseOrder reads what a user wants groups to be ordered by.
func ParseOrder(name string) (Order, error) {
	names := make([]string, 0, len(orders))
	for _, o := range orders {
		if o.name == name {
			return o, nil
		}
		names = append(names, o.name)
	}
	return Order{}, fmt.Errorf("%q is unknown: give %s", name, event.List(names, "or"))
}

// String returns the name, as in "time".
func (o Order) String() string {
	if o.name == "" {
		return orders[0].name
	}
	return o.name
}

// Measure returns the size of sums in this order.
func (o Order) Measure(s *Sums) int64 {
	if o.measure == nil {
		return orders[0].measure(s)
	}
	return o.measure(s)
}

// Adds reports whether the measures of all groups add up to the measure of the whole.
func (o Order) Adds() bool { return o.name != "mean" && o.name != "max" }
