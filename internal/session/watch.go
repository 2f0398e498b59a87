package session

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Watch is a [Framer] that also shows the messages of the login, to those who must know them before
// anything is decoded: the answer to a request for encryption, the key for cancel requests, the
// offer of authentication mechanisms, the end of the login.
type Watch struct {
	Framer

	login []wire.Message
	over  bool
}

// Scan is [Framer.Scan].
func (w *Watch) Scan(d event.Direction, pending []byte) Frame {
	w.begin()
	return w.scanWith(d, pending, w, false)
}

// ScanFrame is [Framer.ScanFrame].
func (w *Watch) ScanFrame(d event.Direction, b []byte) Frame {
	w.begin()
	return w.scan(d, b, w, true)
}

// Cut is [Framer.Cut].
func (w *Watch) Cut(d event.Direction, pending []byte) (Frame, int64) {
	w.begin()
	return w.cutWith(d, pending, w)
}

// begin forgets the messages of the last frame. Once the login is over, it releases their memory
// too: an idle connection should hold little.
func (w *Watch) begin() {
	if w.login = w.login[:0]; w.over {
		w.login = nil
	}
}

// Login returns the messages of the last frame, up to the first ReadyForQuery of the connection and
// none after it. They are named with the dialogue so far, and valid until the next call. For a
// message too large to hold, there is only its beginning.
func (w *Watch) Login() []wire.Message { return w.login }

// Ready reports whether the server has sent its first ReadyForQuery to the client. It is also true
// if the beginning of the connection was not seen.
func (w *Watch) Ready() bool { return w.client.ready }

// AsksForEncryption reports whether the client waits for the reply to a request for encryption.
func (w *Watch) AsksForEncryption() bool { return w.client.requested }

// Join is [Tracker.Join].
func (w *Watch) Join() { w.join() }

func (w *Watch) message(d event.Direction, b []byte, size int64) {
	if w.over {
		w.Framer.message(d, b, size)
		return
	}
	t := w.remember(d, b, size)
	w.login = append(w.login, wire.Message{Type: t, Bytes: b, Size: size})
	w.over = t == wire.ReadyForQuery && d == event.ServerToClient
}
