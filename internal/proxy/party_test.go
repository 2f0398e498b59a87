package proxy_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// patience is how long a party waits for what must come: the clock of a bubble advances only when
// nothing else can.
const patience = time.Hour

// party is a scripted client or server.
type party struct {
	raw  *watched
	conn net.Conn // the raw connection, or TLS over it
}

// watched is a connection that knows whether its peer has ended it.
type watched struct {
	*end
	over bool
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.end.Read(b)
	w.over = w.over || errors.Is(err, io.EOF)
	return n, err
}

func newParty(conn net.Conn) *party {
	raw := &watched{end: conn.(*end)}
	return &party{raw: raw, conn: raw}
}

func (p *party) send(bytes string) error {
	_ = p.raw.SetDeadline(time.Now().Add(patience)) // then the write fails too
	_, err := io.WriteString(p.conn, bytes)
	return err
}

// receive requires exactly these bytes next.
func (p *party) receive(want string) error {
	_ = p.raw.SetDeadline(time.Now().Add(patience)) // then the read fails too
	got := make([]byte, len(want))
	n, err := io.ReadFull(p.conn, got)
	if string(got[:n]) != want {
		return fmt.Errorf("received %.300q, not %.300q (%w)", got[:n], want, err)
	}
	return err
}

// readFull fills b.
func (p *party) readFull(b []byte) error {
	_ = p.raw.SetDeadline(time.Now().Add(patience)) // then the read fails too
	_, err := io.ReadFull(p.conn, b)
	return err
}

// counts requires that many writes to have come since it was last asked.
func (p *party) counts(want int) error {
	p.raw.mu.Lock()
	defer p.raw.mu.Unlock()
	got := p.raw.writes
	p.raw.writes = 0
	if got != want {
		return fmt.Errorf("there were %d", got)
	}
	return nil
}

// sees requires the connection to have ended in a certain way.
func (p *party) sees(how string) error {
	_ = p.raw.SetDeadline(time.Now().Add(patience)) // then the read fails too
	n, err := p.conn.Read(make([]byte, 1))
	_, encrypted := p.conn.(*tls.Conn)
	switch {
	case n > 0:
		return errors.New("received bytes")
	case how == "end" && errors.Is(err, io.EOF) && (!encrypted || !p.raw.over):
	case how == "end without notice" && errors.Is(err, io.EOF) && encrypted && p.raw.over:
	case how == "reset" && errors.Is(err, syscall.ECONNRESET):
	default:
		return fmt.Errorf("saw %w, not %s", err, how)
	}
	return nil
}

// isAbandoned requires the other end to be closed, whatever is left to read.
func (p *party) isAbandoned() error {
	p.raw.mu.Lock()
	defer p.raw.mu.Unlock()
	if !p.raw.peer.closed {
		return errors.New("it is not")
	}
	return nil
}

// ends closes the connection, or its own half of it, in one of the possible ways.
func (p *party) ends(how string) error {
	encrypted, _ := p.conn.(*tls.Conn)
	switch how {
	case "closes":
		return p.conn.Close()
	case "closes without notice":
		return p.raw.Close()
	case "half-closes":
		if encrypted != nil {
			if err := encrypted.CloseWrite(); err != nil {
				return err
			}
		}
		return p.raw.CloseWrite()
	case "resets":
		_ = p.raw.SetLinger(0) // it never fails
		return p.raw.Close()
	case "breaks TLS":
		_, err := p.raw.Write([]byte{21, 3, 3, 0, 2, 2, 40}) // an alert that is not encrypted
		return err
	case "cuts a TLS record off":
		if _, err := p.raw.Write([]byte{23, 3, 3, 1, 0, 'x'}); err != nil {
			return err
		}
		return p.raw.CloseWrite()
	}
	return fmt.Errorf("nobody %s", how)
}

// startClientTLS does the client's part of a handshake. With a preamble the ClientHello does not
// wait for the reply to the request in it.
func (p *party) startClientTLS(config *tls.Config, preamble string) error {
	_ = p.raw.SetDeadline(time.Now().Add(patience)) // then the handshake fails too
	conn := tls.Client(&hasty{Conn: p.raw, preamble: preamble}, config)
	p.conn = conn
	return conn.Handshake()
}

// startServerTLS does the server's part.
func (p *party) startServerTLS(config *tls.Config) error {
	_ = p.raw.SetDeadline(time.Now().Add(patience)) // then the handshake fails too
	conn := tls.Server(p.raw, config)
	p.conn = conn
	return conn.Handshake()
}

// hasty puts a preamble before the first write, and skips the "S" that answers it before the first
// read.
type hasty struct {
	net.Conn
	preamble string
	skip     int
}

func (h *hasty) Write(b []byte) (int, error) {
	if h.preamble == "" {
		return h.Conn.Write(b)
	}
	b = append([]byte(h.preamble), b...)
	n, err := h.Conn.Write(b)
	n -= len(h.preamble)
	h.preamble, h.skip = "", 1
	return n, err
}

func (h *hasty) Read(b []byte) (int, error) {
	if h.skip > 0 {
		h.skip = 0
		reply := make([]byte, 1)
		if _, err := io.ReadFull(h.Conn, reply); err != nil || reply[0] != 'S' {
			return 0, fmt.Errorf("the reply is %q (%w)", reply, err)
		}
	}
	return h.Conn.Read(b)
}
