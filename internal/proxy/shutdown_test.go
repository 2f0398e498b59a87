package proxy_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"pgpi/internal/proxy"
)

// stages are the points of a connection's life at which it may have to end.
var stages = map[string]struct{ options, script string }{
	"before startup":        {"", "client connects"},
	"half a startup packet": {"", "client connects\nclient sends \"\\x00\\x00\""},
	"TLS with the client":   {"", "client connects\nclient sends \"\\x16\\x03\\x01\""},
	"connecting":            {"host=deaf.test", "client connects\nclient sends startup"},
	"SSLRequest":            {"sslmode=require", "client connects\nclient sends startup\nserver accepts\nserver receives SSLRequest"},
	"TLS with the server": {"sslmode=require", `client connects
		client sends startup
		server accepts
		server receives SSLRequest
		server sends "S"`},
	"awaiting a reply":              {"sslmode=allow", "client connects\nclient sends startup\nserver accepts\nserver receives startup"},
	"overriding, the server's turn": {"override-auth", "client connects\nclient sends startup\nserver accepts"},
	"overriding, the client's turn": {"override-auth", `client connects
		client sends startup
		server accepts
		server sends askPassword`},
	"an error that nobody reads":  {"host=nowhere.test", "client connects\nclient sends startup"},
	"a cancel request":            {"", "client connects\nclient sends cancel\"\\x00\\x00\\x00\\x07abcd\"\nserver accepts"},
	"idle":                        {"", "log in"},
	"idle over TLS":               {"sslmode=require", "log in over TLS"},
	"a client that does not read": {"", "log in\nserver sends big\"d 130000\""},
	"a server that does not read": {"sslmode=require", "log in over TLS\nclient sends big\"d 130000\""},
	"half-closed by the client":   {"", "log in\nclient half-closes"},
	"half-closed by the server":   {"", "log in\nserver half-closes"},
	"a lost server":               {"", "log in\nserver sends big\"d 130000\"\nserver resets\nclient sends query\"SELECT 1\""},
}

// whoEnded finds who has ended a connection: pgpi, if no one else has.
var whoEnded = regexp.MustCompile(`(?m)(closing the connection, because pgpi ends| hung up|connection to server lost: .*)$`)

// TestShutdown ends the proxy at each stage: at once, and leaving nothing. synctest makes sure that
// no goroutine is left.
func TestShutdown(t *testing.T) {
	t.Parallel()
	for name, stage := range stages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, stage.options)
				s.open()
				s.play(stage.script)
				s.stop()
				synctest.Wait() // without the clock moving
				select {
				case <-s.stopped:
				default:
					t.Error("the proxy has not ended")
				}
				for party, p := range s.parties {
					if err := p.isAbandoned(); err != nil {
						t.Errorf("the connection of %s is open: %v", party, err)
					}
				}
				if err := s.connect("late"); err == nil {
					t.Error("the proxy still listens")
				}
				log := s.close()
				if strings.Count(log, "connection end\n") != 1 {
					t.Errorf("the log does not say once that the connection has ended:\n%s", log)
				}
				if len(whoEnded.FindAllString(log, -1)) != 1 {
					t.Errorf("the log does not say once who has ended it:\n%s", log)
				}
			})
		})
	}
}

// full is a recorder that has no room until it gets some.
type full struct {
	proxy.Recorder
	room chan struct{}
}

func (f full) Wait(done <-chan struct{}) {
	select {
	case <-f.room:
	case <-done:
	}
}

// A log that can't keep up holds back what is relayed, and nothing else: neither the negotiation of
// a login nor the end.
func TestRecorderHoldsBack(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"until there is room": "server receives query\"SELECT 1\"",
		"until the end":       "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				room := make(chan struct{})
				s := newStage(t, "")
				s.recorder = func(r proxy.Recorder) proxy.Recorder { return full{r, room} }
				s.open()
				s.play(`
					client connects
					client sends startup
					server accepts
					server receives startup
					server counts 1 writes
					client sends query"SELECT 1"
					server counts 0 writes`)
				if want != "" {
					close(room)
					s.play(want)
				}
				s.close()
			})
		})
	}
}
