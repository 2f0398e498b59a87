package exchange

import (
	"cmp"
	"time"

	"pgpi/internal/event"
)

// waits are what bytes have waited for: pgpi's outlets, and their reader.
type waits struct{ held, stalled time.Duration }

// book adds what the bytes of an event have waited for. These bytes themselves were held. The
// writes that stalled were earlier ones in the same direction, of the exchange wrote. If that is
// over, they have stalled the current one, as far as it had been asked by then.
func (c *connection) book(e *event.Event, wrote *open) {
	before := c.at[e.Direction]
	c.at[e.Direction] = e.Elapsed
	own := wrote
	if n := len(e.Messages); n > 0 {
		c.latest[e.Direction] = e.Messages[n-1].Exchange
		own = cmp.Or(c.find(e.Messages[0].Exchange), wrote)
	}
	w := waits{e.Held, e.Stalled}
	if w == (waits{}) && c.unbooked == nil {
		return
	}
	if wrote != nil {
		wrote.stall(e.Direction, w.stalled)
		w.stalled = 0
	}
	if e.Direction == event.ClientToServer {
		if own == nil && e.Kind == event.Fragment {
			c.postpone(e, w)
			return
		}
		if c.unbooked != nil {
			w.held, w.stalled = w.held+c.unbooked.held, w.stalled+c.unbooked.stalled
			before, c.unbooked = e.Elapsed, nil
		}
	}
	if own == nil {
		return
	}
	own.Times.Held += w.held
	if e.Direction == event.ClientToServer {
		own.Times.HeldAsking += w.held
	}
	own.stall(e.Direction, max(0, w.stalled-max(0, own.Times.Asked-before)))
}

// postpone keeps what a part of a large request has waited for. The write before its first part
// belongs to another request.
func (c *connection) postpone(e *event.Event, w waits) {
	if c.unbooked == nil {
		c.unbooked = &waits{}
	}
	c.unbooked.held += w.held
	if e.Offset > 0 {
		c.unbooked.stalled += w.stalled
	}
}

// learnWay remembers how far away a party is.
func (c *connection) learnWay(w event.Way) {
	if w.Party == event.Client {
		c.ways[0] = w.Takes
	} else {
		c.ways[1] = w.Takes
	}
}

// stall adds a write that waited for its reader.
func (x *open) stall(d event.Direction, stalled time.Duration) {
	if d == event.ServerToClient {
		x.Times.ClientStalled += stalled
	} else {
		x.Times.ServerStalled += stalled
	}
}
