package recordings

import (
	"os"
	"path/filepath"
	"testing"
)

var waysToEnd = []func(s *stage){
	loginFails, clientClosesFirst, serverClosesFirst, clientResets, serverResets, clientEndsInside, serverEndsInside,
	twoTerminates, serverShutsDown, clientSaysNothing,
}

// TestEndsLive compares the live log of all ways to end with that of the recording.
func TestEndsLive(t *testing.T) {
	m := &maker{T: t, recording: recording{name: "live"}, folder: t.TempDir()}
	log := filepath.Join(m.folder, "live.log")
	s := m.play("--server-sslmode=disable", "--log=annotated=-", "--log=annotated="+log)
	for _, end := range append([]func(s *stage){goesOn}, waysToEnd...) {
		end(s)
		s.waitEnds()
	}
	s.pgpi.Stop()
	live, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	recorded, end := read(t, []string{m.path()})
	if recorded != string(live) || end != "exit code 0\n" {
		t.Errorf("the recording reads as\n%s%s\nlive it was\n%s", recorded, end, live)
	}
}

// ends has a connection for each way to end one.
func ends(m *maker) {
	s := m.play("--server-sslmode=disable")
	for _, end := range waysToEnd {
		end(s)
		s.waitEnds()
	}
	s.session("bob", "") // pgpi ends
	s.pgpi.Stop()
	s.keep()
}

func loginFails(s *stage) {
	client := s.dial()
	client.say(startup("nobody"))
	server := s.accept()
	server.hear(startup("nobody"))
	server.say(failure("FATAL", "28000", "role does not exist"))
	server.close()
	client.hearEnd()
	client.close()
}

// clientClosesFirst ends the client's half; the server continues.
func clientClosesFirst(s *stage) {
	client, server := s.session("bob", "")
	client.say(query("select 1"))
	client.closeWrite()
	server.hearEnd()
	server.say(selected("one"))
	server.close()
	client.hearEnd()
	client.close()
}

// serverClosesFirst ends the server's half; the client continues.
func serverClosesFirst(s *stage) {
	client, server := s.session("bob", "")
	client.ask(server, query("select 2"), selected("two"))
	server.closeWrite()
	client.hearEnd()
	client.say(query("are you still there?"), terminate)
	client.close()
	server.hearEnd()
	server.close()
}

func clientResets(s *stage) {
	client, server := s.session("bob", "")
	client.reset()
	server.hearEnd()
	server.close()
}

func serverResets(s *stage) {
	client, server := s.session("bob", "")
	client.ask(server, query("select 3"), column, row("three"))
	server.reset()
	client.hearEnd()
	client.close()
}

// clientEndsInside ends the client's half in the middle of a message.
func clientEndsInside(s *stage) {
	client, server := s.session("bob", "")
	client.say(query("select 'half of it'")[:15])
	client.closeWrite()
	server.hearEnd()
	server.close()
	client.hearEnd()
	client.close()
}

func serverEndsInside(s *stage) {
	client, server := s.session("bob", "")
	client.ask(server, query("select 4"), column)
	server.say(row("four")[:9])
	server.close()
	client.hearEnd()
	client.close()
}

func twoTerminates(s *stage) {
	client, server := s.session("bob", "")
	client.say(terminate, terminate)
	server.hear(terminate + terminate)
	server.close()
	client.hearEnd()
	client.close()
}

func serverShutsDown(s *stage) {
	client, server := s.session("bob", "")
	server.say(failure("FATAL", "57P01", "terminating connection due to administrator command"))
	server.close()
	client.hearEnd()
	client.close()
}

func clientSaysNothing(s *stage) { s.dial().close() }

func afterTerminate(m *maker) {
	s := m.play("--server-sslmode=disable")
	goesOn(s)
	s.end()
}

// goesOn has a client that sees the server's end after its Terminate, and sends a Sync.
func goesOn(s *stage) {
	client, server := s.session("bob", "")
	client.say(terminate)
	server.hear(terminate)
	server.close()
	client.hearEnd()
	client.say(sync)
	client.close()
}

// refused has connections that do not come about.
func refused(m *maker) {
	s := m.play("--server-sslmode=require", "--max-connections=1")
	client := s.dial()
	client.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	client.hearEnd()
	client.close()
	s.waitEnds()
	for _, reply := range []string{"N", "J\x00\x00\x00\n8.0.36\x00", "SSH-2.0-OpenSSH_9.2\r\n"} {
		client := s.dial()
		client.say(gssRequest)
		client.hear("N")
		client.say(startup("bob"))
		server := s.accept()
		server.hear(sslRequest)
		server.say(reply)
		server.close()
		client.hearEnd()
		client.close()
		s.waitEnds()
	}
	first := s.dial()
	first.say(startup("bob"))
	server := s.accept()
	second := s.dial()
	second.say(startup("bob"))
	second.hearEnd()
	for _, p := range []*party{second, server, first} {
		p.close()
	}
	s.waitEnds()
	_ = s.server.Close() // it is not used any more
	last := s.dial()
	last.say(startup("bob"))
	last.hearEnd()
	last.close()
	s.end()
}
