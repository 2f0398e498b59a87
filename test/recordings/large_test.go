package recordings

import "strings"

// copyIn and copyOut begin a COPY of one column in text format.
var (
	copyIn   = message('G', "\x00\x00\x01\x00\x00")
	copyOut  = message('H', "\x00\x00\x01\x00\x00")
	copyDone = message('c', "")
)

// copyRow returns a row of COPY with a number of words.
func copyRow(word string, times int) string {
	return message('d', strings.Repeat(word+" ", times)+"\n")
}

// tooLarge is how many words of nine letters make a message that is too large to hold, which is
// more than 65,000 bytes.
const tooLarge = 6600

func large(m *maker) {
	s := m.play("--server-sslmode=disable")
	client, server := s.session("bob", "abcd")
	copyLarge(client, server)
	client.ask(server, query("copy t to stdout"), copyOut+copyRow("herring", 1))
	server.say(copyRow("swordfish", tooLarge)[:tooLarge*10-1000])
	server.close() // inside a message
	client.hearEnd()
	client.close()
	s.end()
}

// copyLarge copies rows in both directions.
func copyLarge(client, server *party) {
	client.ask(server, query("copy t from stdin"), copyIn)
	client.ask(server, copyRow("swordfish", tooLarge)+copyRow("herring", 1)+copyDone, complete("COPY 2"))
	client.ask(server, query("copy t to stdout"), copyOut+copyRow("herring", 1)+copyRow("swordfish", tooLarge)+copyDone+complete("COPY 2"))
}

// rotated has three files. One connection has logged in, one has a prepared statement whose result
// is being sent, and the COPY of one fills the files: a message of it continues in the second, and
// a row comes in the third.
func rotated(m *maker) {
	s := m.play("--server-sslmode=disable", "--record-rotate=64KiB")
	idle, idleServer := s.session("idle", "idle")
	client, server := s.session("bob", "abcd")
	copier, copyServer := s.session("bob", "copy")
	client.ask(server, message('P', "s\x00select word from t where word > $1\x00\x00\x00")+message('D', "Ss\x00")+sync,
		message('1', "")+message('t', "\x00\x01\x00\x00\x00\x19")+column+ready)
	client.ask(server, bind("s", "a")+message('E', "\x00\x00\x00\x00\x00")+sync, message('2', "")+row("first file"))
	copier.ask(copyServer, query("copy t to stdout"), copyOut)
	rows := copyRow("swordfish", 2*tooLarge)
	half := len(rows) / 2
	for i, file := range []string{"second file", "third file"} {
		part := rows[i*half : (i+1)*half]
		copyServer.say(part)
		copier.hear(part)
		server.say(row(file))
		client.hear(row(file))
	}
	server.say(complete("SELECT 3"))
	client.hear(ready)
	copyServer.say(copyRow("herring", 1), copyDone, complete("COPY 2"))
	copier.hear(ready)
	for _, pair := range [][2]*party{{copier, copyServer}, {client, server}, {idle, idleServer}} {
		pair[0].leave(pair[1])
	}
	s.end()
}
