package text

import (
	"bytes"
	"hash/maphash"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Sizes of what repeats remembers.
const (
	repeatSlots  = 1024
	maxRepeat    = 128  // bytes of a message
	maxRepeatSQL = 4096 // bytes of its SQL, which stays in memory with it
)

// repeats remembers the lines of messages that recur: more than half of what clients and servers
// say to each other is a Sync, a BindComplete, or the same RowDescription as before.
type repeats struct {
	seed  maphash.Seed
	slots []repeat
}

// repeat is a message, and everything that its lines depend on.
type repeat struct {
	conn      uint32
	direction event.Direction
	of        wire.Type
	context   *event.Context
	settings  *event.Settings
	bytes     []byte
	lines     []byte
}

// repeatable are the messages that say little of their own. named is set if their lines quote the
// SQL of a name.
var repeatable = [...]struct{ is, named bool }{
	wire.Describe: {true, true},
	wire.Execute:  {true, true},
	wire.Close:    {true, true},
	wire.Sync:     {is: true},
	wire.Flush:    {is: true},

	wire.ParseComplete:        {is: true},
	wire.BindComplete:         {is: true},
	wire.CloseComplete:        {is: true},
	wire.ParameterDescription: {is: true},
	wire.RowDescription:       {is: true},
	wire.NoData:               {is: true},
	wire.CommandComplete:      {is: true},
	wire.EmptyQueryResponse:   {is: true},
	wire.PortalSuspended:      {is: true},
	wire.ReadyForQuery:        {is: true},
}

// slot returns the place of a message, or nil for a message that has none.
func (r *repeats) slot(e *event.Event, m *event.Message) *repeat {
	if int(m.Type) >= len(repeatable) || !repeatable[m.Type].is || m.Size > maxRepeat || m.Size != int64(len(m.Bytes)) ||
		len(m.Redacted) > 0 || m.Secret || repeatable[m.Type].named && m.Context != nil && len(m.Context.SQL) > maxRepeatSQL {
		return nil
	}
	if r.slots == nil {
		r.seed, r.slots = maphash.MakeSeed(), make([]repeat, repeatSlots)
	}
	return &r.slots[(maphash.Bytes(r.seed, m.Bytes)+uint64(e.Conn))%repeatSlots]
}

// key returns a repeat without its lines.
func key(e *event.Event, m *event.Message) repeat {
	k := repeat{conn: e.Conn, direction: e.Direction, of: m.Type, settings: m.Settings, bytes: m.Bytes}
	if repeatable[m.Type].named {
		k.context = m.Context
	}
	return k
}

// is reports whether the message is the remembered one.
func (r *repeat) is(k repeat) bool {
	return r.conn == k.conn && r.direction == k.direction && r.of == k.of &&
		r.context == k.context && r.settings == k.settings && bytes.Equal(r.bytes, k.bytes)
}

// remember replaces what was remembered before.
func (r *repeat) remember(k repeat, lines []byte) {
	k.bytes = append(r.bytes[:0], k.bytes...)
	k.lines = append(r.lines[:0], lines...) //nolint:gocritic // the memory of what was remembered is used again
	*r = k
}
