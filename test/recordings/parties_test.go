package recordings

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"pgpi/test/program"
)

// stage has a pgpi between clients and a server. Both are played here, so that what they say is in
// one order.
type stage struct {
	*maker
	pgpi   *program.Pgpi
	server net.Listener
	opened int // connections of clients
}

// play starts a pgpi that records, and that relays to a server played here.
func (m *maker) play(args ...string) *stage {
	m.Helper()
	server := m.listen("tcp", "127.0.0.1:0")
	return &stage{maker: m, server: server, pgpi: m.pgpi(to(portOf(server), args...)...)}
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

func (m *maker) listen(network, address string) net.Listener {
	m.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() { _ = l.Close() }) // it was for accepting
	return l
}

// end ends pgpi when all connections have ended, and keeps the recording.
func (s *stage) end() {
	s.Helper()
	s.waitEnds()
	s.pgpi.Stop()
	s.keep()
}

// waitEnds waits until all connections have ended.
func (s *stage) waitEnds() {
	s.Helper()
	s.pgpi.Log.WaitEnds(s, s.opened)
}

// dial connects a client.
func (s *stage) dial() *party {
	s.Helper()
	return s.dialTo("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.pgpi.Port)))
}

func (s *stage) dialTo(network, address string) *party {
	s.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		s.Fatal(err)
	}
	s.opened++
	return newParty(s.maker, conn)
}

// accept accepts the server's next connection.
func (s *stage) accept() *party {
	s.Helper()
	conn, err := s.server.Accept()
	if err != nil {
		s.Fatal(err)
	}
	return newParty(s.maker, conn)
}

// session returns a connection whose client has logged in. key is the key of its cancel requests,
// or empty.
func (s *stage) session(user, key string) (client, server *party) {
	s.Helper()
	client = s.dial()
	return client, s.logIn(client, user, key)
}

func (s *stage) logIn(client *party, user, key string) (server *party) {
	s.Helper()
	client.say(startup(user))
	server = s.accept()
	server.hear(startup(user))
	server.say(welcome(key))
	client.hear(ready)
	return server
}

// cancel sends a cancel request with a key.
func (s *stage) cancel(key string) {
	s.Helper()
	client := s.dial()
	client.say(packet("\x04\xd2\x16\x2e\x00\x00\x10\x01" + key))
	server := s.accept()
	server.hear(key)
	server.close()
	client.hearEnd()
}

// party is one end of a connection.
type party struct {
	m    *maker
	conn net.Conn
}

func newParty(m *maker, conn net.Conn) *party {
	m.Cleanup(func() { _ = conn.Close() })             // it may be closed
	_ = conn.SetDeadline(time.Now().Add(program.Hang)) // a failure shows in the next call
	return &party{m, conn}
}

// say sends packets in one write. The other end may be gone.
func (p *party) say(packets ...string) { _, _ = io.WriteString(p.conn, strings.Join(packets, "")) }

// hear reads until a text.
func (p *party) hear(text string) {
	p.m.Helper()
	var got []byte
	for one := make([]byte, 1); !bytes.HasSuffix(got, []byte(text)); {
		if _, err := p.conn.Read(one); err != nil {
			p.m.Fatalf("%q does not come: %v after %q", text, err, got)
		}
		got = append(got, one...)
	}
}

// hearEnd reads until the other end's end, which may be a reset.
func (p *party) hearEnd() {
	p.m.Helper()
	if _, err := io.ReadAll(p.conn); errors.Is(err, os.ErrDeadlineExceeded) {
		p.m.Fatal("the connection does not end")
	}
}

// ask sends a request to the other party, which answers it.
func (p *party) ask(other *party, request string, reply ...string) {
	p.m.Helper()
	p.say(request)
	other.hear(request)
	other.say(reply...)
	p.hear(strings.Join(reply, ""))
}

// leave says goodbye as a client does.
func (p *party) leave(server *party) {
	p.m.Helper()
	p.say(terminate)
	p.close()
	server.hearEnd()
	server.close()
}

func (p *party) close() { _ = p.conn.Close() } // it may be closed

func (p *party) closeWrite() { _ = p.conn.(*net.TCPConn).CloseWrite() } // the other end may be gone

// reset ends the connection as a crash would.
func (p *party) reset() {
	_ = p.conn.(*net.TCPConn).SetLinger(0) // the other end may be gone
	p.close()
}

// Packets: PostgreSQL documentation, "Message Formats".

const (
	sslRequest = "\x00\x00\x00\x08\x04\xd2\x16\x2f"
	gssRequest = "\x00\x00\x00\x08\x04\xd2\x16\x30"
)

// packet returns one without a type byte.
func packet(body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))) + body
}

// startup returns a StartupMessage of protocol 3.0.
func startup(user string) string {
	return packet("\x00\x03\x00\x00user\x00" + user + "\x00database\x00shop\x00\x00")
}

// message returns one with a type byte.
func message(kind byte, body string) string { return string(kind) + packet(body) }

func query(sql string) string { return message('Q', sql+"\x00") }

var (
	trusted   = message('R', "\x00\x00\x00\x00")
	ready     = message('Z', "I")
	sync      = message('S', "")
	terminate = message('X', "")
	// column describes a result's column, of type text.
	column = message('T', "\x00\x01word\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00")
)

// welcome returns what a server says to a client that it trusts. Without a key it says as little as
// possible.
func welcome(key string) string {
	if key == "" {
		return trusted + ready
	}
	return trusted + message('S', "client_encoding\x00UTF8\x00") + message('K', "\x00\x00\x10\x01"+key) + ready
}

// row returns a row of one column.
func row(text string) string {
	return message('D', "\x00\x01"+string(binary.BigEndian.AppendUint32(nil, uint32(len(text))))+text)
}

// complete ends a result.
func complete(tag string) string { return message('C', tag+"\x00") + ready }

// selected returns the result of a query with one row.
func selected(text string) string { return column + row(text) + complete("SELECT 1") }

func failure(severity, code, text string) string {
	return message('E', "S"+severity+"\x00V"+severity+"\x00C"+code+"\x00M"+text+"\x00\x00")
}
