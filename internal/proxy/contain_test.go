package proxy_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// places are where something other than observing may panic: a step that causes it, and the call of
// a leg that panics, unless that is dialing.
var places = map[string]struct{ options, before, leg, call, step string }{
	"reading the startup": {"", "client connects", "client", "read", "client sends startup"},
	"TLS with the client": {"", `client connects
		client sends SSLRequest
		client receives "S"`, "client", "read", `client sends "\x16\x03\x01"`},
	"refusing a client": {"max-connections=1", "client connects", "client", "write", "client sends startup"},
	"waiting for one that was refused": {"max-connections=1", `client connects
		client sends startup
		client receives error"53300 pgpi: sorry, too many clients already: it relays 1 at most (--max-connections)"`, "client", "read", `client sends "x"`},
	"hiding channel binding": {"hide-channel-binding", "", "client", "write", `server sends offer"SCRAM-SHA-256-PLUS SCRAM-SHA-256"`},
	"connecting":             {"", "client connects", "", "", "client sends startup"},
	"the SSLRequest": {"sslmode=require", `client connects
		client sends startup
		server accepts
		server receives SSLRequest`, "server", "read", `server sends "S"`},
	"TLS with the server": {"sslmode=require", `client connects
		client sends startup
		server accepts
		server receives SSLRequest`, "server", "write", `server sends "S"`},
	"awaiting a reply":              {"sslmode=allow", "", "server", "read", "server sends ready"},
	"watching the client meanwhile": {"sslmode=allow", "", "client", "read", `client sends query"SELECT 1"`},
	"overriding, the server's turn": {"override-auth", "", "server", "read", "server sends askPassword"},
	"overriding, the client's turn": {"override-auth", `client connects
		client sends startup
		server accepts
		server receives startup
		server sends askPassword
		client receives askPassword`, "client", "read", `client sends password"secret"`},
	"reading from the client":  {"", "log in", "client", "read", `client sends query"SELECT 1"`},
	"reading from the server":  {"", "log in", "server", "read", "server sends ready"},
	"writing to the client":    {"", "log in", "client", "write", "server sends ready"},
	"writing to the server":    {"", "log in", "server", "write", `client sends query"SELECT 1"`},
	"ending the server's half": {"", "log in", "client", "half-close", "server half-closes"},
	"ending the client's half": {"", "log in", "server", "half-close", "client half-closes"},
	"a cancel request": {"", `client connects
		client sends cancel"\x00\x00\x00\x07abcd"
		server accepts`, "server", "read", `server sends "x"`},
}

// A panic anywhere in a connection ends that connection, and is reported in the log and to the
// user. The others continue, and so does the proxy.
func TestPanics(t *testing.T) {
	t.Parallel()
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, place.options)
				complaints := make(chan error, 10)
				s.config.Complain = func(err error) { complaints <- err }
				dial, panics := s.config.Dial, false
				s.config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
					if panics {
						panic("sprung")
					}
					return dial(ctx, network, address)
				}
				s.open()
				s.logInBystander()
				before := place.before
				if before == "" {
					before = "client connects\nclient sends startup\nserver accepts\nserver receives startup"
				}
				s.play(before)
				if place.leg == "" {
					panics = true
				} else {
					s.parties[place.leg].raw.peer.trap = place.call
				}
				s.play(place.step + "\nclient is abandoned")
				if s.parties["server"] != nil {
					s.play("server is abandoned")
				}
				s.play(`
					client0 sends query"SELECT 1"
					server0 receives query"SELECT 1"
					server0 sends ready
					client0 receives ready
					client2 connects
					client2 sends "GET / HTTP/1.1\r\n\r\n"
					client2 sees end`)
				log := s.close()
				for _, want := range []string{
					"#2  connection closed, which is a defect of pgpi: sprung\n", "#2  connection end\n", "#3  not a Postgres client: it sent an HTTP request\n",
				} {
					if strings.Count(log, want) != 1 {
						t.Errorf("the log does not say once: %s\n%s", want, log)
					}
				}
				close(complaints)
				var told []string
				for err := range complaints {
					told = append(told, err.Error())
				}
				if want := "connection #2: sprung: this is a defect of pgpi: the connection is closed, others go on"; strings.Join(told, "\n") != want {
					t.Errorf("the user is told %q, not once %q", told, want)
				}
			})
		})
	}
}

// logInBystander logs in a connection that nothing happens to, of client0 and server0.
func (s *stage) logInBystander() {
	s.t.Helper()
	macro := "log in"
	if s.config.Server.Mode(false).String() == "require" {
		macro = "log in over TLS"
	}
	s.play(macro)
	s.parties["client0"], s.parties["server0"] = s.parties["client"], s.parties["server"]
	delete(s.parties, "client")
	delete(s.parties, "server")
	s.prelude = ""
}
