package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgpi/test/program"
)

func pause() { time.Sleep(10 * time.Millisecond) }

func deadline() time.Time { return time.Now().Add(program.Hang) }

func late(end time.Time) bool { return time.Now().After(end) }

// TestEnds ends connections, or halves of them, in the ways that TCP and TLS have.
func TestEnds(t *testing.T) {
	t.Parallel()
	for _, f := range []fault{
		{name: "RST by the client during a reply", play: resetByClient, either: lost("client")},
		{name: "RST by the server during a reply", server: resettingServer, play: readsEnd, log: []string{"connection to server lost: connection reset by peer"}},
		{name: "half-close by the server, which reads on", server: halfClosingServer, play: talksOn, log: []string{"server hung up"}},
		{name: "TLS alert from the client under way", play: breaksTLS, log: []string{"connection to client lost: tls: "}},
	} {
		f.section = "Faults under way"
		t.Run(strings.ReplaceAll(f.name, " ", "_"), f.run)
	}
}

// resetByClient resets a connection that carries an endless reply. The server must notice.
func resetByClient(p *place) string {
	control := connectTo(p, addressOf(shared.start(p.T)))
	defer leave(p, control)
	s := p.speak().logIn()
	s.send(queryMessage("set application_name = reset; " + endlessCopy))
	s.read(1 << 20)
	s.reset()
	await(p, "end of the server process", func() bool {
		return ask(p, control, "select count(*) from pg_stat_activity where application_name = 'reset'") == "0"
	})
	return "reset; its server process ends"
}

// resettingServer answers with an incomplete row, and resets.
func resettingServer(t *testing.T) address {
	return scripted(t, func(s *speaker) {
		s.takeLogin()
		if _, err := s.readMessage(); err == nil {
			s.send(oneColumn, oneRow)
			s.readMessage() //nolint:errcheck // it is only waited for
			s.reset()
		}
	})
}

// readsEnd asks, reads the beginning of the reply, and returns how the rest of it ends.
func readsEnd(p *place) string {
	s := p.speak().logIn()
	s.send(queryMessage("select 1"))
	s.read(len(oneColumn) + len(oneRow))
	s.send(queryMessage("crash"))
	_, err := io.ReadAll(s.conn)
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "RowDescription, DataRow, reset"
	case err == nil:
		return "RowDescription, DataRow, end"
	}
	return err.Error()
}

// farewell is what a client sends to a server that no longer answers.
var farewell = queryMessage("are you still there?")

// halfClosingServer ends its half of the connection, and says on another one what it has read.
func halfClosingServer(t *testing.T) address {
	heard := make(chan []byte, 1)
	return scripted(t, func(s *speaker) {
		s.takeLogin()
		m, err := s.readMessage()
		switch {
		case err != nil: // a client that only looks
		case bytes.Equal(m, queryMessage("what did you hear?")):
			s.send(message('C', string(<-heard)+"\x00"), message('Z', "I"))
			s.readAll()
		default:
			s.send(message('C', "BYE\x00"))
			s.closeWrite()
			heard <- bytes.TrimSuffix(s.readAll()[5:], []byte{0})
		}
	})
}

// talksOn continues to talk after the server's end.
func talksOn(p *place) string {
	s := p.speak().logIn()
	s.send(queryMessage("select 1"))
	saw := s.readReply()
	s.send(farewell)
	s.closeWrite()
	other := p.speak().logIn()
	other.send(queryMessage("what did you hear?"))
	m, err := other.readMessage()
	if err != nil {
		p.Fatal(err)
	}
	return fmt.Sprintf("%s; the server hears: %s", saw, bytes.TrimSuffix(m[5:], []byte{0}))
}

// breaksTLS sends an alert in plaintext, which no honest peer would.
func breaksTLS(p *place) string {
	s := p.speak().encrypt().logIn()
	if _, err := s.raw.Write([]byte{21, 3, 3, 0, 2, 2, 40}); err != nil {
		p.Fatal(err)
	}
	return s.readReply()
}
