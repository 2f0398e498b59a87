package proxy_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"testing/synctest"

	"pgpi/internal/event"
	"pgpi/internal/proxy"
)

// defective is a recorder that panics when it is told to.
type defective struct {
	proxy.Recorder
	wait  bool
	event func(*event.Event) bool
	said  int // how often the log says so
}

func (d defective) Wait(done <-chan struct{}) {
	if d.wait {
		panic("no time")
	}
	d.Recorder.Wait(done)
}

func (d defective) Record(e *event.Event) {
	if d.event(e) {
		panic("no memory")
	}
	d.Recorder.Record(e)
}

// session is a connection from its beginning to its end, with enough in it to be cut off, held and
// hidden.
const session = `
	log in
	client sends query"SELECT 1" "Q\x00\x00"
	server receives query"SELECT 1"
	client sends "\x00\x0aabcdef"
	server receives "Q\x00\x00\x00\x0aabcdef"
	server sends big"d 100000" ready "Z\x00"
	client receives big"d 100000" ready
	server closes
	client receives "Z\x00"
	client sees end`

// A recorder that fails costs the log, not the connection.
func TestRecorderPanics(t *testing.T) {
	t.Parallel()
	ofKind := func(k event.Kind) func(*event.Event) bool {
		return func(e *event.Event) bool { return e.Kind == k }
	}
	for name, d := range map[string]defective{
		"always":       {wait: true, event: func(*event.Event) bool { return true }},
		"of sentences": {event: ofKind(event.Said)},
		"of bytes":     {event: ofKind(event.Bytes), said: 1},
		"of ends":      {event: ofKind(event.End), said: 1},
		"of room":      {wait: true, event: func(*event.Event) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, "")
				s.recorder = func(r proxy.Recorder) proxy.Recorder {
					d.Recorder = r
					return d
				}
				s.open()
				s.play(session)
				s.prelude = "" // it failed there
				log := s.close()
				failed := strings.Count(log, "decoding failed, which is a defect of pgpi: no memory")
				if failed != d.said {
					t.Errorf("the log says %d times that decoding failed, not %d:\n%s", failed, d.said, log)
				}
			})
		})
	}
}

// The same is true for whatever goes wrong in the session's memory, on any connection except those
// that are all right. If messages can't be found any more, what was held back of a message is
// relayed.
func TestSessionPanics(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		broken   func(*stage)
		server   string // receives first
		messages bool   // can still be found
	}{
		{"framer", func(s *stage) { s.proxy.BreakFramers() }, `query"SELECT 1" "Q\x00\x00"`, false},
		{"decoder", func(s *stage) { s.decoding.broken = true }, `query"SELECT 1"`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, "")
				s.open()
				s.play("log in")
				test.broken(s)
				s.play(`
					client sends query"SELECT 1" "Q\x00\x00"
					server receives ` + test.server + `
					server sends ready
					client receives ready
					client half-closes`)
				if test.messages {
					s.play(`server receives "Q\x00\x00"`)
				}
				s.play(`
					server sees end
					server closes
					client sees end
					client2 connects
					client2 sends startup
					server2 accepts
					server2 receives startup
					server2 sends login
					client2 receives login
					client3 connects
					client3 sends cancel"\x00\x00\x00\x07abcd"
					server3 accepts
					server3 receives cancel"\x00\x00\x00\x07abcd"`)
				log := s.close()
				for _, want := range []string{
					"#1  decoding failed, which is a defect of pgpi: runtime error: invalid memory address or nil pointer dereference; relaying the rest undecoded",
					"#1  client -> server: 17 bytes relayed undecoded",
					"#2  server -> client: \"Z\" = ReadyForQuery",
				} {
					if strings.Count(log, want) != 1 {
						t.Errorf("the log does not say once: %s\n%s", want, log)
					}
				}
			})
		})
	}
}

// And for what the proxy itself concludes from a login: here the certificate that clients see can't
// be obtained again.
func TestConclusionPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "")
		s.config.Identity = func() (tls.Certificate, error) { panic("no certificate") }
		s.open()
		s.play(`
			start TLS
			client sends startup
			server accepts
			server receives startup
			server sends offer"SCRAM-SHA-256-PLUS SCRAM-SHA-256"
			client receives offer"SCRAM-SHA-256-PLUS SCRAM-SHA-256"
			server sends login
			client receives login
			server closes
			client sees end`)
		log := s.close()
		if want := "decoding failed, which is a defect of pgpi: no certificate; relaying the rest undecoded"; strings.Count(log, want) != 1 {
			t.Errorf("the log does not say once: %s\n%s", want, log)
		}
	})
}
