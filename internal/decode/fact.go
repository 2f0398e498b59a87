package decode

import (
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// fact remembers what a fact changes, and completes the fact if it follows from bytes. Derived
// facts come from recordings: they say where something is to be reported, and the bytes say what.
// The recorded fact itself counts only if redaction has overwritten the bytes.
func (s *Stage) fact(c *connection, e *event.Event, emit func(*event.Event)) {
	c.encrypt(e.Fact)
	switch f := e.Fact.(type) {
	case event.Opened:
		s.open(c, f)
	case event.Connected:
		c.tracker.NewServer()
		c.first[wire.Server] = nil
	case event.Joined:
		c.tracker.Join()
		c.directions[0].unsure, c.directions[1].unsure = true, true
		c.change(func(i *event.Identity) { i.Known = true }) // what was said at the beginning will never come
	case event.Continued:
		c.primed = true
	case event.Missing:
		c.missing(e, f, emit)
	case event.Resumed:
		c.direction(f.Direction).unsure = false
		c.tracker.Resume(f.Direction)
	case event.ObserverFailed:
		c.blind = true
	case event.ServerMistake:
		return // it was derived from the bytes before it
	case event.OutOfSync:
		if !e.Redacted {
			return // the same
		}
		c.tracker.Unsee()
	case event.CutOff:
		c.sayCutOff(e, f.Direction, emit)
		return
	case event.Undecodable:
		if !c.encrypted {
			c.saySum(e, f.Direction, emit)
			return
		}
		c.seen.Undecoded += f.Bytes - c.direction(f.Direction).undecoded
		c.direction(f.Direction).undecoded = 0 // they are among those that the recording counts
	case event.Encrypted, event.TLSOffered, event.TLSChosen, event.TLSAlert:
		c.encrypted = true
	case event.CancelForwarded:
		if f.SQL == "" {
			f.SQL = shortened(s.running(f.Connection))
		}
		e.Fact = f
		s.cancels(c, f.Connection)
	case event.CancelFor:
		if f.SQL == "" {
			f.SQL = s.running(f.Connection)
		}
		e.Fact = f
		s.cancels(c, f.Connection)
	case event.Ended:
		c.change(func(i *event.Identity) { i.Known = true })
		delete(s.connections, e.Conn)
		defer c.tracker.Close()
	}
	e.Identity = c.identity
	emit(e)
}

// missing forgets what unseen bytes may have changed. If they are part of a message whose beginning
// was seen, they have changed nothing else.
func (c *connection) missing(e *event.Event, f event.Missing, emit func(*event.Event)) {
	d := c.direction(f.Direction)
	if c.blind {
		return
	}
	if d.cut == 0 && d.owed == 0 {
		part := *e
		part.Kind, part.Fact, part.Direction, part.Relayed, part.Cut = event.Bytes, nil, f.Direction, true, true
		part.Seq = max(e.Seq, 1) - 1 // in a recording it comes before the fact, and takes no number
		c.finish(&part, nil, emit)   // a message that is too large to hold
	}
	within := min(d.owed, f.Bytes)
	d.owed -= within
	c.tracker.Skip(f.Direction, within)
	if f.Bytes == within {
		return
	}
	c.sayCutOff(e, f.Direction, emit)
	c.tracker.Gap(f.Direction, f.Bytes-within)
	d.inside, d.unsure = false, true
	c.endLogin()
}

// maxRunning is how much of a statement a sentence quotes, in bytes.
const maxRunning = 200

func shortened(sql string) string {
	if len(sql) <= maxRunning {
		return sql
	}
	return strings.ToValidUTF8(sql[:maxRunning], "") + " ..."
}

// running returns the SQL that the server of a connection works on.
func (s *Stage) running(conn uint32) string {
	if c := s.connections[conn]; c != nil && !c.blind {
		if sql := c.tracker.Running(); sql != "" {
			return sql
		}
	}
	return "nothing that is known"
}
