package faults

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHostileClients has what clients send that they shouldn't. Before the StartupMessage, pgpi
// closes the connection on anything that no server would accept, and says why. After it, the server
// decides, and the client sees what it would see there.
func TestHostileClients(t *testing.T) {
	t.Parallel()
	for _, f := range slices.Concat(beforeStartup, afterLogin) {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			f.section = "Hostile clients"
			f.run(t)
		})
	}
}

// sends is a client that sends bytes, and reads until the end or a ReadyForQuery.
func sends(packets ...[]byte) func(*place) string {
	return func(p *place) string {
		s := p.speak()
		s.send(packets...)
		return describe(s.readAll())
	}
}

// describe names what came before the StartupMessage was answered: a reply byte, an error in either
// form, or nothing.
func describe(b []byte) string {
	switch {
	case len(b) == 0:
		return "closed"
	case len(b) == 1:
		return string(b) + ", closed"
	case b[0] == 'E' && b[1] != 0:
		return "old-style error: " + strings.TrimRight(string(b[1:]), "\n\x00") + ", closed"
	}
	for _, field := range strings.Split(string(b[5:]), "\x00") {
		if text, found := strings.CutPrefix(field, "M"); found {
			return "FATAL: " + text + ", closed"
		}
	}
	return "something else, closed"
}

var beforeStartup = []fault{
	{name: "startup length 4", play: sends([]byte{0, 0, 0, 4}), log: []string{"not a Postgres client"}},
	{name: "negative startup length", play: sends([]byte{0xff, 0, 0, 4, 0, 3, 0, 0}), log: []string{"not a Postgres client"}},
	{name: "startup of 10005 bytes", play: sends([]byte{0, 0, 0x27, 0x15, 0, 3, 0, 0}), log: []string{"not a Postgres client"}},
	{name: "HTTP request", play: sends([]byte("GET / HTTP/1.1\r\nHost: db\r\n\r\n")), log: []string{"not a Postgres client: it sent an HTTP request"}},
	{name: "SSH client", play: sends([]byte("SSH-2.0-OpenSSH_9.2\r\n")), log: []string{"not a Postgres client: it speaks SSH"}},
	{name: "protocol 2.0", play: sends(startupPacket(2, strings.Repeat("\x00", 288)))},
	{name: "protocol 4.0", play: sends(startupPacket(4, "user\x00postgres\x00\x00"))},
	{name: "startup without its end", play: sends(startupPacket(3, "user\x00postgres"))},
	{name: "startup without a user", play: sends(startupPacket(3, "database\x00postgres\x00\x00"))},
	{name: "startup cut off", play: func(p *place) string {
		s := p.speak()
		s.send(startupMessage("user", "postgres")[:11])
		s.closeWrite()
		return describe(s.readAll())
	}, log: []string{"client disconnected after 11 bytes of a startup packet"}},
	tooLate("nothing at all"),
	tooLate("half a startup, then nothing", startupMessage("user", "postgres")[:11]),
	tooLate("TLS begun, then nothing", []byte{22, 3, 1, 2}),
	{
		name: "bytes stuffed after SSLRequest", play: sends(sslRequest, []byte("more")), differs: true, server: impatientServer,
		log: []string{"protocol violation by client: 4 bytes follow the SSLRequest before its reply"},
	},
	{
		name: "bytes stuffed after GSSENCRequest", play: sends(gssRequest, []byte("more")), differs: true,
		log: []string{"protocol violation by client: 4 bytes follow the GSSENCRequest before its reply"},
	},
	{name: "second GSSENCRequest", play: func(p *place) string {
		s := p.speak()
		s.send(gssRequest)
		reply := string(s.read(1))
		s.send(gssRequest)
		return reply + ", then " + describe(s.readAll())
	}},
	{name: "second SSLRequest, inside TLS", play: func(p *place) string {
		s := p.speak().encrypt()
		s.send(sslRequest)
		return describe(s.readAll())
	}},
}

// impatientServer is for clients that say too little. On a busy machine, any client is late for it.
func impatientServer(t *testing.T) address { return addressOf(impatient.start(t)) }

// tooLate is a client that sends less than a startup.
func tooLate(name string, packets ...[]byte) fault {
	return fault{
		name: name, play: sends(packets...), server: impatientServer,
		options: []string{"--startup-timeout=3s"}, log: []string{"no StartupMessage within 3s"},
	}
}

// says is a client that logs in, sends bytes, and reads the replies.
func says(packets ...[]byte) func(*place) string {
	return func(p *place) string {
		s := p.speak().logIn()
		s.send(packets...)
		return s.asksNext(s.readReply())
	}
}

