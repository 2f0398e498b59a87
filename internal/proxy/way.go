package proxy

import "pgpi/internal/event"

// The way of a leg is the kernel's least round trip time, which holds nothing but the network and the
// next TCP end. Its smoothed one measures the server, on a connection that waits for that.

// beginWays measures the ways when the login begins, and lets the clock measure them again.
func (c *connection) beginWays() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.measuring = c.config.DecodeAll
	c.measureWays(true)
}

// endWays ends the measuring: nothing is said of a connection behind its end.
func (c *connection) endWays() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.measuring = false
}

// remeasureWays measures the ways again, if nobody holds the lock: a party that reads nothing during its login
// must not stop the clock of all.
func (c *connection) remeasureWays() {
	if c.mu.TryLock() {
		defer c.mu.Unlock()
		c.measureWays(false)
	}
}

// measureWays records the ways that have changed, of legs that had traffic since the last time or of
// all. The caller holds the lock.
func (c *connection) measureWays(all bool) {
	if !c.measuring {
		return
	}
	for i, l := range []*leg{c.client, c.server} {
		if busy := l.busy.Swap(false); !busy && !all {
			continue
		}
		if takes := leastRoundTrip(l.raw.Conn); takes > 0 && takes != c.ways[i] {
			c.ways[i] = takes
			_ = c.record(&event.Event{Kind: event.Measured, Fact: event.Way{Party: l.party, Takes: takes}}) // as in say
		}
	}
}
