package proxy_test

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// network is a network in memory with what relaying depends on and net.Pipe lacks: halves that end
// by themselves, resets, and buffers that fill up. It behaves like TCP on Linux. Everything in it
// waits on channels and conditions, so that the clock of a synctest bubble advances.
type network struct {
	mu        sync.Mutex
	listeners map[string]*listener
	deaf      map[string]bool // addresses that never answer
	ports     int
	// buffer is how many bytes an end holds before its peer must wait.
	buffer int
	// cut returns how many of the available bytes a read gets; nil means all.
	cut func(left int) int
}

func newNetwork() *network {
	return &network{listeners: map[string]*listener{}, deaf: map[string]bool{}, buffer: 64 << 10}
}

// listener accepts what was dialed at its address.
type listener struct {
	network *network
	address net.Addr
	backlog chan *end
	once    sync.Once
	done    chan struct{}
}

func (n *network) listen(address string) *listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &listener{network: n, address: tcpAddress(address), backlog: make(chan *end, 1000), done: make(chan struct{})}
	n.listeners[address] = l
	return l
}

func tcpAddress(address string) net.Addr {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(err)
	}
	return a
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	case e := <-l.backlog:
		return e, nil
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.network.mu.Lock()
		delete(l.network.listeners, l.address.String())
		l.network.mu.Unlock()
	})
	return nil
}

func (l *listener) Addr() net.Addr { return l.address }

// dial connects to a listener, which need not accept yet.
func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	l, deaf := n.listeners[address], n.deaf[address]
	n.ports++
	local := tcpAddress("127.0.0.1:0").(*net.TCPAddr)
	local.Port = 40000 + n.ports
	n.mu.Unlock()
	if deaf {
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.ErrDeadlineExceeded}
	}
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	dialed, accepted := n.link(local, l.address)
	l.backlog <- accepted
	return dialed, nil
}

// link makes the two ends of a connection.
func (n *network) link(from, to net.Addr) (dialed, accepted *end) {
	mu := new(sync.Mutex)
	dialed = &end{network: n, mu: mu, local: from, remote: to}
	accepted = &end{network: n, mu: mu, local: to, remote: from, peer: dialed}
	dialed.peer = accepted
	dialed.changed.L, accepted.changed.L = mu, mu
	return dialed, accepted
}

// end is one end of a connection. Both ends share a lock.
type end struct {
	network       *network
	peer          *end
	local, remote net.Addr

	mu      *sync.Mutex
	changed sync.Cond
	in      []byte // what the peer has sent and was not read
	writes  int    // of the peer
	ended   bool   // the peer sends no more
	reset   bool   // the peer has reset the connection
	told    bool   // and a call has failed because of it
	shut    bool   // CloseWrite was called
	closed  bool
	abrupt  bool   // SetLinger(0) was called
	trap    string // a call that panics: "read", "write" or "half-close"
	read    deadline
	write   deadline
}

type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) expired() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (e *end) Read(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		switch {
		case e.closed:
			return 0, net.ErrClosed
		case e.read.expired():
			return 0, e.failure("read", os.ErrDeadlineExceeded)
		case len(e.in) > 0:
			e.spring("read")
			n := min(len(b), len(e.in))
			if e.network.cut != nil {
				n = max(1, min(n, e.network.cut(n)))
			}
			copy(b, e.in[:n])
			e.in = e.in[n:]
			e.peer.changed.Broadcast()
			return n, nil
		case e.reset && !e.told:
			e.told = true
			return 0, e.failure("read", syscall.ECONNRESET)
		case e.reset, e.ended:
			return 0, io.EOF
		}
		e.changed.Wait()
	}
}

func (e *end) Write(b []byte) (n int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spring("write")
	e.peer.writes++
	for n < len(b) {
		room := e.network.buffer - len(e.peer.in)
		switch {
		case e.closed:
			return n, net.ErrClosed
		case e.write.expired():
			return n, e.failure("write", os.ErrDeadlineExceeded)
		case e.reset && !e.told:
			e.told = true
			return n, e.failure("write", syscall.ECONNRESET)
		case e.reset, e.shut:
			return n, e.failure("write", syscall.EPIPE)
		case e.peer.closed: // the answer of its system is on the way
			e.reset = true
			e.changed.Broadcast()
			return len(b), nil
		case room > 0:
			part := b[n:min(len(b), n+room)]
			e.peer.in = append(e.peer.in, part...)
			e.peer.changed.Broadcast()
			n += len(part)
			continue
		}
		e.changed.Wait()
	}
	return n, nil
}

// CloseWrite ends what this end sends.
func (e *end) CloseWrite() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spring("half-close")
	if e.closed || e.reset {
		return e.failure("close", syscall.ENOTCONN)
	}
	e.shut, e.peer.ended = true, true
	e.peer.changed.Broadcast()
	return nil
}

// spring panics in a call that has a trap, once.
func (e *end) spring(call string) {
	if e.trap == call {
		e.trap = ""
		panic("sprung")
	}
}

// Close ends the connection: with a reset if that was requested, or if bytes were not read.
func (e *end) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.closed, e.peer.ended = true, true
	if e.abrupt || len(e.in) > 0 {
		e.peer.reset = true
	}
	for _, d := range []*deadline{&e.read, &e.write} {
		if d.timer != nil {
			d.timer.Stop()
		}
	}
	e.changed.Broadcast()
	e.peer.changed.Broadcast()
	return nil
}

// SetLinger(0) makes Close a reset.
func (e *end) SetLinger(sec int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.abrupt = sec == 0
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

func (e *end) SetReadDeadline(t time.Time) error  { return e.setDeadline(&e.read, t) }
func (e *end) SetWriteDeadline(t time.Time) error { return e.setDeadline(&e.write, t) }

func (e *end) setDeadline(d *deadline, t time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	if d.timer != nil {
		d.timer.Stop()
	}
	d.at = t
	if left := time.Until(t); !t.IsZero() && left > 0 {
		d.timer = time.AfterFunc(left, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.changed.Broadcast()
		})
	}
	e.changed.Broadcast()
	return nil
}

func (e *end) LocalAddr() net.Addr  { return e.local }
func (e *end) RemoteAddr() net.Addr { return e.remote }

// failure wraps an error as package net does.
func (e *end) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: e.local, Addr: e.remote, Err: err}
}
