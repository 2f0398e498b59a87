package proxy

import "pgpi/internal/event"

// The way of a leg is the kernel's minimal round trip time, which contains only the network and the
// next TCP end. The smoothed one would measure the server, on a connection that waits for it.

// beginWays measures the ways when the login begins, and lets the clock measure them again.
func (p *parties) beginWays() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.measuring = p.config.DecodeAll
	p.measureWays(true)
}

// endWays ends the measuring: nothing is said about a connection after its end.
func (p *parties) endWays() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.measuring = false
}

// remeasureWays measures the ways again, unless the lock is held: a party that reads nothing during
// its login must not stop the clock for all.
func (p *parties) remeasureWays() {
	if p.mu.TryLock() {
		defer p.mu.Unlock()
		p.measureWays(false)
	}
}

// measureWays records the ways that have changed, of legs that had traffic since the last time, or
// of all. The caller holds the lock.
func (p *parties) measureWays(all bool) {
	if !p.measuring {
		return
	}
	for i, l := range []*leg{p.client, p.server} {
		if busy := l.busy.Swap(false); !busy && !all {
			continue
		}
		if takes := leastRoundTrip(l.raw.Conn); takes > 0 && takes != p.ways[i] {
			p.ways[i] = takes
			_ = p.record(&event.Event{Kind: event.Measured, Fact: event.Way{Party: l.party, Takes: takes}}) // as in say
		}
	}
}
