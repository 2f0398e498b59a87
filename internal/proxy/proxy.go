// Package proxy is between clients and servers. It owns all sockets: it listens, negotiates both
// legs, relays, and delivers cancel requests.
//
// It guarantees:
//
//   - Bytes out are bytes in, in order, half-close included. The only exceptions are the startup
//     packets, and what an option names.
//   - Bytes are observed before they are forwarded, so that the events of a connection are in
//     causal order.
//   - Nothing that a peer sends ends more than its own connection.
//   - A panic while observing costs the log, not the connection. Any other panic costs its own
//     connection, and no other.
//
// Less formally: both parties get what the other sent, and trouble stays in the connection that it
// began in.
//
// It must not know what becomes of events (it records them, see [Recorder]), or what options look
// like on a command line.
//
// Start reading at connection.go, which is the life of a connection from top to bottom: a handshake
// (handshake.go) finds two parties (parties.go), and a relay (relay.go) begins with them. pump.go
// is the path of every relayed byte. Each calls only what is below it: connection, handshake and
// relay, pump, login, parties, observer, leg.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/pgauth"
	"pgpi/internal/pgtls"
)

// Recorder receives what connections record.
type Recorder interface {
	// Wait returns when there is room for another event, or when done is closed. It is called
	// without any lock held.
	Wait(done <-chan struct{})
	// Record records an event, and copies what it keeps. It does not block.
	Record(e *event.Event)
}

// Negotiation is how TLS begins on the server leg.
type Negotiation string

// The values of --server-sslnegotiation.
const (
	Mimic    Negotiation = "mimic"
	Direct   Negotiation = "direct"
	Postgres Negotiation = "postgres"
)

// Config is what a proxy does. It does not change while the proxy runs.
type Config struct {
	Recorder Recorder

	// ServerHost is a name, an address or a directory with a Unix socket. If it is "", the name is
	// that in the client's SNI, without DeleteSuffix, or else localhost.
	ServerHost   string
	DeleteSuffix string
	ServerPort   int
	// Server has the TLS rules of the server leg.
	Server      *pgtls.ServerPolicy
	Negotiation Negotiation

	// Identity returns the certificate for clients. It is made or read when first used.
	Identity func() (tls.Certificate, error)
	// ClientTLS and ClientDirectTLS are the TLS rules of the client leg, with and without an
	// SSLRequest.
	ClientTLS, ClientDirectTLS *tls.Config
	DenyTLS                    bool

	OverrideAuth   bool
	ChannelBinding pgauth.ChannelBinding // towards the server, for OverrideAuth
	HideBinding    bool
	ByteByByte     bool
	LogCerts       bool
	QuitOnHangup   bool
	// ForCommand is set if the listeners are for one command. Then the log does not tell others
	// where to connect.
	ForCommand bool
	// DecodeAll continues decoding after the login, because a sink wants it.
	DecodeAll bool

	// MaxConnections is how many connections are relayed at once. Cancel requests don't count.
	MaxConnections int
	// Complain is called with defects of pgpi that have ended a connection. It may be nil.
	Complain func(error)

	// StartupTimeout is how long a client may take to send its StartupMessage. ConnectTimeout is
	// how long an address of the server may take to answer.
	StartupTimeout, ConnectTimeout time.Duration

	// Dial and Resolve are net.Dialer.DialContext and net.Resolver.LookupHost, except in tests.
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Resolve func(ctx context.Context, host string) ([]string, error)
}

// Proxy relays connections.
type Proxy struct {
	config  Config
	started time.Time
	cancels directory

	mu          sync.Mutex
	listeners   []net.Listener
	address     string // of all listeners, in words
	connections map[*connection]struct{}
	opened      uint32
	stopping    bool
	ticking     bool // the clock of clock.go runs
	relayed     int  // connections that count towards the limit
	running     sync.WaitGroup
	stopped     chan struct{} // closed when the proxy stops
	ended       chan struct{} // closed when the first connection has ended
	endedOnce   sync.Once
}

// New returns a proxy that does not listen yet.
func New(config Config) *Proxy {
	if config.Dial == nil {
		config.Dial = new(net.Dialer).DialContext
	}
	if config.Resolve == nil {
		config.Resolve = net.DefaultResolver.LookupHost
	}
	return &Proxy{
		config:      config,
		started:     time.Now(),
		connections: map[*connection]struct{}{},
		stopped:     make(chan struct{}),
		ended:       make(chan struct{}),
	}
}

// Serve accepts connections from listeners until ctx ends, or, with QuitOnHangup, until the first
// connection has ended. Then it closes the listeners and all connections, and returns when they are
// gone. address is the name of the listeners in the log.
func (p *Proxy) Serve(ctx context.Context, address string, listeners ...net.Listener) {
	p.listeners, p.address = listeners, address
	if !p.config.ForCommand {
		p.say(event.Listening{Address: address})
	}
	for _, l := range listeners {
		p.running.Go(func() { p.accept(l) })
	}
	quit := p.ended
	if !p.config.QuitOnHangup {
		quit = nil
	}
	select {
	case <-ctx.Done():
	case <-quit:
	}
	p.stop()
}

// accept accepts connections until the listener is closed. Running out of file descriptors or
// memory ends nothing: it tries again later.
func (p *Proxy) accept(l net.Listener) {
	pause := time.Duration(0)
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			p.open(conn)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			if pause == 0 {
				p.say(event.AcceptFailed{Why: err.Error()})
			}
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
		}
	}
}

// open starts the life of a connection.
func (p *Proxy) open(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopping {
		_ = conn.Close() // no one listens any more
		return
	}
	p.opened++
	c := newConnection(p, p.opened, conn)
	p.connections[c] = struct{}{}
	p.startClock()
	p.running.Go(func() {
		c.run()
		p.removeConnection(c)
	})
}

// admit counts a connection that is to be relayed, if there is room for it.
func (p *Proxy) admit() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.config.MaxConnections > 0 && p.relayed >= p.config.MaxConnections {
		return false
	}
	p.relayed++
	return true
}

// dismiss ends the counting of an admitted connection.
func (p *Proxy) dismiss() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.relayed--
}

// removeConnection ends the life of a connection. After the last one the log says again that pgpi
// listens.
func (p *Proxy) removeConnection(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
	if len(p.connections) == 0 && !p.stopping && !p.config.QuitOnHangup && !p.config.ForCommand {
		p.say(event.Listening{Address: p.address})
	}
	p.endedOnce.Do(func() { close(p.ended) })
}

// Opened returns how many connections there have been.
func (p *Proxy) Opened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.opened)
}

// WaitIdle returns when no connection is open, or after limit.
func (p *Proxy) WaitIdle(limit time.Duration) {
	const pause = 2 * time.Millisecond
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(pause) {
		p.mu.Lock()
		open := len(p.connections)
		p.mu.Unlock()
		if open == 0 {
			return
		}
	}
}

// stop closes everything, and waits for it to end.
func (p *Proxy) stop() {
	p.mu.Lock()
	p.stopping = true
	close(p.stopped)
	for _, l := range p.listeners {
		_ = l.Close() // it is closed either way
	}
	for c := range p.connections {
		c.stop()
	}
	p.mu.Unlock()
	p.running.Wait()
}

// say records a fact about pgpi itself.
func (p *Proxy) say(f event.Fact) { p.recordFact(event.Said, f) }

func (p *Proxy) recordFact(kind event.Kind, f event.Fact) {
	now := time.Now()
	_ = p.record(&event.Event{At: now, Elapsed: now.Sub(p.started), Kind: kind, Fact: f})
}
