package filter

import (
	"bytes"
	"cmp"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// connection is what is remembered about a connection, besides what comes with its events: as much
// as the expression needs.
type connection struct {
	identity *event.Identity // the last
	tx       byte            // as in ReadyForQuery, 0 if it is not known
	// exchanges are the last one that is over and those that are not, in order.
	exchanges []*exchange
	done      uint32 // the number of the last one that is over
	weight    int    // of the exchanges
	// changed is set if something has become known that messages may be waiting for.
	changed bool

	held backlog
}

// exchange is what is remembered about an exchange.
type exchange struct {
	number   uint32
	told     *told
	sqlstate string
	tags     []string // each once
	over     bool     // or nothing more will be known about it
	weight   int
	// sum is set when the exchange has been added up. given is set if it won't be.
	sum   *event.Exchange
	given bool
	// matched is set if the expression is true of one of its messages.
	matched bool
	// names are the names of the columns of context.
	context *event.Context
	names   []string
}

// told is an immutable snapshot of what an exchange has said.
type told struct{ params, columns []string }

var nothing told

// Limits on what is remembered about exchanges.
const (
	maxRemembered = 1 << 20 // of a connection, in bytes
	// maxTags is how many tags of a Query with several statements are remembered.
	maxTags = 100
)

// exchange returns what is remembered about an exchange, or nil.
func (c *connection) exchange(number uint32) *exchange {
	if number == 0 {
		return nil
	}
	i, found := c.search(number)
	if found {
		return c.exchanges[i]
	}
	if number <= c.done {
		return nil
	}
	x := &exchange{number: number, told: &nothing}
	c.exchanges = slices.Insert(c.exchanges, i, x)
	c.weigh(x, cost)
	return x
}

// search finds an exchange, or the place where it would be.
func (c *connection) search(number uint32) (i int, found bool) {
	return slices.BinarySearchFunc(c.exchanges, number, func(x *exchange, number uint32) int { return cmp.Compare(x.number, number) })
}

// weigh bounds what is remembered about exchanges: if it is too much, the first is given up.
func (c *connection) weigh(x *exchange, size int) {
	x.weight += size
	c.weight += size
	for c.weight > maxRemembered && len(c.exchanges) > 1 {
		c.forget(1)
	}
}

// forget gives up the first n exchanges.
func (c *connection) forget(n int) {
	for _, x := range c.exchanges[:n] {
		c.changed = c.changed || !x.over || x.sum == nil
		x.over, x.given = true, true
		c.weight -= x.weight
	}
	c.exchanges = slices.Delete(c.exchanges, 0, n)
}

// identify notes who is connected.
func (c *connection) identify(i *event.Identity) {
	if i == nil || i == c.identity {
		return
	}
	c.changed = c.changed || i.Known && (c.identity == nil || !c.identity.Known)
	c.identity = i
}

// lose notes that it is not known any more how the exchanges end, nor in which transaction.
func (c *connection) lose() {
	c.forget(len(c.exchanges))
	c.tx = 0
}

// conclude notes that all exchanges up to a number are over. What was learned about the last of
// them still applies to messages that are part of it.
func (c *connection) conclude(done uint32, sums bool) {
	if done <= c.done {
		return
	}
	c.done = done
	n := 0
	for n < len(c.exchanges) && c.exchanges[n].number <= done {
		c.changed = c.changed || !c.exchanges[n].over
		c.exchanges[n].over = true
		n++
	}
	if !sums {
		c.forget(max(0, n-1))
	}
}

// addUp takes an exchange that has been added up. It may be the last event that needs it.
func (c *connection) addUp(sum *event.Exchange) *exchange {
	i, found := c.search(sum.Number)
	if !found {
		return exchangeFrom(sum)
	}
	x := c.exchanges[i]
	x.sum, x.over = sum, true
	c.changed = true
	n := 0
	for n < i && c.exchanges[n].sum != nil {
		n++
	}
	c.forget(n)
	return x
}

// soFar is an exchange that is not over. What is remembered of it stays as it is.
func (c *connection) soFar(sum *event.Exchange) *exchange {
	so := exchangeFrom(sum)
	if i, found := c.search(sum.Number); found {
		so.told, so.matched = c.exchanges[i].told, c.exchanges[i].matched
	}
	return so
}

// exchangeFrom returns an exchange about which nothing else is remembered.
func exchangeFrom(sum *event.Exchange) *exchange {
	x := &exchange{number: sum.Number, told: &nothing, over: true, sum: sum, sqlstate: sum.SQLState}
	for _, s := range sum.Statements {
		x.tags = append(x.tags, s.Tag)
	}
	if len(x.tags) == 0 && sum.Tag != "" {
		x.tags = []string{sum.Tag}
	}
	return x
}

// learn takes from a message what it and later ones are asked about, as far as the expression needs
// it.
func (c *connection) learn(m *event.Message, needs *needs, r *reading.Reader) known {
	if m.Type == wire.ReadyForQuery {
		c.tx = 0
		if len(m.Bytes) == wire.HeaderSize+1 {
			c.tx = m.Bytes[wire.HeaderSize]
		}
	}
	k := known{tx: c.tx}
	if !needs.exchanges {
		return k
	}
	if x := c.exchange(m.Exchange); x != nil {
		c.learnExchange(x, m, needs, r)
		k.exchange, k.told = x, x.told
	}
	c.conclude(m.Done, needs.sums)
	return k
}

func (c *connection) learnExchange(x *exchange, m *event.Message, needs *needs, r *reading.Reader) {
	switch {
	case m.Type == wire.Bind && needs.params:
		r.Read(m)
		next := *x.told
		next.params = parameters(r)
		x.told = &next
		c.weigh(x, len(m.Bytes))
	case m.Type == wire.RowDescription && needs.columns:
		r.Read(m)
		next := *x.told
		next.columns = texts(r, wire.ColumnName)
		x.told = &next
		c.weigh(x, len(m.Bytes))
	case m.Type == wire.ErrorResponse:
		x.sqlstate = sqlstateOf(m)
	case m.Type == wire.CommandComplete:
		c.addTag(x, bytes.TrimSuffix(m.Bytes[min(len(m.Bytes), wire.HeaderSize):], []byte{0}))
	}
}

// addTag adds the tag of a statement.
func (c *connection) addTag(x *exchange, tag []byte) {
	known := slices.ContainsFunc(x.tags, func(t string) bool { return t == string(tag) })
	if known || len(x.tags) >= maxTags {
		return
	}
	x.tags = append(x.tags, string(tag))
	c.weigh(x, len(tag))
}

// columnsOf returns the names of the columns of a row. Usually they are those of the previous row.
func (x *exchange) columnsOf(context *event.Context) []string {
	if x != nil && x.context == context {
		return x.names
	}
	names := make([]string, len(context.Columns))
	for i := range context.Columns {
		names[i] = context.Columns[i].Name
	}
	if x != nil {
		x.context, x.names = context, names
	}
	return names
}

// sqlstateOf returns the SQLSTATE of an ErrorResponse.
func sqlstateOf(m *event.Message) string {
	code, _ := wire.ErrorFieldOf(m.Bytes, 'C')
	return string(code)
}

// text returns the first field of a name, or "" if there is none.
func text(r *reading.Reader, name wire.Name) string {
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == name {
			return string(r.Message.Content(f))
		}
	}
	return ""
}

// texts returns all fields of a name.
func texts(r *reading.Reader, name wire.Name) (all []string) {
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == name {
			all = append(all, string(r.Message.Content(f)))
		}
	}
	return all
}

// parameters returns the values of a Bind as text.
func parameters(r *reading.Reader) (all []string) {
	for i := range r.Fields {
		switch {
		case r.IsNull(i):
			all = append(all, "NULL")
		case r.Fields[i].Name == wire.ParameterValue:
			v := r.Value(i)
			all = append(all, parameter(r, &v))
		}
	}
	return all
}

// parameter returns a value as text, or its bytes if they are its text, or if that is not known.
func parameter(r *reading.Reader, v *reading.Value) string {
	if v.Binary && v.Type != 0 {
		if printed, err := r.AppendText(nil, v); err == nil {
			return string(printed)
		}
	}
	return string(r.Message.Bytes[v.Start:v.End])
}
