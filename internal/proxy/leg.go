package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
)

// leg is the connection to one party, with or without TLS.
type leg struct {
	party event.Party
	raw   *rawConn
	tls   *tls.Conn // nil without TLS
	// direct is set if TLS began without a request. It is known only for servers.
	direct bool
	// limited is for how long the party's receive window has been full, as last measured.
	limited time.Duration
	inlet
}

func newLeg(party event.Party, conn net.Conn) *leg {
	l := &leg{party: party, raw: &rawConn{Conn: conn}}
	l.source = l.raw
	return l
}

// rawConn is the connection below TLS. It knows whether the peer has ended it, which TLS does not
// distinguish from a proper end. It can be given back bytes that were read too early.
type rawConn struct {
	net.Conn
	early []byte
	ended atomic.Bool
	// first is what a handshake has read first, which may not be TLS. It is nil once it is no
	// longer wanted.
	first []byte
}

func (r *rawConn) Read(b []byte) (int, error) {
	n, err := r.read(b)
	if r.first != nil {
		r.first = append(r.first, b[:min(n, cap(r.first)-len(r.first))]...)
	}
	return n, err
}

func (r *rawConn) read(b []byte) (int, error) {
	if len(r.early) > 0 {
		n := copy(b, r.early)
		r.early = r.early[n:]
		return n, nil
	}
	n, err := r.Conn.Read(b)
	if errors.Is(err, io.EOF) {
		r.ended.Store(true)
	}
	return n, err
}

// forget ends the recording of what a handshake reads first.
func (r *rawConn) forget() { r.first = nil }

// encrypt makes the leg a TLS connection. What the inlet holds is the beginning of the peer's
// handshake.
func (l *leg) encrypt(conn *tls.Conn) {
	l.tls = conn
	l.inlet = inlet{source: conn}
}

// maxFirst is how much is shown of what is not TLS, in bytes.
const maxFirst = 256

// handToTLS passes the bytes that the inlet holds back to TLS.
func (l *leg) handToTLS() {
	l.raw.early = append([]byte(nil), l.pending()...)
	l.raw.first = make([]byte, 0, maxFirst)
	l.take(len(l.pending()))
}

// Write sends bytes to the party.
func (l *leg) Write(b []byte) (int, error) {
	if l.tls != nil {
		return l.tls.Write(b)
	}
	return l.raw.Write(b)
}

// stalled returns how much of the time that a write took was spent waiting for the party to read.
// A write also takes long when pgpi gets no processor, or when the network is slow. Where the
// kernel does not say which it was, all of it counts.
func (l *leg) stalled(took time.Duration) time.Duration {
	total, known := windowLimited(l.raw.Conn)
	if !known {
		return took
	}
	since := total - l.limited
	l.limited = total
	return min(took, since)
}

// closeWrite ends this side's half, as the other party ended its own. Without close_notify there is
// only the end of the TCP stream.
func (l *leg) closeWrite(notify bool) {
	if l.tls != nil && notify {
		_ = l.tls.CloseWrite() // a peer that is gone needs no notice
	}
	if c, ok := l.raw.Conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // the same
	}
}

// hangUp returns what was unusual about how a party ended its half.
func hangUp(l *leg) string {
	if l.notified() {
		return ""
	}
	return " without TLS close_notify"
}

// notified reports whether the end of the stream was announced, as TLS requires.
func (l *leg) notified() bool { return l.tls == nil || !l.raw.ended.Load() }

// reset lets the party see what it would see if its peer had crashed.
func (l *leg) reset() {
	if c, ok := l.raw.Conn.(interface{ SetLinger(sec int) error }); ok {
		_ = c.SetLinger(0) // a connection that is gone can't be reset
	}
	l.close()
}

// close closes the connection at once. It may be called from any goroutine, and repeatedly.
func (l *leg) close() { _ = l.raw.Close() } // an error means that it is closed

// Sizes of an inlet's buffer, in bytes. It starts small, because many connections are idle, and
// grows with the traffic up to the size of the largest message that is held whole.
const (
	smallInlet = 2 << 10
	largeInlet = session.MaxHeld
)

// inlet reads from one party. What was read and not yet taken is pending.
type inlet struct {
	source     io.Reader
	buffer     []byte
	start, end int
	filled     bool        // the last read used all the room there was
	began      time.Time   // when the first pending byte was read
	lastRead   time.Time   // when the last read returned
	heard      atomic.Bool // something was read
	busy       atomic.Bool // something was read since the way was measured
}

// pending returns what was read and not taken. It is valid until the next fill.
func (in *inlet) pending() []byte { return in.buffer[in.start:in.end] }

// take removes the first n pending bytes.
func (in *inlet) take(n int) {
	in.start += n
	in.began = in.lastRead // at the latest
	if in.start == in.end {
		in.start, in.end = 0, 0
	}
}

// fill reads once, after what is pending. There is room, because a message that would not fit is
// taken in pieces.
func (in *inlet) fill() error {
	in.makeRoom()
	n, err := in.source.Read(in.buffer[in.end:])
	in.lastRead = time.Now()
	if in.start == in.end {
		in.began = in.lastRead
	}
	in.end += n
	in.filled = in.end == len(in.buffer)
	if n > 0 {
		in.heard.Store(true)
		if !in.busy.Load() {
			in.busy.Store(true)
		}
		return nil // an error comes again with the next read
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// makeRoom moves what is pending to the front, and to a larger buffer if the last read filled the
// present one.
func (in *inlet) makeRoom() {
	size := len(in.buffer)
	switch {
	case size == 0:
		size = smallInlet
	case in.filled:
		size = min(4*size, largeInlet)
	}
	to := in.buffer
	if size > len(in.buffer) {
		to = make([]byte, size)
	} else if in.start == 0 {
		return
	}
	in.end = copy(to, in.pending())
	in.start, in.buffer = 0, to
}
