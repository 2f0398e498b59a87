package faults

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// speaker is one end of a connection that does what no well-behaved client or server would.
type speaker struct {
	t    *testing.T
	raw  *net.TCPConn
	conn net.Conn // raw, or TLS over it
}

// speak connects.
func speak(t *testing.T, to address) *speaker {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(to.host, fmt.Sprint(to.port)))
	if err != nil {
		t.Fatal(err)
	}
	return newSpeaker(t, conn)
}

func newSpeaker(t *testing.T, conn net.Conn) *speaker {
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed
	return &speaker{t, conn.(*net.TCPConn), patient{conn}}
}

// patient is a connection on which one read or write, and what comes before it, may take as long as
// anything may.
type patient struct{ net.Conn }

func (p patient) Read(b []byte) (int, error) {
	_ = p.SetReadDeadline(deadline()) // a failure shows in the read
	return p.Conn.Read(b)
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.SetWriteDeadline(deadline()) // a failure shows in the write
	return p.Conn.Write(b)
}

// logIn logs in to a server that trusts everybody.
func (s *speaker) logIn() *speaker {
	s.t.Helper()
	s.send(startupMessage("user", "postgres", "database", "postgres"))
	if reply := s.readReply(); !strings.HasSuffix(reply, "open") {
		s.t.Fatalf("the login gets: %s", reply)
	}
	return s
}

// encrypt begins TLS with an SSLRequest.
func (s *speaker) encrypt() *speaker {
	s.t.Helper()
	s.send(sslRequest)
	if got := s.read(1); string(got) != "S" {
		s.t.Fatalf("the reply to the SSLRequest is %q", got)
	}
	conn := tls.Client(s.conn, &tls.Config{InsecureSkipVerify: true})
	if err := conn.Handshake(); err != nil {
		s.t.Fatal(err)
	}
	s.conn = conn
	return s
}

// certificate returns the one that the peer presented.
func (s *speaker) certificate() []byte {
	return s.conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw
}

// send sends packets in one write. The peer may be gone.
func (s *speaker) send(packets ...[]byte) {
	_, _ = s.conn.Write(bytes.Join(packets, nil))
}

// read reads a number of bytes, whatever they are.
func (s *speaker) read(n int) []byte {
	s.t.Helper()
	b := make([]byte, n)
	if got, err := io.ReadFull(s.conn, b); err != nil {
		s.t.Errorf("read %d bytes: %v after %q", n, err, b[:got])
	}
	return b
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

// readReply reads messages up to a ReadyForQuery or the end, and names them.
func (s *speaker) readReply() string {
	s.t.Helper()
	var names []string
	for {
		m, err := s.readMessage()
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				s.t.Errorf("the connection does not end; after %q", names)
			}
			return strings.Join(append(names, "closed"), ", ")
		}
		t := wire.Identify(wire.Server, m)
		switch {
		case t == wire.ReadyForQuery:
			return strings.Join(append(names, "ReadyForQuery, open"), ", ")
		case t == wire.ErrorResponse:
			severity, _ := wire.ErrorFieldOf(m, 'S')
			text, _ := wire.ErrorFieldOf(m, 'M')
			names = append(names, fmt.Sprintf("%s: %s", severity, text))
		case len(names) == 0 || names[len(names)-1] != t.String():
			names = append(names, t.String())
		}
	}
}

// readMessage reads a message, or as much as there is of one: the errors of old servers have no
// length.
func (s *speaker) readMessage() ([]byte, error) {
	header := make([]byte, wire.HeaderSize)
	if n, err := io.ReadFull(s.conn, header); err != nil {
		return header[:n], err
	}
	size := wire.Size(header)
	if size < wire.HeaderSize || size > 64<<20 {
		rest, err := io.ReadAll(s.conn)
		return append(header, rest...), errors.Join(err, io.EOF)
	}
	m := slices.Grow(header, int(size))[:size]
	_, err := io.ReadFull(s.conn, m[wire.HeaderSize:])
	return m, err
}

// asksNext sends a query, and names what comes back.
func (s *speaker) asksNext(sofar string) string {
	if !strings.HasSuffix(sofar, "open") {
		return sofar
	}
	s.send(queryMessage("select 1"))
	if reply := s.readReply(); reply != "RowDescription, DataRow, CommandComplete, ReadyForQuery, open" {
		return sofar + ", but the next query gets: " + reply
	}
	return sofar
}

func (s *speaker) close() { _ = s.raw.Close() } // it may be closed

func (s *speaker) closeWrite() { _ = s.raw.CloseWrite() } // the peer may be gone

// reset ends the connection as a crash would.
func (s *speaker) reset() {
	_ = s.raw.SetLinger(0) // the peer may be gone
	s.close()
}

// scripted listens as a server. A script serves each of its connections.
func scripted(t *testing.T, script func(*speaker)) address {
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
			go func() {
				s := newSpeaker(t, conn)
				script(s)
				s.close()
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close() // ends Accept
		<-ended
	})
	return address{"127.0.0.1", l.Addr().(*net.TCPAddr).Port}
}

func serverOptions(a address) []string {
	return []string{"--server-host=" + a.host, fmt.Sprintf("--server-connect-port=%d", a.port)}
}

// Packets: PostgreSQL documentation, "Message Formats".

var (
	sslRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}
	gssRequest = []byte{0, 0, 0, 8, 4, 210, 22, 48}
)

// startupMessage returns one of protocol 3.0.
func startupMessage(parameters ...string) []byte {
	return startupPacket(3, strings.Join(parameters, "\x00")+"\x00\x00")
}

// startupPacket returns one of any protocol, with any contents.
func startupPacket(major uint16, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	b = binary.BigEndian.AppendUint16(b, major)
	return append(append(b, 0, 0), body...)
}

// message returns one with a type byte.
func message(kind byte, body string) []byte { return lying(kind, uint32(4+len(body)), body) }

// lying returns a message with a false length.
func lying(kind byte, length uint32, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, length), body...)
}

func queryMessage(sql string) []byte { return message('Q', sql+"\x00") }

// greeting is what a server sends to a client that it trusts.
var greeting = append(message('R', "\x00\x00\x00\x00"), readyForQuery...)

var readyForQuery = message('Z', "I")
