package session

import (
	"pgpi/internal/event"
)

// Join says that the beginning of the connection was not seen: the login counts as
// over, and nothing is known of what was asked and named before. Each direction must
// begin with a message.
func (t *Tracker) Join() {
	for _, l := range []*leg{&t.framer.client, &t.framer.server} {
		*l = leg{started: true, authenticated: true, ready: true}
	}
	t.memory.gap()
	t.copying.gap()
}

// Gap says that bytes of a direction were not seen, and that a message begins behind
// them. A direction that was out of sync is in sync again. What the bytes may have
// changed is forgotten: names, and which request is being answered.
func (t *Tracker) Gap(d event.Direction, size int64) {
	s := &t.framer.streams[place(d)]
	*s = stream{offset: s.offset + size}
	t.drop(&t.places[place(d)])
	for _, l := range []*leg{&t.framer.client, &t.framer.server} {
		l.started, l.requested = true, false // a packet without a type byte can't be found
		l.protocol = 0
	}
	t.memory.gap()
	t.copying.gap()
}

// gap forgets what messages that were not seen may have changed.
func (y *memory) gap() {
	y.exchanges.gap()
	y.names.forget()
	y.result = nil
}
