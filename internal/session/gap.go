package session

import (
	"pgpi/internal/event"
)

// Join notes that the beginning of the connection was not seen. The login counts as over, and
// nothing is known about what was asked and named before. Each direction must begin with a message.
func (t *Tracker) Join() {
	t.framer.join()
	t.memory.gap()
	t.copying.gap()
}

func (f *Framer) join() {
	for _, l := range []*leg{&f.client, &f.server} {
		*l = leg{started: true, unseen: true, authenticated: true, ready: true}
	}
}

// Gap notes that bytes of a direction were not seen, and that a message begins after them. A
// direction that was out of sync is in sync again. What the bytes may have changed is forgotten:
// names, and which request is being answered.
func (t *Tracker) Gap(d event.Direction, size int64) {
	t.framer.Gap(d, size)
	t.drop(place(d))
	t.memory.gap()
	t.copying.gap()
}

// Unsee notes that from now on not everything that the parties say is seen. No reply has its
// request any more, until [Tracker.Resume] or [Tracker.Gap].
func (t *Tracker) Unsee() {
	t.memory.gap()
	t.memory.requests.resumes = false
}

// Resume notes that a message begins with the next bytes of a direction, which may have been out of
// sync.
func (t *Tracker) Resume(d event.Direction) {
	if s := &t.framer.streams[place(d)]; s.lost {
		*s = stream{offset: s.offset}
	}
	if t.memory.requests.lost {
		t.memory.requests.resumes = true
	}
}

// Skip is [Framer.Skip].
func (t *Tracker) Skip(d event.Direction, size int64) { t.framer.Skip(d, size) }

// Gap is [Tracker.Gap].
func (f *Framer) Gap(d event.Direction, size int64) {
	s := &f.streams[place(d)]
	*s = stream{offset: s.offset + size}
	for _, l := range []*leg{&f.client, &f.server} {
		l.gap(d.Sender())
	}
}

// gap forgets what unseen messages may have changed.
func (y *memory) gap() {
	y.requests.gap()
	y.doubt = doubt{is: true}
	y.names.forget()
	y.names.partial = true
	y.result, y.ignored = nil, nil
}
