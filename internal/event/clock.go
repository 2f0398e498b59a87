package event

import "time"

// Clock is the time of all connections together, according to their events. So deadlines are the
// same live and when read from a recording.
type Clock struct {
	// Now is the time since the first event.
	Now   time.Duration
	last  time.Time // the time of day of the latest event
	ticks bool      // the source reports that time passes
}

// leap is more than there is between two ticks, and more than events can be out of order.
const leap = 5 * time.Second

// Take moves the clock to an event. The time of day is all that connections have in common. If it
// leaps, someone has set the clock or stopped the process, and it is not known how much time has
// passed.
func (c *Clock) Take(e *Event) {
	at := e.At.Round(0)
	step := at.Sub(c.last)
	_, tick := e.Fact.(Tick)
	c.ticks = c.ticks || tick
	switch {
	case c.last.IsZero(), step < -leap, step > leap && c.ticks:
		c.last = at
	case step > 0:
		c.Now, c.last = c.Now+step, at
	}
}
