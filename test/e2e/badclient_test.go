package e2e

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
)

// A client that is at pgpi's port by mistake or in malice costs one line in the log, and nothing
// else for anybody.
func TestBadClients(t *testing.T) {
	p := start(t, to(startCluster(t, server18))...)
	tests := []struct {
		name   string
		script func(*speaker)
		line   string
	}{
		{"port scan", func(s *speaker) { s.close() }, "client disconnected before startup"},
		{"half-open scan", func(s *speaker) { s.reset() }, "connection to client lost: connection reset by peer"},
		{"HTTP", func(s *speaker) { s.send([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")); s.readAll() }, "not a Postgres client: it sent an HTTP request"},
		{"SSH", func(s *speaker) { s.send([]byte("SSH-2.0-OpenSSH_9.2\r\n")); s.readAll() }, "not a Postgres client: it speaks SSH"},
		{"garbage", func(s *speaker) { s.send([]byte("\xff\xfe\xfd\xfc\xfb\xfa")); s.readAll() }, "not a Postgres client: it announced a startup packet of -"},
		{"zeros", func(s *speaker) { s.send(make([]byte, 100)); s.readAll() }, "not a Postgres client: it announced a startup packet of 0 bytes, where servers take 8 to"},
		{"too long", func(s *speaker) { s.send([]byte{0, 1, 0, 0}); s.readAll() }, "not a Postgres client: it announced a startup packet of 65536 bytes"},
		{"cut off", func(s *speaker) { s.send(startupMessage("user", "x")[:9]); s.close() }, "client disconnected after 9 bytes of a startup packet"},
		{"TLS without ALPN", func(s *speaker) {
			if err := tls.Client(s.conn, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
				s.t.Error("direct TLS without ALPN is taken")
			}
		}, "TLS handshake with client failed: received direct SSL connection request without ALPN protocol negotiation extension"},
		{"stuffed", func(s *speaker) { s.send(sslRequest, []byte("more")); s.readAll() }, "protocol violation by client: 4 bytes follow the SSLRequest before its reply"},
	}
	for i, test := range tests {
		test.script(speak(t, p))
		log := p.log.ended(t, fmt.Sprintf("#%d", 2*i+1))
		log.mustHave(t, test.line)
		// What it sent of the protocol is shown, and three lines besides that.
		said := 0
		for _, line := range log {
			if !strings.Contains(line, "client -> script:") && !strings.HasPrefix(line, " ") {
				said++
			}
		}
		if said != 3 {
			t.Errorf("%s: %d lines instead of 3, the middle one to say what it was:\n%s", test.name, said, log)
		}
		if _, err := query(t, pgx, through(p, "trust"), "select 1"); err != nil {
			t.Errorf("after %s: %v", test.name, err)
		}
		p.log.ended(t, fmt.Sprintf("#%d", 2*i+2)) // so that numbers follow tests
	}
}
