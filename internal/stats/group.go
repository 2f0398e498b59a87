package stats

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// Limits on what is kept.
const (
	// maxGroups is how many groups are kept apart. When there are twice as many, the smaller half
	// moves to Misc.
	maxGroups = 500
	// maxSamples is how much SQL is kept in total, in bytes, with its parameters.
	maxSamples = 16 << 20
	maxStates  = 100
	maxNames   = 20
)

// Group is the sum of the exchanges with one key.
type Group struct {
	// Key is the identifier of a shape, the name of a user, and so on. It may be one of the keys
	// below.
	Key   string
	Shape *sqltext.Shape // if exchanges are grouped by shape, and there is one
	Sums  Sums
	// Prepared counts the exchanges that prepare, describe or close a statement of this shape
	// without running it. Their sums are in the group "(prepared alone)".
	Prepared int64
	// States counts errors by SQLSTATE. Messages has one message of each.
	States   Counts
	Messages map[string]Message
	// Users, Databases, Applications and Clients count the calls of each.
	Users, Databases, Applications, Clients Counts
	// Attributes are those in comments, as in "controller=orders".
	Attributes Counts
	// Widest counts the bytes of the widest column of each result, by its name.
	Widest Counts
	// Worst is the longest call, or nil if none was timed. TooLarge is set if its SQL was too large
	// to keep. Then Worst is the longest of the others.
	Worst    *Sample
	TooLarge bool

	identity *event.Identity // the last identity counted, and how often since then
	repeated int64
}

// Message is the message of an error, with the settings needed to read it.
type Message struct {
	Text     string
	Settings *event.Settings
}

// Sample is one call.
type Sample struct {
	Exchange *event.Exchange
	At       time.Time
	Conn     uint32
	Identity *event.Identity
	Took     time.Duration
}

// Counts counts how often words occurred. Words beyond a limit are counted together.
type Counts struct {
	words map[string]int64
	Other int64
}

func (c *Counts) add(word string, limit int) { c.addN(word, 1, limit) }

func (c *Counts) addN(word string, n int64, limit int) {
	if _, known := c.words[word]; !known && len(c.words) >= limit {
		c.Other += n
		return
	}
	if c.words == nil {
		c.words = map[string]int64{}
	}
	c.words[word] += n
}

func (c *Counts) merge(o *Counts, limit int) {
	for _, one := range o.Sorted() {
		c.addN(one.Word, one.Count, limit)
	}
	c.Other += o.Other
}

// Counted is a word with its count.
type Counted struct {
	Word  string
	Count int64
}

// Sorted returns the words, most frequent first.
func (c *Counts) Sorted() []Counted {
	all := make([]Counted, 0, len(c.words))
	for word, n := range c.words {
		all = append(all, Counted{word, n})
	}
	slices.SortFunc(all, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Word, b.Word))
	})
	return all
}

// add adds an exchange.
func (g *Group) add(e *event.Event, how manner) {
	x := e.Exchange
	g.Sums.addExchange(x, how)
	if x.SQLState != "" {
		g.States.add(x.SQLState, maxNames)
		if g.Messages == nil {
			g.Messages = map[string]Message{}
		}
		if _, known := g.Messages[x.SQLState]; !known && len(g.Messages) < maxNames {
			g.Messages[x.SQLState] = Message{x.Message, x.Settings}
		}
	}
	if x.WidestBytes > 0 {
		g.Widest.addN(x.Widest, x.WidestBytes, maxNames)
	}
	if e.Identity != g.identity {
		g.countIdentity()
		g.identity = e.Identity
	}
	g.repeated++
	for _, a := range x.Attributes {
		g.Attributes.add(a.Key+"="+a.Value, maxNames)
	}
}

// countIdentity counts who sent the exchange. Most exchanges in a group have the same identity as
// the one before.
func (g *Group) countIdentity() {
	if i := g.identity; i != nil && g.repeated > 0 {
		g.Users.addN(i.User, g.repeated, maxNames)
		g.Databases.addN(i.Database, g.repeated, maxNames)
		g.Applications.addN(i.Application, g.repeated, maxNames)
		g.Clients.addN(i.Address, g.repeated, maxNames)
	}
	g.repeated = 0
}

// merge adds another group that is no longer kept apart.
func (g *Group) merge(o *Group) {
	g.Sums.Add(&o.Sums)
	o.countIdentity()
	g.States.merge(&o.States, maxStates)
	for _, pair := range [][2]*Counts{
		{&g.Users, &o.Users}, {&g.Databases, &o.Databases}, {&g.Applications, &o.Applications}, {&g.Clients, &o.Clients},
	} {
		pair[0].merge(pair[1], maxNames)
	}
}

// groups is a table of groups with a limited size.
type groups struct {
	limit   int
	order   Order
	table   map[string]*Group
	crowded bool
	samples int // bytes
}

func newGroups(limit int, order Order) groups {
	return groups{limit: cmp.Or(limit, maxGroups), order: order, table: map[string]*Group{}}
}

// find returns the group with a key.
func (t *groups) find(key string, x *event.Exchange) *Group {
	g := t.table[key]
	if g == nil {
		g = &Group{Key: key}
		if x.Shape != nil && x.Shape.ID == key {
			g.Shape = x.Shape
		}
		t.table[key] = g
	}
	return g
}

// keepSample keeps the call if it is the longest, and there is room.
func (t *groups) keepSample(g *Group, e *event.Event) {
	x := e.Exchange
	took := x.Times.Server()
	if took == event.NotSeen || !isCall(x) || g.Worst != nil && took <= g.Worst.Took {
		return
	}
	more := weigh(x)
	if g.Worst != nil {
		more -= weigh(g.Worst.Exchange)
	}
	if t.samples+more > maxSamples {
		g.TooLarge = true
		return
	}
	t.samples += more
	g.Worst, g.TooLarge = &Sample{Exchange: x, At: e.At, Conn: e.Conn, Identity: e.Identity, Took: took}, false
}

// weigh returns how many bytes a sample keeps.
func weigh(x *event.Exchange) (size int) {
	if x.Context != nil {
		size += len(x.Context.SQL)
	}
	if x.Bind != nil {
		size += len(x.Bind.Bytes)
	}
	return size
}

// shrink moves the smaller half of the groups into misc, if there are too many.
func (t *groups) shrink(misc *Group) {
	if len(t.table) < 2*t.limit {
		return
	}
	t.crowded = true
	for _, g := range t.sorted()[t.limit:] {
		misc.merge(g)
		if g.Worst != nil {
			t.samples -= weigh(g.Worst.Exchange)
		}
		delete(t.table, g.Key)
	}
}

// sorted returns the groups, largest first.
func (t *groups) sorted() []*Group {
	all := make([]*Group, 0, len(t.table))
	for _, g := range t.table {
		g.countIdentity()
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *Group) int {
		return cmp.Or(cmp.Compare(t.order.Measure(&b.Sums), t.order.Measure(&a.Sums)), cmp.Compare(b.Sums.Calls, a.Sums.Calls), strings.Compare(a.Key, b.Key))
	})
	return all
}
