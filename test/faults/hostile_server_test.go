package faults

import (
	"crypto/tls"
	"encoding/binary"
	"strings"
	"testing"

	"pgpi/internal/localpg"
)

// TestHostileServers has what is at a server's address but is not a server, or a broken one. The
// client is psql. Once pgpi relays, the client's library decides what to make of it.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	for _, f := range hostileServers {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			f.section = "Hostile servers"
			f.run(t)
		})
	}
}

// answers is a server that accepts a login, reads a query and answers it with something.
func answers(reply ...[]byte) func(*testing.T) address {
	return func(t *testing.T) address {
		return scripted(t, func(s *speaker) {
			s.takeLogin()
			if _, err := s.readMessage(); err != nil {
				return // what came last was not expected
			}
			s.send(reply...)
			s.readAll()
		})
	}
}

// takeLogin is the server's part of a login without a password and without TLS.
func (s *speaker) takeLogin() {
	s.takeStartup()
	s.send(greeting)
}

// takeStartup refuses TLS and reads a StartupMessage.
func (s *speaker) takeStartup() {
	for {
		length := make([]byte, 4)
		if _, err := s.conn.Read(length); err != nil {
			return
		}
		packet := s.read(int(binary.BigEndian.Uint32(length)) - 4)
		if packet[0] == 0 { // a StartupMessage: a protocol version begins with zero
			return
		}
		s.send([]byte("N"))
	}
}

// asksOne is psql with one query.
func asksOne(parameters string) func(*place) string {
	return func(p *place) string { return p.psql(parameters, "select 1;\n") }
}

var oneRow = message('D', "\x00\x01\x00\x00\x00\x011")

// oneColumn describes a result with a column of type integer.
var oneColumn = message('T', "\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00")

// mySQL is the first thing that a MySQL server sends. Its length and version look like the header
// of a message.
const mySQL = "\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00\xff\xff\xff\x02\x00"

var hostileServers = []fault{
	{name: "no server but HTTP", server: greets("HTTP/1.1 400 Bad Request\r\n\r\n"), play: asksOne("sslmode=require"), differs: true,
		options: []string{"--server-sslmode=require"}, log: []string{"not a Postgres server: it speaks HTTP"}},
	{name: "no server but MySQL", server: greets(mySQL), play: asksOne("sslmode=require"), differs: true,
		options: []string{"--server-sslmode=require"}, log: []string{"not a Postgres server: it speaks MySQL"}},
	{name: "no server but MySQL, without TLS", server: greets(mySQL), play: asksOne("sslmode=disable"),
		options: []string{"--server-sslmode=disable"}, log: []string{"server -> client out of sync at byte 0: it speaks MySQL"}},
	{name: "server refuses TLS", server: greets("N"), play: asksOne("sslmode=require"), differs: true,
		options: []string{"--server-sslmode=require"}, log: []string{"server does not support TLS, but sslmode require requires it"}},
	{name: "server closes at the SSLRequest", server: greets(""), play: asksOne("sslmode=require"), differs: true,
		options: []string{"--server-sslmode=require"}, log: []string{"server disconnected before it answered the SSLRequest"}},
	{name: "error in place of TLS", server: greets(string(message('E', "SFATAL\x00VFATAL\x00C53300\x00Msorry, too many clients already\x00\x00"))),
		play: asksOne("sslmode=require"), differs: true, options: []string{"--server-sslmode=require"}},
	{name: "bytes stuffed behind S", server: greets("S" + string(greeting)), play: asksOne("sslmode=require"), differs: true,
		options: []string{"--server-sslmode=require"}, log: []string{"TLS handshake with server failed"}},
	{name: "error at the startup", server: func(t *testing.T) address {
		return scripted(t, func(s *speaker) {
			s.takeStartup()
			s.send(message('E', "SFATAL\x00VFATAL\x00C57P03\x00Mthe database system is starting up\x00\x00"))
		})
	}, play: asksOne(""), options: []string{"--server-sslmode=prefer"}},
	{name: "old-style error at the startup", server: func(t *testing.T) address {
		return scripted(t, func(s *speaker) {
			s.readSome()
			s.send([]byte("Ecould not fork new process for connection: Resource temporarily unavailable\n\x00"))
		})
	}, play: asksOne(""), options: []string{"--server-sslmode=disable"}},

	{name: "message length 0 from the server", server: answers(lying('T', 0, "")), play: asksOne(""), log: []string{"server -> client out of sync"}},
	{name: "negative message length from the server", server: answers(lying('T', 0xfffffff0, "")), play: asksOne(""), log: []string{"server -> client out of sync"}},
	{name: "message length 2^31-1 from the server", server: answers(lying('Z', 0x7fffffff, "I")), play: asksOne(""), log: []string{"server -> client out of sync"}},
	{name: "unknown message type from the server", server: answers(message('y', ""), message('Z', "I")), play: asksOne("")},
	{name: "random bytes from the server", server: answers([]byte("\xff\xfe\x00\x01random")), play: asksOne(""), log: []string{"server -> client out of sync"}},
	{name: "row before its description", server: answers(oneRow, message('C', "SELECT 1\x00"), message('Z', "I")), play: asksOne("")},
	{name: "row with more columns than described", server: answers(oneColumn, message('D', "\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff"), message('C', "SELECT 1\x00"), message('Z', "I")), play: asksOne("")},
	{name: "row that ends early", server: answers(oneColumn, message('D', "\x00\x01\x00\x00\x00\x64abc"), message('C', "SELECT 1\x00"), message('Z', "I")), play: asksOne("")},
	{name: "error without its end", server: answers(message('E', "SERROR\x00Mhalf"), message('Z', "I")), play: asksOne("")},
	{name: "reply cut off", server: answersAndLeaves(oneColumn, lying('D', 100, "\x00\x01")), play: asksOne(""), log: []string{"the last message was cut off"}},
	{name: "no reply but the end", server: answersAndLeaves(), play: asksOne("")},
	{name: "7,499 parameter types", server: func(t *testing.T) address {
		return scripted(t, func(s *speaker) {
			s.takeLogin()
			s.readUntilSync()
			s.send(message('1', ""), message('Z', "I"))
			s.readUntilSync()
			s.send(message('t', "\x1d\x4b"+strings.Repeat("\x00\x00\x00\x17", 7499)), message('n', ""), message('Z', "I"))
			s.readAll()
		})
	}, play: func(p *place) string { return p.psql("", "select 1 \\gdesc\n") }},
	{name: "server ends TLS without close_notify", server: func(t *testing.T) address { return encrypted(t, func(s *speaker) { s.close() }) },
		play: askInCleartext, options: []string{"--server-sslmode=require"}, log: []string{"server hung up without TLS close_notify"}},
	{name: "TLS alert from the server under way", server: func(t *testing.T) address {
		return encrypted(t, func(s *speaker) {
			_, _ = s.raw.Write([]byte{21, 3, 3, 0, 2, 2, 40}) // handshake_failure, not encrypted; a failure shows at the end
			s.readAll()
		})
	}, play: askInCleartext, options: []string{"--server-sslmode=require"}, log: []string{"connection to server lost: "}},
}

