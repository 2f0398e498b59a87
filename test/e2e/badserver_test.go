package e2e

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/test/servers"
)

// Whatever is at the server's address, the client learns what is wrong, and so does the reader
// of the log.
func TestBadServers(t *testing.T) {
	tests := []struct {
		name   string
		script func(*speaker) // after the SSLRequest
		client string         // what the client says
		log    []string
	}{
		{
			"error", func(s *speaker) {
				s.send(message('E', "SFATAL\x00VFATAL\x00C53300\x00Msorry, too many clients already\x00\x00"))
			},
			"pgpi: server sent an error response during SSL exchange: sorry, too many clients already",
			[]string{`server -> script: "E" = ErrorResponse`, `"M" = message "sorry, too many clients already\x00" = value`},
		},
		{
			"old-style error", func(s *speaker) { s.send([]byte("Ecould not fork new process for connection\n\x00")) },
			"pgpi: server sent an error response during SSL exchange: could not fork new process for connection",
			[]string{`server -> script: "E" = ErrorResponse (before protocol 3)`, "could not fork new process for connection"},
		},
		{
			"other reply", func(s *speaker) { s.send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
			`pgpi: server sent "H" in reply to an SSLRequest: it speaks HTTP`,
			[]string{`server -> script: "HTTP/1.1 400 Bad Request\r\n\r\n" = 28 bytes, not decoded`, "not a Postgres server: it speaks HTTP"},
		},
		{
			"no reply", func(s *speaker) { s.close() },
			"pgpi: server closed the connection during SSL negotiation",
			[]string{"server disconnected before it answered the SSLRequest"},
		},
		{
			"reset", func(s *speaker) { s.reset() },
			"pgpi: connection to server lost during SSL negotiation: connection reset by peer",
			[]string{"connection to server lost: connection reset by peer"},
		},
		{
			"no TLS after all", func(s *speaker) { s.send([]byte("S"), []byte("HTTP/1.1 400 Bad Request\r\n\r\n")); s.readAll() },
			"pgpi: TLS handshake with server failed",
			[]string{`server -> script: "S" = SSL supported`, "TLS handshake with server failed", "what the server sent is not TLS"},
		},
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(test.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			p := start(t, append(scripted(t, func(s *speaker) { s.read(len(sslRequest)); test.script(s) }), "--server-sslmode=require")...)
			for _, client := range []string{psql15, pgx} {
				_, err := query(t, client, through(p, "anyone"), "select 1")
				if err == nil || !strings.Contains(err.Error(), test.client) {
					t.Errorf("%s: the client's error is not %q but %v", client, test.client, err)
				}
			}
			p.log.ended(t, "#1").mustHave(t, test.log...)
			p.log.ended(t, "#2").mustHave(t, test.log...)
		})
	}
}

// There is no server.
func TestNoServer(t *testing.T) {
	port, dir := servers.ReservePort(t), t.TempDir()
	tests := []struct{ name, host, reason string }{
		{"refused", "127.0.0.1", fmt.Sprintf("127.0.0.1 port %d: connection refused", port)},
		{"no name", "no..such.host", `could not translate host name "no..such.host" to address`},
		{"no socket", dir, fmt.Sprintf("%s/.s.PGSQL.%d: ", dir, port)},
	}
	for _, test := range tests {
		p := start(t, "--server-host="+test.host, fmt.Sprintf("--server-connect-port=%d", port))
		for _, client := range []string{psql15, pgx} {
			_, err := query(t, client, through(p, "anyone"), "select 1")
			if err == nil || !strings.Contains(err.Error(), "pgpi: connection to server "+test.host+" failed: "+test.reason) {
				t.Errorf("%s, %s: the client's error is %v", test.name, client, err)
			}
		}
		p.log.ended(t, "#2").mustHave(t, "connection to Postgres server failed: "+test.reason)
	}
}

// If the server were pgpi itself, it would connect to itself for ever.
func TestServerIsPgpi(t *testing.T) {
	port := servers.ReservePort(t)
	p := start(t, fmt.Sprintf("--client-listen-port=%d", port), fmt.Sprintf("--server-connect-port=%d", port), "--server-host=127.0.0.1")
	_, err := query(t, psql15, through(p, "anyone"), "select 1")
	if err == nil || !strings.Contains(err.Error(), "pgpi: server 127.0.0.1 is pgpi itself") {
		t.Errorf("the client's error is %v", err)
	}
	p.log.ended(t, "#1").mustHave(t, "127.0.0.1 is pgpi itself; name the server with --server-host, or its port with --server-connect-port")
}
