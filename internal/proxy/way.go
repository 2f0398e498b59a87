package proxy

import "pgpi/internal/event"

// The way of a leg is the kernel's least round trip time, which holds nothing but the network and the
// next TCP end. Its smoothed one measures the server, on a connection that waits for that.

// beginWays measures the ways when the login begins, and lets the clock measure them again.
func (c *connection) beginWays() {
	c.mu.Lock()
	c.measuring = c.config.DecodeAll
	c.mu.Unlock()
	c.measureWays(true)
}

// endWays ends the measuring: nothing is said of a connection behind its end.
func (c *connection) endWays() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.measuring = false
}

// measureWays records the ways that have changed, of legs that had traffic since the last time or of
// all.
func (c *connection) measureWays(all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
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
