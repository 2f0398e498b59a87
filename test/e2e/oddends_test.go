package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Ends are what a party does last. Each name lists what it does, step by step.
var (
	clientEnds = []string{
		"close", "terminate close", "terminate terminate close", "terminate sync close", "terminate pause sync close", "terminate half pause close",
		"half pause close", "query half pause close", "part close", "part half pause close", "big close", "garbage close", "terminate garbage close",
		"reset", "terminate reset", "query reset", "terminate pause part reset",
	}
	serverEnds = []string{"read close", "close", "ready close", "half read close", "part close", "reset", "garbage read close"}
)

// steps are the steps of ends.
var steps = map[string]func(*speaker){
	"terminate": func(s *speaker) { s.try(message('X', "")) },
	"sync":      func(s *speaker) { s.try(message('S', "")) },
	"query":     func(s *speaker) { s.try(queryMessage("select 1")) },
	"ready":     func(s *speaker) { s.try(readyForQuery) },
	"part":      func(s *speaker) { s.try(queryMessage("select 1")[:9]) },
	"big":       func(s *speaker) { s.try([]byte{'Q', 0, 2, 0, 0, 'x', 'x', 'x'}) },
	"garbage":   func(s *speaker) { s.try([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) },
	"pause":     func(*speaker) { time.Sleep(20 * time.Millisecond) }, // lets the other end first, mostly
	"half":      (*speaker).halfClose,
	"read":      func(s *speaker) { _, _ = io.Copy(io.Discard, s.conn) }, // whatever comes, however it ends
	"reset":     func(s *speaker) { s.reset() },
	"close":     (*speaker).close,
}

// try sends something that the peer may no longer be there to read.
func (s *speaker) try(b []byte) { _, _ = s.conn.Write(b) }

// halfClose ends this side's half, inside TLS as its peers expect it.
func (s *speaker) halfClose() {
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // the peer may be gone
	}
}

func (s *speaker) end(words string) {
	for _, word := range strings.Fields(words) {
		steps[word](s)
	}
}

// However the two parties of a connection end it, the recording equals the live log, and nothing is
// missing in it.
func TestOddEnds(t *testing.T) {
	ends := 0
	path := filepath.Join(t.TempDir(), "ends.pcapng")
	p := launch(t, append(scripted(t, func(s *speaker) {
		name := make([]byte, len(startupMessage("user", "00")))
		if _, err := io.ReadFull(s.conn, name); err != nil {
			return
		}
		var server int
		if _, err := fmt.Sscanf(string(name[len(name)-4:]), "%d", &server); err != nil {
			t.Errorf("the startup message %q names no end: %v", name, err)
			return
		}
		s.try(greeting)
		s.end(serverEnds[server])
	}), "--server-sslmode=disable", "--log-time=relative", "--record="+path)...)
	for server := range serverEnds {
		for _, client := range clientEnds {
			for _, how := range []string{"plain", "TLS", "TLS without close_notify"} {
				if how != "plain" && strings.Contains(client, "reset") {
					continue
				}
				end(t, p, how, client, server)
				ends++
			}
		}
	}
	p.stop(t)
	live := strings.Join(p.log.all(), "\n") + "\n"
	if log := readBack(t, "--log-time=relative", path); log != live {
		t.Errorf("the log of the recording differs from the live one:\n%s", firstDifference(log, live))
	}
	if n := strings.Count(live, "connection end"); n != ends {
		t.Errorf("%d of %d connections have ended", n, ends)
	}
}

// end is a connection that ends in one way, and waits for its end.
func end(t *testing.T, p *pgpi, how, client string, server int) {
	t.Helper()
	s := speak(t, p)
	raw := s.conn
	if how != "plain" {
		s.try(sslRequest)
		s.read(1)
		conn := tls.Client(s.conn, &tls.Config{InsecureSkipVerify: true})
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		s.conn = conn
		if how == "TLS without close_notify" {
			s.conn = silent{conn, raw.(*net.TCPConn)}
		}
	}
	s.try(startupMessage("user", fmt.Sprintf("%02d", server)))
	if serverEnds[server] == "read close" { // others may be gone by then
		s.read(len(greeting))
	}
	s.end(client)
	_ = raw.Close() // it may be closed
}

// silent is a TLS connection that ends without a close_notify.
type silent struct {
	net.Conn
	raw *net.TCPConn
}

func (s silent) CloseWrite() error { return s.raw.CloseWrite() }
func (s silent) Close() error      { return s.raw.Close() }
