package proxy_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgpi/internal/pgtls"
	"pgpi/internal/wire"
)

// TestFidelity checks the first promise: bytes out are bytes in, in order, and the end of one half
// is the end of that half. It does so with random sessions that have random cuts, slow readers,
// large messages and nonsense in them, whatever is logged.
func TestFidelity(t *testing.T) {
	t.Parallel()
	for i, options := range []string{
		"", "raw redact", "none", "byte", "none byte", "redact hide-channel-binding",
		"sslmode=require", "sslmode=require none", "sslmode=require redact byte",
	} {
		for round := range 3 {
			seed := uint64(10*i + round)
			t.Run(fmt.Sprintf("%s %d", options, seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { relaySession(t, options, seed) })
			})
		}
	}
}

// relaySession passes one random session through a proxy.
func relaySession(t *testing.T, options string, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	s := newStage(t, options)
	s.network.buffer = 1 + r.IntN(1<<16)
	if r.IntN(2) == 0 {
		var mu sync.Mutex
		cuts := rand.New(rand.NewPCG(seed, 2))
		s.network.cut = func(left int) int {
			mu.Lock()
			defer mu.Unlock()
			return 1 + cuts.IntN(min(left, 1<<cuts.IntN(17)))
		}
		s.network.buffer = max(s.network.buffer, 2000)
	}
	s.open()
	if s.config.Server.Mode(false) != pgtls.Disable {
		s.play(`
			start TLS
			client sends startup
			accept TLS
			server receives startup`)
	} else {
		s.play(`
			client connects
			client sends startup
			server accepts
			server receives startup`)
	}
	fromClient, fromServer := randomStream(r, wire.Client), randomStream(r, wire.Server)
	client, server := s.parties["client"], s.parties["server"]
	failed := make(chan error, 4)
	go func() { failed <- client.dribble(rand.New(rand.NewPCG(seed, 3)), fromClient) }()
	go func() { failed <- server.dribble(rand.New(rand.NewPCG(seed, 4)), fromServer) }()
	go func() { failed <- server.collects(fromClient) }()
	go func() { failed <- client.collects(fromServer) }()
	for range 4 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	s.close()
}

// randomStream returns one half of a dialogue, with messages and worse.
func randomStream(r *rand.Rand, from wire.Sender) []byte {
	var types []wire.Type
	for _, t := range wire.Types() {
		if t.Code() != 0 && (t.From() == from || t.From() == wire.Either) {
			types = append(types, t)
		}
	}
	var b []byte
	if from == wire.Server && r.IntN(3) > 0 {
		b = append(b, plainItems["login"]...) // so that there is something after it
	}
	for range 1 + r.IntN(40) {
		switch r.IntN(12) {
		case 0:
			b = append(b, message('d', string(make([]byte, r.IntN(1<<17))))...)
		default:
			b = append(b, wire.Random(r, types[r.IntN(len(types))], wire.State{}).Bytes...)
		}
	}
	switch r.IntN(4) {
	case 0: // nonsense at some place
		at := r.IntN(len(b))
		b = slices.Insert(b, at, byte(r.IntN(256)), byte(r.IntN(256)))
	case 1: // cut off
		b = b[:r.IntN(len(b))]
	}
	return b
}

// dribble sends bytes in random pieces, with pauses, and ends its half.
func (p *party) dribble(r *rand.Rand, b []byte) error {
	if err := p.trickle(r, b); err != nil {
		return err
	}
	return p.ends("half-closes")
}

// trickle sends bytes in random pieces, with pauses.
func (p *party) trickle(r *rand.Rand, b []byte) error {
	for len(b) > 0 {
		n := min(len(b), 1+r.IntN(1<<r.IntN(18)))
		if err := p.send(string(b[:n])); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		b = b[n:]
		if r.IntN(4) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// collects requires exactly these bytes, and then the end.
func (p *party) collects(want []byte) error {
	got, err := io.ReadAll(p.conn)
	if err != nil {
		return fmt.Errorf("receive, after %d of %d bytes: %w", len(got), len(want), err)
	}
	if !bytes.Equal(got, want) {
		same := 0
		for same < min(len(got), len(want)) && got[same] == want[same] {
			same++
		}
		return fmt.Errorf("received %d bytes for %d, alike up to byte %d", len(got), len(want), same)
	}
	return nil
}
