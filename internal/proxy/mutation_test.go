package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgpi/internal/pgtls"
	"pgpi/internal/wire"
)

// mutationOptions are the ways to run a proxy that must not make a difference.
var mutationOptions = []string{
	"", "raw", "none", "redact", "raw redact", "byte", "cut", "sslmode=require", "sslmode=require redact",
	"sinks", "sinks redact-values", "redact-values raw", "hide-channel-binding",
}

// TestMutatedSessions relays real sessions that were made worse. What arrives is always what was
// sent, and nothing needs to be contained. PGPI_MUTATED is how many messages must be different from
// the original:
//
//	PGPI_MUTATED=10000000 go test ./internal/proxy -run TestMutatedSessions -v -timeout 2h
func TestMutatedSessions(t *testing.T) {
	t.Parallel()
	want, err := strconv.Atoi(os.Getenv("PGPI_MUTATED"))
	if err != nil {
		want = 10_000
	}
	sessions := realSessions(t)
	began := time.Now()
	messages, changed, conversations := 0, 0, 0
	for seed := uint64(1); changed < want && !t.Failed(); seed++ {
		m := &mutator{Rand: rand.New(rand.NewPCG(seed, 5))}
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, mutationOptions[seed%uint64(len(mutationOptions))])
			s.open()
			for range 20 {
				s.relay(m.mutate(sessions[m.IntN(len(sessions))]), m.Uint64())
				conversations++
			}
			s.closeUnharmed()
		})
		messages, changed = messages+m.messages, changed+m.changed
		if t.Failed() {
			t.Errorf("the seed is %d", seed)
		}
	}
	t.Logf("%d messages, %d of them mutated, arrived as they were sent, in %d conversations and %v",
		messages, changed, conversations, time.Since(began).Round(time.Second))
}

// FuzzRelay is the same, with whatever a fuzzer makes of them.
func FuzzRelay(f *testing.F) {
	for i, session := range realSessions(f) {
		const most = 20_000 // what is longer is slow to mutate
		fromClient, fromServer := stream(session.turns, wire.Client), stream(session.turns, wire.Server)
		f.Add(fromClient[:min(len(fromClient), most)], fromServer[:min(len(fromServer), most)], uint64(i))
	}
	start := startup("3.0 user=frank")
	f.Fuzz(func(t *testing.T, fromClient, fromServer []byte, seed uint64) {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, mutationOptions[seed%uint64(len(mutationOptions))])
			s.open()
			s.relay(conversation{start, []turn{{wire.Client, fromClient}, {wire.Server, fromServer}}}, seed)
			s.closeUnharmed()
		})
	})
}

// conversation is what the parties of one connection say after the startup.
type conversation struct {
	startup string
	turns   []turn
}

// closeUnharmed ends everything, and requires that no panic was contained.
func (s *stage) closeUnharmed() {
	s.t.Helper()
	if log := s.close(); strings.Contains(log, "defect of pgpi") {
		at := strings.Index(log, "defect of pgpi")
		s.t.Errorf("the log reports a defect: ...%s", log[max(0, at-2000):min(len(log), at+200)])
	}
}

// relay passes one conversation through the proxy, turn by turn or both sides at once, and
// compares.
func (s *stage) relay(c conversation, seed uint64) {
	s.t.Helper()
	conn, err := s.network.dial(context.Background(), "tcp", proxyAddress)
	if err != nil {
		s.t.Fatal(err)
	}
	client := newParty(conn)
	overTLS := s.config.Server.Mode(false) != pgtls.Disable
	s.parties["client"] = client
	if overTLS {
		s.play(`
			client sends SSLRequest
			client receives "S"
			client starts TLS`)
	}
	if err := client.send(c.startup); err != nil {
		s.t.Fatal(err)
	}
	if overTLS {
		s.play("accept TLS")
	} else {
		s.play("server accepts")
	}
	server := s.parties["server"]
	if err := server.receive(c.startup); err != nil {
		s.t.Fatal(err)
	}
	fromClient, fromServer := stream(c.turns, wire.Client), stream(c.turns, wire.Server)
	failed := make(chan error, 4)
	go func() { failed <- server.collects(fromClient) }()
	go func() { failed <- client.collects(fromServer) }()
	if seed%4 > 0 {
		failed <- takeTurns(rand.New(rand.NewPCG(seed, 3)), client, server, c.turns)
		failed <- nil
	} else {
		go func() { failed <- client.dribble(rand.New(rand.NewPCG(seed, 3)), fromClient) }()
		go func() { failed <- server.dribble(rand.New(rand.NewPCG(seed, 4)), fromServer) }()
	}
	for range 4 {
		if err := <-failed; err != nil {
			s.t.Error(err)
		}
	}
	_, _ = client.raw.Close(), server.raw.Close() // both have seen the end
	if s.t.Failed() {
		fmt.Printf("client: %q\nserver: %q\n", fromClient, fromServer)
	}
}

// takeTurns lets each party speak when the proxy is done with what the other said, and lets both
// end their halves at the end.
func takeTurns(r *rand.Rand, client, server *party, turns []turn) error {
	for _, t := range turns {
		p := client
		if t.from == wire.Server {
			p = server
		}
		if err := p.trickle(r, t.said); err != nil {
			return err
		}
		synctest.Wait()
	}
	return errors.Join(client.ends("half-closes"), server.ends("half-closes"))
}