// askInCleartext asks something, without TLS as far as pgpi, which has it to the server.
func askInCleartext(p *place) string {
	s := p.speak()
	if p.pgpi == nil {
		s.encrypt()
	}
	s.logIn()
	s.send(queryMessage("select 1"))
	return s.readReply()
}

// greets is a server that answers the first packet with something, and closes.
func greets(reply string) func(*testing.T) address {
	return func(t *testing.T) address {
		return scripted(t, func(s *speaker) {
			s.readSome()
			s.send([]byte(reply))
			s.closeWrite()
			s.readAll()
		})
	}
}

// answersAndLeaves is a server that ends the connection after its answer.
func answersAndLeaves(reply ...[]byte) func(*testing.T) address {
	return func(t *testing.T) address {
		return scripted(t, func(s *speaker) {
			s.takeLogin()
			if _, err := s.readMessage(); err == nil {
				s.send(reply...)
			}
		})
	}
}

// encrypted is a server with TLS that accepts a login and a query, and then does something.
func encrypted(t *testing.T, then func(*speaker)) address {
	server := shared.start(t)
	identity := loadIdentity(t, server)
	return scripted(t, func(s *speaker) {
		s.read(len(sslRequest))
		s.send([]byte("S"))
		s.conn = tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{identity}})
		s.takeLogin()
		if _, err := s.readMessage(); err == nil {
			then(s)
		}
	})
}

func loadIdentity(t *testing.T, server *localpg.Server) tls.Certificate {
	t.Helper()
	identity, err := tls.LoadX509KeyPair(server.ServerCert, server.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// readSome reads what has come, whatever it is.
func (s *speaker) readSome() { _, _ = s.conn.Read(make([]byte, 10_000)) } // a failure shows in the next call

// readUntilSync reads a client's messages up to a Sync.
func (s *speaker) readUntilSync() {
	for {
		m, err := s.readMessage()
		if err != nil || m[0] == 'S' {
			return
		}
	}
}
