package recordings

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// chat has a few statements, in both protocols.
func chat(m *maker) {
	s := m.play("--server-sslmode=disable")
	client, server := s.session("bob", "abcd")
	client.ask(server, query("select 'one'"), selected("one"))
	client.ask(server, message('P', "s\x00select $1\x00\x00\x00")+message('D', "Ss\x00")+sync,
		message('1', "")+message('t', "\x00\x01\x00\x00\x00\x19")+column+ready)
	for _, word := range []string{"two", "three"} {
		client.ask(server, bind("s", word)+message('E', "\x00\x00\x00\x00\x00")+sync, message('2', "")+row(word)+complete("SELECT 1"))
	}
	client.ask(server, query("select 'four'"), selected("four"))
	client.leave(server)
	s.end()
}

// bind binds a statement that has one parameter to the unnamed portal.
func bind(statement, parameter string) string {
	return message('B', "\x00"+statement+"\x00\x00\x00"+row(parameter)[5:]+"\x00\x00")
}

// sockets has a client and a server on Unix sockets.
func sockets(m *maker) {
	folders := [2]string{}
	for i := range folders { // a test's own folders have names too long for a socket
		var err error
		if folders[i], err = os.MkdirTemp("", "pgpi"); err != nil {
			m.Fatal(err)
		}
		m.Cleanup(func() { _ = os.RemoveAll(folders[i]) }) // it is in the temporary folder
	}
	s := &stage{maker: m, server: m.listen("unix", filepath.Join(folders[0], ".s.PGSQL.5432"))}
	s.pgpi = m.pgpi("--server-host="+folders[0], "--client-listen-unix="+folders[1], "--log-forwarded=none")
	s.pgpi.Log.Wait(m, folders[1])
	client := s.dialTo("unix", filepath.Join(folders[1], ".s.PGSQL."+strconv.Itoa(s.pgpi.Port)))
	server := s.logIn(client, "bob", "abcd")
	client.ask(server, query("select 'sockets'"), selected("sockets"))
	client.leave(server)
	s.end()
}

// bytewise forwards byte by byte, from IPv4 to IPv6.
func bytewise(m *maker) {
	l := m.listen("tcp", net.JoinHostPort("::1", "0"))
	s := &stage{maker: m, server: l}
	s.pgpi = m.pgpi("--server-host=::1", "--server-connect-port="+strconv.Itoa(portOf(l)), "--server-sslmode=disable", "--send-chunking=byte")
	client, server := s.session("bob", "abcd")
	client.ask(server, query("select 'bytes'"), selected("bytes"))
	client.leave(server)
	s.end()
}

// cancel has a cancel request for a connection, and one for none.
func cancel(m *maker) {
	s := m.play("--server-sslmode=disable")
	client, server := s.session("bob", "abcd")
	client.say(query("select pg_sleep(60)"))
	server.hear(query("select pg_sleep(60)"))
	s.cancel("abcd")
	server.say(failure("ERROR", "57014", "canceling statement due to user request"), ready)
	client.hear(ready)
	client.leave(server)
	s.waitEnds()
	s.cancel("none")
	s.end()
}

// filtered records one of two users, with the cancel request of each.
func filtered(m *maker) {
	s := m.play("--server-sslmode=disable", `--record-filter=user == "anna"`)
	for _, user := range []string{"carl", "anna"} {
		client, server := s.session(user, user) // a key has four bytes
		client.ask(server, query("select '"+user+"'"), selected(user))
		s.cancel(user)
		client.leave(server)
		s.waitEnds()
	}
	s.end()
}

// outOfSync has a server, and then a client, that sends something that is not a message.
func outOfSync(m *maker) { loseSync(m) }

func passwordsOutOfSync(m *maker) { loseSync(m, "--redact-passwords") }

func valuesOutOfSync(m *maker) { loseSync(m, "--redact=values") }

func loseSync(m *maker, args ...string) {
	s := m.play(append(args, "--server-sslmode=disable")...)
	client, server := s.session("bob", "abcd")
	client.ask(server, query("select 'swordfish'"), column+row("swordfish"), "D\x00\x00\x00\x02 is no message, but swordfish")
	client.ask(server, query("select 'herring'"), "nor is this herring")
	client.leave(server)
	s.waitEnds()

	client, server = s.session("bob", "abcd")
	client.ask(server, query("select 'swordfish'"), selected("swordfish"))
	client.ask(server, "\xff\xff no message, but swordfish", failure("ERROR", "08P01", "invalid frontend message type 255"))
	client.ask(server, "nor is this herring", message('N', "SNOTICE\x00Mwhat?\x00\x00"))
	client.leave(server)
	s.end()
}
