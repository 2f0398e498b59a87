package faults

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"pgpi/test/program"
)

// TestDescriptors makes pgpi run out of file descriptors. It says so once, waits, and serves the
// clients that remain.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	behind := scripted(t, func(s *speaker) {
		s.takeLogin()
		s.readAll()
	})
	const limit = 64
	p := program.Start(t, program.Command{Path: pgpiPath, Args: serverOptions(behind), Descriptors: limit})
	first := speak(t, address{"127.0.0.1", p.Port}).logIn()
	var crowd []*speaker
	for range limit {
		s := speak(t, address{"127.0.0.1", p.Port})
		s.send(startupMessage("user", "postgres"))
		crowd = append(crowd, s)
	}
	said := p.Log.Wait(t, "connections can't be accepted: ")
	for _, s := range crowd[:limit/4] { // the rest may have to wait for these to leave
		if reply := s.readReply(); !strings.HasSuffix(reply, "open") && !strings.Contains(reply, "too many open files, closed") {
			t.Errorf("a client is told: %s", reply)
		}
	}
	for _, s := range crowd {
		s.close()
	}
	// Before, a login may still find no descriptor for the way to the server.
	p.Log.WaitEnds(t, len(crowd))
	next := speak(t, address{"127.0.0.1", p.Port}).logIn()
	first.send(queryMessage("still there?"))
	first.close()
	next.close()
	p.Log.WaitEnds(t, len(crowd)+2)
	var tellings, without int
	for _, line := range p.Log.Lines() {
		tellings += strings.Count(line, "connections can't be accepted: ")
		without += strings.Count(line, "connection to Postgres server failed: ")
	}
	if tellings > limit/4 {
		t.Errorf("the log says %d times that connections can't be accepted", tellings)
	}
	t.Logf("the log says %d times that connections can't be accepted, and %d times that there is no server", tellings, without)
	p.Stop()
	const saw = "waits until others have left, or FATAL: pgpi: connection to server 127.0.0.1 failed: 127.0.0.1 port <port>: socket: too many open files, closed"
	faultTable.has(t, row{"The log and the limits", "out of file descriptors", "", saw, said})
}

// TestMaxConnections exceeds --max-connections.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	p := relayTo(t, addressOf(shared.start(t)), "--max-connections=2")
	to := address{"127.0.0.1", p.Port}
	one, two := speak(t, to).logIn(), speak(t, to).logIn()
	three := speak(t, to).encrypt()
	three.send(startupMessage("user", "postgres"))
	saw := three.readReply()
	said := sentences(p.Log.Sentences(t, "#3"))
	one.close()
	p.Log.Sentences(t, "#1")
	speak(t, to).logIn().close()
	two.close()
	p.Log.WaitEnds(t, 4)
	p.Stop()
	faultTable.has(t, row{"The log and the limits", "more than --max-connections", "", saw, said})
}

// TestBudget has a thousand connections, each in the middle of a message that is too large to hold.
func TestBudget(t *testing.T) {
	t.Parallel()
	const connections, sent = 1000, 300_000
	part := lying('D', 1<<29, strings.Repeat("x", sent))
	behind := scripted(t, func(s *speaker) {
		s.takeLogin()
		s.send(part)
		s.readAll()
	})
	p := relayTo(t, behind, "--max-connections=1000", "--server-sslmode=disable")
	start, _ := p.Memory()
	var wg sync.WaitGroup
	speakers := make(chan *speaker, connections)
	for range connections {
		wg.Go(func() {
			s := speak(t, address{"127.0.0.1", p.Port})
			s.send(startupMessage("user", "postgres"))
			if n, err := io.CopyN(io.Discard, s.conn, int64(len(greeting)+len(part))); err != nil {
				t.Errorf("after %d bytes: %v", n, err)
			}
			speakers <- s
		})
	}
	wg.Wait()
	now, most := p.Memory()
	text := fmt.Sprintf("pgpi has %d MiB at the start, %d MiB with all of them, %d MiB at most", start>>20, now>>20, most>>20)
	t.Log(text)
	if most > budgetLimit {
		t.Errorf("that is more than %d MiB", budgetLimit>>20)
	}
	for range connections {
		(<-speakers).close()
	}
	p.Log.WaitEnds(t, connections)
	p.Stop()
}

// budgetLimit is how much memory pgpi may have with a thousand connections that each receive a
// large message, in bytes. Read buffers of 65 KB each, 32 MiB of what is kept of the messages, and
// stacks make about 150 MiB. The collector lets as much garbage pile up again. Without a budget for
// what is kept, it would be 300 MiB more, twice.
const budgetLimit = 360 << 20
