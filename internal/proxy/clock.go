package proxy

import (
	"maps"
	"slices"
	"time"

	"pgpi/internal/event"
)

// Stages know time only from events. So that it passes while nothing is said, one clock for all
// connections records a tick every second while any of them is open, and for two seconds more. The
// same clock measures the ways of the connections that had traffic.

// tickEvery is the time between ticks. lastTicks is how many follow the last connection.
const (
	tickEvery = time.Second
	lastTicks = 2
)

// startClock starts the clock if it is stopped, and more than facts is wanted. The caller holds the
// lock.
func (p *Proxy) startClock() {
	if p.ticking || !p.config.DecodeAll {
		return
	}
	p.ticking = true
	p.running.Go(p.tick)
}

// tick is the goroutine of the clock.
func (p *Proxy) tick() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for idle := 0; ; {
		select {
		case <-p.stopped:
			return
		case <-ticker.C:
		}
		p.recordFact(event.Measured, event.Tick{})
		open, more := p.openNow(&idle)
		for _, c := range open {
			c.remeasureWays()
		}
		if !more {
			return
		}
	}
}

// openNow returns the open connections, and reports whether the clock continues. Otherwise it stops
// the clock.
func (p *Proxy) openNow(idle *int) (open []*connection, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.connections) > 0 {
		*idle = 0
		return slices.Collect(maps.Keys(p.connections)), true
	}
	*idle++
	p.ticking = *idle < lastTicks
	return nil, p.ticking
}