// saysLast is the same for a client that then ends its half.
func saysLast(packets ...[]byte) func(*place) string {
	return func(p *place) string {
		s := p.speak().logIn()
		s.send(packets...)
		s.closeWrite()
		reply := s.readReply()
		for strings.HasSuffix(reply, "open") {
			reply = strings.TrimSuffix(reply, "open") + s.readReply()
		}
		return reply
	}
}

// copying is a client in the middle of COPY FROM STDIN.
func copying(packets ...[]byte) [][]byte {
	return append([][]byte{queryMessage("copy pg_temp.t from stdin"), message('d', "1\n")}, packets...)
}

var (
	parse   = message('P', "\x00select $1::int\x00\x00\x00")
	syncNow = message('S', "")
	execute = message('E', "\x00\x00\x00\x00\x00")
)

var afterLogin = []fault{
	{name: "message length 0", play: says(lying('Q', 0, "")), log: []string{"out of sync"}},
	{name: "message length 3", play: says(lying('Q', 3, "")), log: []string{"out of sync"}},
	{name: "negative message length", play: says(lying('Q', 0xfffffff0, "")), log: []string{"out of sync"}},
	{name: "message length 2^31-1", play: says(lying('Q', 0x7fffffff, "select 1\x00")), log: []string{"out of sync"}},
	// The server may read no more than the length.
	{name: "Sync of 20000 bytes", play: says(lying('S', 20000, strings.Repeat("x", 19996))), either: []string{
		"hung up", "connection to server lost: broken pipe", "connection to server lost: connection reset by peer",
	}},
	{name: "unknown message type", play: says(message('y', ""))},
	{name: "two unknown message types", play: says(message('y', ""), message('z', ""))},
	{name: "message type 0", play: says([]byte{0, 0, 0, 0, 4}), log: []string{"out of sync"}},
	{name: "random bytes", play: says([]byte("\xff\xfe\x00\x01random")), log: []string{"out of sync"}},
	{name: "TLS after the login", play: says([]byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3}), log: []string{"out of sync"}},
	{name: "Query without its NUL", play: says(message('Q', "select 1"))},
	{name: "Query with bytes behind its NUL", play: says(message('Q', "select 1\x00more"))},
	{name: "Bind with too few parameters", play: says(parse, message('B', "\x00\x00\x00\x00\x00\x00\x00\x00"), execute, syncNow)},
	{name: "Bind that ends early", play: says(parse, message('B', "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x64"), syncNow)},
	{name: "Describe of neither kind", play: says(message('D', "x\x00"), syncNow)},
	{name: "password after the login", play: says(message('p', "swordfish\x00"))},
	{name: "CopyData outside of COPY", play: says(message('d', "1\n"), message('c', ""), queryMessage("select 1"))},
	{name: "FunctionCall of nothing", play: says(message('F', "\x00\x00"))},
	{name: "a message behind Terminate", play: saysLast(message('X', ""), queryMessage("select 1"))},
	{name: "Query cut off", play: saysLast(queryMessage("select 1")[:9]), log: []string{"the last message was cut off"}},
	{name: "large message cut off", play: saysLast(lying('Q', 1<<20, strings.Repeat("x", 1<<18))), log: []string{"the last message was cut off"}},
	{name: "message cut off in COPY", play: func(p *place) string {
		s := p.speak().logIn()
		s.send(queryMessage("create temp table t (i int)"))
		s.readReply()
		s.send(copying(lying('d', 100, "2\n"))...)
		s.closeWrite()
		return s.readReply()
	}, log: []string{"the last message was cut off"}},
	{name: "Query, then half-close", play: saysLast(queryMessage("select repeat('x', 200000)")), log: []string{"client hung up"}},
	{name: "Query over TLS, then FIN without close_notify", play: func(p *place) string {
		s := p.speak().encrypt().logIn()
		s.send(queryMessage("select repeat('x', 200000)"))
		s.closeWrite()
		return s.readReply()
	}, log: []string{"client hung up without TLS close_notify"}},
	{name: "10000 Syncs at once", play: func(p *place) string {
		const n = 10000
		s := p.speak().logIn()
		s.send(bytes.Repeat(syncNow, n))
		if reply, err := io.ReadAll(io.LimitReader(s.conn, 6*n)); err != nil || !bytes.Equal(reply, bytes.Repeat(message('Z', "I"), n)) {
			return "something else"
		}
		return s.asksNext("10000 × ReadyForQuery, open")
	}},
	{name: "byte by byte", play: func(p *place) string {
		s := p.speak().logIn()
		_ = s.raw.SetNoDelay(true) // it is the default
		for _, b := range queryMessage("select 'slow'") {
			s.send([]byte{b})
			time.Sleep(time.Millisecond) // makes each a segment of its own
		}
		return s.asksNext(s.readReply())
	}},
}
