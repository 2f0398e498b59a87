package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// A client that half-closes after its query gets the whole reply, and then the end.
func TestHalfClose(t *testing.T) {
	p := start(t, to(startCluster(t, server18))...)
	s := speak(t, p)
	s.send(startupMessage("user", "trust", "database", "postgres"), queryMessage("select repeat('x', 200000)"))
	s.closeWrite()
	reply := s.readAll()
	if !bytes.Contains(reply, bytes.Repeat([]byte("x"), 200_000)) || !bytes.HasSuffix(reply, readyForQuery) {
		t.Errorf("the reply has %d bytes, and ends in %q", len(reply), reply[max(0, len(reply)-20):])
	}
	log := p.log.ended(t, "#1")
	log.mustHave(t, "client hung up")
	log.mustLack(t, "lost", "server hung up")
}

// A reset is passed on in either direction, with one line in the log.
func TestReset(t *testing.T) {
	t.Run("by the client", func(t *testing.T) {
		server := make(chan error, 1)
		p := start(t, append(scripted(t, func(s *speaker) {
			greet(s)
			_, err := s.conn.Read(make([]byte, 1))
			server <- err
		}), "--server-sslmode=disable")...)
		s := speak(t, p)
		s.send(startupMessage("user", "x"))
		s.read(len(greeting))
		s.reset()
		if err := <-server; err == nil || !strings.Contains(err.Error(), "reset") {
			t.Errorf("the server reads: %v", err)
		}
		checkReset(t, p.log.ended(t, "#1"), "client")
	})
	t.Run("by the server", func(t *testing.T) {
		p := start(t, append(scripted(t, func(s *speaker) {
			greet(s)
			s.read(len(queryMessage("crash")))
			s.reset()
		}), "--server-sslmode=disable")...)
		s := speak(t, p)
		s.send(startupMessage("user", "x"))
		s.read(len(greeting))
		s.send(queryMessage("crash"))
		if _, err := s.conn.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "reset") {
			t.Errorf("the client reads: %v", err)
		}
		checkReset(t, p.log.ended(t, "#1"), "server")
	})
}

// greeting is what a server sends to a client that it trusts.
var greeting = append(bytes.Clone(authenticationOk), readyForQuery...)

func greet(s *speaker) {
	s.t.Helper()
	s.read(len(startupMessage("user", "x")))
	s.send(greeting)
}

func checkReset(t *testing.T, log conversation, party string) {
	t.Helper()
	log.mustHave(t, "connection to "+party+" lost: connection reset by peer")
	if n := log.count(" lost:") + log.count("hung up"); n != 1 {
		t.Errorf("%d lines instead of one tell of the end:\n%s", n, log)
	}
}

// Byte by byte, everything arrives as it was sent.
func TestByteByByte(t *testing.T) {
	p := start(t, append(to(startCluster(t, server18)), "--send-chunking=byte")...)
	for _, client := range tableClients {
		for _, sslmode := range []string{"disable", "require"} {
			name := strings.ReplaceAll(client, " ", "") + sslmode
			got, err := query(t, client, through(p, "scram", "application_name", name, "sslmode", sslmode, "channel_binding", "disable"),
				"select string_agg(i::text, ',') from generate_series(1, 1000) i")
			switch {
			// It considers SCRAM-SHA-256-PLUS an attack.
			case strings.HasPrefix(client, "psql") && sslmode == "disable":
			case err != nil:
				t.Errorf("%s: %v", name, err)
			case !strings.HasSuffix(got, ",998,999,1000"):
				t.Errorf("%s: %q", name, got)
			default:
				p.log.conversation(t, `"`+name+`\x00"`).mustHave(t, "bytes forwarded one by one at ")
			}
		}
	}
}

// With --quit-on-hangup pgpi ends when the first connection ends, whatever it was. Until then it
// serves others.
func TestQuitOnHangup(t *testing.T) {
	args := append(to(startCluster(t, server18)), "--quit-on-hangup")
	t.Run("others are served", func(t *testing.T) {
		p := launch(t, args...)
		first, err := pgconn.Connect(t.Context(), through(p, "trust").String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := query(t, psql15, through(p, "trust"), "select 1"); err != nil {
			t.Error(err)
		}
		p.wait(t)
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if _, err := first.Exec(t.Context(), "select 1").ReadAll(); err == nil {
			t.Error("the other connection goes on without pgpi")
		}
		p.log.ended(t, "#1")
		p.log.ended(t, "#2")
	})
	t.Run("port scan", func(t *testing.T) {
		p := launch(t, args...)
		speak(t, p).close()
		p.wait(t)
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		p.log.ended(t, "#1").mustHave(t, "client disconnected before startup")
	})
}

// A signal ends the connections, and the log has everything that was said before.
func TestSignals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := launch(t, to(startCluster(t, server18))...)
		conn, err := pgconn.Connect(t.Context(), through(p, "trust").String())
		if err != nil {
			t.Fatal(err)
		}
		const n = 500
		for i := range n {
			if _, err := conn.Exec(t.Context(), fmt.Sprintf("select %d", i)).ReadAll(); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		p.wait(t)
		if code := p.cmd.ProcessState.ExitCode(); code != 0 || p.stderr.Len() > 0 {
			t.Errorf("%v: exit code %d; standard error: %s", signal, code, p.stderr.String())
		}
		log := p.log.ended(t, "#1")
		if got := log.count(`"Z" = ReadyForQuery`); got != n+1 {
			t.Errorf("%v: the log has %d of %d replies", signal, got, n+1)
		}
		log.mustHave(t, fmt.Sprintf(`"select %d\x00" = query`, n-1))
		if err := conn.Ping(t.Context()); err == nil {
			t.Errorf("%v: the connection goes on without pgpi", signal)
		}
	}
}
