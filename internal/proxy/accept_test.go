package proxy_test

import (
	"context"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"pgpi/internal/proxy"
)

// poor is a listener that runs out of something for a while.
type poor struct {
	*listener
	failures int
}

func (p *poor) Accept() (net.Conn, error) {
	if p.failures > 0 {
		p.failures--
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return p.listener.Accept()
}

// Connections that can't be accepted are reported once, and accepted later.
func TestAcceptFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "")
		s.open()
		l := &poor{s.network.listen("127.0.0.1:5433"), 20}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			proxy.New(s.config).Serve(ctx, "elsewhere", l)
			close(done)
		}()
		conn, err := s.network.dial(ctx, "tcp", "127.0.0.1:5433")
		if err != nil {
			t.Fatal(err)
		}
		s.parties["client"] = newParty(conn)
		s.play(`
			client sends startup
			server accepts
			server receives startup`)
		stop()
		<-done
		log := s.close()
		if want := "connections can't be accepted: accept: accept4: too many open files; trying again\n"; strings.Count(log, want) != 1 {
			t.Errorf("the log does not say once: %s%s", want, log)
		}
	})
}

// Certificates are logged if that is wanted: what pgpi shows to the client, and what the server
// shows to pgpi.
func TestLogCertificates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, "sslmode=require")
		s.config.LogCerts = true
		s.open()
		s.play("log in over TLS")
		s.prelude = ""
		log := s.close()
		_, presented, found := strings.Cut(log, "#1  certificate presented to client:\n")
		own, received, found2 := strings.Cut(presented, "#1  certificate received from server:\n")
		if !found || !found2 || !strings.Contains(own, "Subject: CN=pgpi.test") && !strings.Contains(own, "Subject: CN = pgpi.test") ||
			!strings.Contains(received, "Issuer: CN") || !strings.Contains(received, "db.test") {
			t.Errorf("the log has not both certificates:\n%s", log)
		}
	})
}
