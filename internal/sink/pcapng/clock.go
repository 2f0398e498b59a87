package pcapng

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/recording"
)

// clock notes what the times of a packet do not say about those of its event. A packet has the time
// of day in UTC. The rest follows as long as no one sets the clock.
type clock struct {
	opened time.Time
	known  bool
}

// note adds what must be noted about an event's elapsed time.
func (c *clock) note(n *recording.Note, e *event.Event) {
	at := e.At.Round(0) // by the wall clock
	if !c.known {
		c.opened, c.known = at.Add(-e.Elapsed), true
		n.Elapsed, n.HasElapsed = e.Elapsed, true
	}
	if at.Sub(c.opened) != e.Elapsed || e.Conn == 0 {
		n.Elapsed, n.HasElapsed = e.Elapsed, true
	}
}

// zone notes the offset of local time, at the first packet of a file and whenever it changes.
type zone struct {
	offset int
	known  bool
}

func (z *zone) note(n *recording.Note, e *event.Event) {
	_, offset := e.At.Zone()
	if z.known && z.offset == offset {
		return
	}
	z.offset, z.known = offset, true
	n.Zone, n.HasZone = offset, true
}
