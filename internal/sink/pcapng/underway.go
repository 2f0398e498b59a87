package pcapng

import (
	"bytes"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// underWay is what was asked and is not over, with what has come of the replies except rows: rows
// do not change the meaning of what follows.
type underWay struct {
	messages []pending
	size     int
	over     uint32 // the last exchange that is over
	last     uint32 // the last exchange
	// failed is the exchange whose error makes the server ignore what was asked behind it, or 0.
	failed uint32
	// unknown is set if something was not seen, or is too much to repeat, in exchanges up to upTo.
	unknown bool
	upTo    uint32
}

// pending is a message of an exchange that is not over.
type pending struct {
	exchange uint32
	write
}

// maxUnderWay is how much is kept, in bytes.
const maxUnderWay = 64 << 10

// forget notes that something was not seen.
func (u *underWay) forget() { *u = underWay{over: u.over, last: u.last, unknown: true, upTo: u.last} }

// isIdle reports whether nothing known is under way.
func (u *underWay) isIdle() bool { return len(u.messages) == 0 }

// message adds a message, and forgets those of exchanges that end with it.
func (u *underWay) message(d event.Direction, m *event.Message) {
	switch m.Type {
	case wire.NoticeResponse, wire.NotificationResponse, wire.ParameterStatus, wire.YbParameterStatus, wire.Terminate:
		return
	}
	if d == event.ServerToClient {
		u.reply(m)
	}
	u.last = max(u.last, m.Exchange)
	whole := int64(len(m.Bytes)) == m.Size
	switch {
	case m.Exchange == 0 || m.Exchange <= u.over && m.Exchange != u.failed && d == event.ServerToClient: // nothing is known about it, or all of it was seen
	case m.Type == wire.DataRow:
	case m.Type.Code() == 'd':
		if !repeatable(d, m) {
			u.forget()
		}
	case !whole || u.size+len(m.Bytes) > maxUnderWay:
		u.forget()
	default:
		u.size += len(m.Bytes)
		u.messages = append(u.messages, pending{m.Exchange, write{d, bytes.Clone(m.Bytes), slices.Clone(m.Redacted)}})
	}
}

// repeatable reports whether what comes after a message of COPY or replication can be read without
// it.
func repeatable(d event.Direction, m *event.Message) bool {
	switch m.Type {
	case wire.CopyText, wire.CopyCSV:
		return d == event.ServerToClient && m.State.Copy.Headings == 0
	case wire.CopyJSON, wire.CopyData:
		return true
	}
	return !m.State.Streamed && m.Type != wire.CopyBinary && m.Type != wire.LogicalStreamStart
}

// reply forgets what is over.
func (u *underWay) reply(m *event.Message) {
	if m.Exchange == 0 {
		u.forget() // it is not known what it answers
		return
	}
	u.over = max(u.over, m.Done)
	switch {
	case m.Type == wire.ReadyForQuery:
		u.failed = 0
	case m.Type == wire.ErrorResponse && m.Done == m.Exchange: // no Sync was sent yet
		u.failed = m.Exchange
	}
	if u.unknown && m.Exchange > u.upTo { // from here on everything is seen
		u.unknown = false
		u.over = max(u.over, m.Exchange-1)
	}
	kept := u.messages[:0]
	u.size = 0
	for _, p := range u.messages {
		if p.exchange > u.over || p.exchange == u.failed {
			kept = append(kept, p)
			u.size += len(p.data)
		}
	}
	clear(u.messages[len(kept):])
	u.messages = kept
}

// writes returns the messages, in the order in which they were sent.
func (u *underWay) writes() (all []write) {
	for _, p := range u.messages {
		last := len(all) - 1
		if last < 0 || all[last].direction != p.direction {
			all = append(all, write{direction: p.direction})
			last++
		}
		w := &all[last]
		for _, s := range p.spans {
			w.spans = append(w.spans, event.Span{Start: s.Start + len(w.data), End: s.End + len(w.data), Kind: s.Kind})
		}
		w.data = append(w.data, p.data...)
	}
	return all
}
