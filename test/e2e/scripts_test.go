package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// speaker is one end of a plain TCP connection that does what no well-behaved client or server
// would.
type speaker struct {
	t    *testing.T
	conn net.Conn
}

// speak connects to a pgpi.
func speak(t *testing.T, p *pgpi) *speaker {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
	if err != nil {
		t.Fatal(err)
	}
	return newSpeaker(t, conn)
}

func newSpeaker(t *testing.T, conn net.Conn) *speaker {
	t.Cleanup(func() { _ = conn.Close() })     // it may be closed
	_ = conn.SetDeadline(time.Now().Add(hang)) // a failure shows in the next call
	return &speaker{t, conn}
}

// send sends packets in one write.
func (s *speaker) send(packets ...[]byte) {
	s.t.Helper()
	var all []byte
	for _, p := range packets {
		all = append(all, p...)
	}
	if _, err := s.conn.Write(all); err != nil {
		s.t.Errorf("send %q: %v", all, err)
	}
}

// read reads a number of bytes, whatever they are.
func (s *speaker) read(n int) {
	s.t.Helper()
	b := make([]byte, n)
	if got, err := io.ReadFull(s.conn, b); err != nil {
		s.t.Errorf("read %d bytes: %v after %q", n, err, b[:got])
	}
}

// readAll reads until the end of the connection, which may be a reset.
func (s *speaker) readAll() []byte {
	s.t.Helper()
	b, err := io.ReadAll(s.conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Errorf("the connection does not end; after %q", b)
	}
	return b
}

func (s *speaker) close() { _ = s.conn.Close() } // it may be closed

func (s *speaker) closeWrite() { _ = s.conn.(*net.TCPConn).CloseWrite() } // the peer may be gone

// reset ends the connection as a crash would.
func (s *speaker) reset() {
	_ = s.conn.(*net.TCPConn).SetLinger(0) // the peer may be gone
	s.close()
}

// scripted listens as a server. A script serves its connections, one after the other.
func scripted(t *testing.T, script func(*speaker)) (options []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s := newSpeaker(t, conn)
			script(s)
			s.close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close() // ends Accept
		<-ended
	})
	return []string{"--server-host=127.0.0.1", fmt.Sprintf("--server-connect-port=%d", l.Addr().(*net.TCPAddr).Port)}
}

// Packets: PostgreSQL documentation, "Message Formats".

var sslRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}

// startupMessage returns one of protocol 3.0.
func startupMessage(parameters ...string) []byte {
	b := []byte{0, 0, 0, 0, 0, 3, 0, 0}
	for _, p := range parameters {
		b = append(append(b, p...), 0)
	}
	b = append(b, 0)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// message returns one with a type byte.
func message(kind byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body))), body...)
}

func passwordMessage(password string) []byte { return message('p', password+"\x00") }

func queryMessage(sql string) []byte { return message('Q', sql+"\x00") }

// Messages of a server.
var (
	authenticationOk = message('R', "\x00\x00\x00\x00")
	readyForQuery    = message('Z', "I")
)
