package proxy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"

	"pgpi/internal/pgtls"
	"pgpi/internal/wire"
)

// mutationOptions are the ways to run a proxy that must not make a difference.
var mutationOptions = []string{"", "raw", "none", "redact", "raw redact", "byte", "cut", "sslmode=require", "sslmode=require redact"}

// TestMutatedSessions relays real sessions that were made worse. What arrives is what was sent, always.
// PGPI_MUTATED is how many messages, such as 10000000.
func TestMutatedSessions(t *testing.T) {
	t.Parallel()
	want, err := strconv.Atoi(os.Getenv("PGPI_MUTATED"))
	if err != nil {
		want = 20_000
	}
	sessions := realSessions(t)
	sent, conversations := 0, 0
	for seed := uint64(1); sent < want && !t.Failed(); seed++ {
		m := &mutator{Rand: rand.New(rand.NewPCG(seed, 5))}
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, mutationOptions[seed%uint64(len(mutationOptions))])
			s.open()
			for range 20 {
				session := sessions[m.IntN(len(sessions))]
				c := conversation{startup: session.startup, fromClient: m.mutate(session.fromClient, wire.Client), fromServer: m.mutate(session.fromServer, wire.Server)}
				s.relay(c, m.Uint64())
				conversations++
			}
			s.close()
		})
		if sent += m.messages; t.Failed() {
			t.Errorf("the seed is %d", seed)
		}
	}
	t.Logf("%d messages in %d conversations arrived as they were sent", sent, conversations)
}

// FuzzRelay is the same, with whatever a fuzzer makes of them.
func FuzzRelay(f *testing.F) {
	for i, session := range realSessions(f) {
		const most = 20_000 // what is longer is slow to mutate
		f.Add(session.fromClient[:min(len(session.fromClient), most)], session.fromServer[:min(len(session.fromServer), most)], uint64(i))
	}
	start := startup("3.0 user=frank")
	f.Fuzz(func(t *testing.T, fromClient, fromServer []byte, seed uint64) {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, mutationOptions[seed%uint64(len(mutationOptions))])
			s.open()
			s.relay(conversation{start, fromClient, fromServer}, seed)
			s.close()
		})
	})
}

// conversation is what the parties of one connection say after each other's startup, in whatever order.
type conversation struct {
	startup                string
	fromClient, fromServer []byte
}

// relay passes one conversation through the proxy, and compares.
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
	failed := make(chan error, 4)
	go func() { failed <- client.dribble(rand.New(rand.NewPCG(seed, 3)), c.fromClient) }()
	go func() { failed <- server.dribble(rand.New(rand.NewPCG(seed, 4)), c.fromServer) }()
	go func() { failed <- server.collects(c.fromClient) }()
	go func() { failed <- client.collects(c.fromServer) }()
	for range 4 {
		if err := <-failed; err != nil {
			s.t.Error(err)
		}
	}
	_, _ = client.raw.Close(), server.raw.Close() // both have seen the end
	if s.t.Failed() {
		fmt.Printf("client: %q\nserver: %q\n", c.fromClient, c.fromServer)
	}
}
